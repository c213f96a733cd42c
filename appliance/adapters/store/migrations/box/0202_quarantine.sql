-- Ciphertext found without a row (core/quarantine.py). What the header says is not authenticated.

CREATE TABLE quarantine (
    name       TEXT PRIMARY KEY,
    kind       INTEGER,               -- these six are NULL when the header cannot be read
    box_id     TEXT,
    exam_id    TEXT,
    attempt_id TEXT,
    sequence   INTEGER,
    epoch      INTEGER,
    size       INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    found_ms   INTEGER NOT NULL,
    why        TEXT NOT NULL
) STRICT;

CREATE INDEX quarantine_of_attempt ON quarantine (attempt_id);
