-- Why something was done to an attempt. A reason may say something about a person, so it stands
-- here until close, then in the sealed record only, and never in the audit log.
CREATE TABLE act_notes (
    attempt_id TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    act        TEXT NOT NULL,
    reason     TEXT NOT NULL,
    minutes    INTEGER NOT NULL
) STRICT;

CREATE INDEX act_notes_of_attempt ON act_notes (attempt_id, at_ms);
