-- What tells the night that nothing more of an attempt can come (services/arrived.py).

-- The last number, as the candidate's page said it at hand-in. NULL before.
ALTER TABLE attempts ADD COLUMN last_sequence INTEGER;

-- Numbers that will never arrive: the bytes were whole, and no snippet.
CREATE TABLE refused_snippets (
    attempt_id TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, sequence)
) STRICT;
