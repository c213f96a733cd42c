-- Exams, attempts, sealed objects and what was observed. No name of a person stands here except
-- those of the box's own users.

CREATE TABLE exams (
    exam_id       TEXT PRIMARY KEY,
    code          TEXT NOT NULL,
    state         TEXT NOT NULL,
    settings      BLOB NOT NULL,     -- canonical JSON, see settings_codec.py
    settings_hash TEXT,
    created_ms    INTEGER NOT NULL,
    opened_ms     INTEGER,
    started_ms    INTEGER,
    closed_ms     INTEGER
) STRICT;

-- A code may come again once its exam is closed.
CREATE UNIQUE INDEX exams_code ON exams (code) WHERE state IN ('draft', 'ready', 'open', 'live');

CREATE TABLE attempts (
    attempt_id        TEXT PRIMARY KEY,
    exam_id           TEXT NOT NULL,
    hall              TEXT NOT NULL,
    seat              TEXT NOT NULL,
    state             TEXT NOT NULL,
    camera            TEXT NOT NULL,
    extra_minutes     INTEGER NOT NULL,
    seat_code_hash    TEXT NOT NULL,
    public_key        BLOB,
    token_hash        TEXT UNIQUE,
    notice_version    TEXT,
    portrait_accepted INTEGER NOT NULL,
    identity_checked_by_hand INTEGER NOT NULL,
    hand_raised       INTEGER NOT NULL,
    break_started_ms  INTEGER,
    joined_ms         INTEGER,
    finished_ms       INTEGER,
    epoch             INTEGER NOT NULL,
    UNIQUE (exam_id, hall, seat)
) STRICT;

CREATE TABLE objects (
    name       TEXT PRIMARY KEY,
    kind       INTEGER NOT NULL,
    box_id     TEXT NOT NULL,
    exam_id    TEXT NOT NULL,
    attempt_id TEXT NOT NULL,        -- the exam's id for objects of the whole exam
    sequence   INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    stored_ms  INTEGER NOT NULL
) STRICT;

CREATE INDEX objects_of_attempt ON objects (attempt_id, kind, sequence);
CREATE INDEX objects_of_exam ON objects (exam_id);

CREATE TABLE snippets (
    attempt_id   TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    object       TEXT NOT NULL UNIQUE REFERENCES objects (name) ON DELETE CASCADE,
    plain_sha256 TEXT NOT NULL,
    plain_size   INTEGER NOT NULL,
    started_ms   INTEGER NOT NULL,
    duration_s   REAL NOT NULL,
    late         INTEGER NOT NULL,
    analysed     INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, sequence)
) STRICT;

CREATE INDEX snippets_waiting ON snippets (attempt_id) WHERE analysed = 0 AND late = 0;

CREATE TABLE incidents (
    incident_id TEXT PRIMARY KEY,
    exam_id     TEXT NOT NULL,
    attempt_id  TEXT NOT NULL,
    opened_ms   INTEGER NOT NULL,
    last_ms     INTEGER NOT NULL,
    body        BLOB NOT NULL        -- JSON of core.observation.Incident without observations
) STRICT;

CREATE INDEX incidents_of_exam ON incidents (exam_id, opened_ms);

CREATE TABLE observations (
    observation_id TEXT PRIMARY KEY,
    attempt_id     TEXT NOT NULL,
    incident_id    TEXT,
    started_ms     INTEGER NOT NULL,
    body           BLOB NOT NULL     -- JSON of core.observation.Observation
) STRICT;

CREATE INDEX observations_of_attempt ON observations (attempt_id, started_ms);
CREATE INDEX observations_of_incident ON observations (incident_id);
