-- Who has which hall, what they tell the next, and who has seen which incident. Goes at close.

CREATE TABLE shift_notes (
    note_id TEXT PRIMARY KEY,
    exam_id TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    by_user TEXT NOT NULL,
    by_name TEXT NOT NULL,
    hall    TEXT,
    text    TEXT NOT NULL
) STRICT;

CREATE INDEX shift_notes_of_exam ON shift_notes (exam_id, at_ms);

CREATE TABLE on_duty (
    exam_id  TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    name     TEXT NOT NULL,
    halls    TEXT,                   -- JSON list; NULL: all halls
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (exam_id, user_id)
) STRICT;

CREATE TABLE seen_incidents (
    exam_id     TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    attempt_id  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    PRIMARY KEY (incident_id, user_id)
) STRICT;

CREATE INDEX seen_of_exam ON seen_incidents (exam_id);
