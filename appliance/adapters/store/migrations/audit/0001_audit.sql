-- Append-only. The chain of hashes (core/audit.py) shows what a trigger cannot prevent.

CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    purpose  TEXT NOT NULL,
    about    TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;

CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

CREATE TRIGGER entries_unchanged BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
