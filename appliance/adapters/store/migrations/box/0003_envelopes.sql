-- Attempt keys, never in the clear: sealed to each recipient, and wrapped under the exam's live
-- key until the exam is closed. For an exam's identity key, attempt_id is the exam's id.

CREATE TABLE epochs (
    exam_id    TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    under_live BLOB,
    PRIMARY KEY (attempt_id, epoch)
) STRICT;

CREATE INDEX epochs_of_exam ON epochs (exam_id);

CREATE TABLE envelopes (
    exam_id      TEXT NOT NULL,
    attempt_id   TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    recipient_id TEXT NOT NULL,
    sealed_key   BLOB NOT NULL,
    PRIMARY KEY (attempt_id, epoch, recipient_id),
    FOREIGN KEY (attempt_id, epoch) REFERENCES epochs (attempt_id, epoch) ON DELETE CASCADE
) STRICT;

-- Small things the box itself must remember over a restart.
CREATE TABLE box_facts (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
