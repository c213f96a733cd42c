-- Where each attempt sat, when it was out, and which pages it had before the one it has now.
-- All of it is sealed into the attempt's record at close; the rows go with the attempt's.

-- When a person let somebody in who came after the time for joining; NULL: nobody had to.
ALTER TABLE attempts ADD COLUMN admitted_late_ms INTEGER;

CREATE TABLE breaks (
    attempt_id TEXT NOT NULL,
    number     INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms   INTEGER,              -- NULL: still out
    PRIMARY KEY (attempt_id, number)
) STRICT;

-- Only seats that were left; the seat of now stands in `attempts`.
CREATE TABLE seats_left (
    attempt_id TEXT NOT NULL,
    hall       TEXT NOT NULL,
    seat       TEXT NOT NULL,
    until_ms   INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, until_ms)
) STRICT;

-- A page that lost its seat to another computer still sends what it has recorded.
CREATE TABLE earlier_pages (
    token_hash TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    left_ms    INTEGER NOT NULL
) STRICT;

CREATE INDEX earlier_pages_of_attempt ON earlier_pages (attempt_id);
