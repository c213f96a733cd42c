-- What happened in the hall as a whole, until close seals it into the records of that hall's seats.
CREATE TABLE hall_events (
    exam_id TEXT NOT NULL,
    hall TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (exam_id, hall, kind, started_ms)
) STRICT;
