-- The night's journal: packs, the manifests that list them, and what was deleted for good.

CREATE TABLE packs (
    number       INTEGER PRIMARY KEY,  -- the order of sending
    name         TEXT NOT NULL UNIQUE,
    exam_id      TEXT NOT NULL,
    attempt_id   TEXT NOT NULL,
    box_id       TEXT NOT NULL,
    priority     TEXT NOT NULL,
    size         INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('planned', 'uploaded', 'confirmed')),
    sha256       TEXT,
    crc32c       TEXT,
    manifest     INTEGER,
    confirmed_ms INTEGER
) STRICT;

CREATE INDEX packs_of_exam ON packs (exam_id, number);

-- A copy of the object's row: the row itself goes when the box's own copy is purged.
CREATE TABLE pack_objects (
    object    TEXT PRIMARY KEY,        -- an object is in one pack only
    pack      INTEGER NOT NULL REFERENCES packs (number) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    size      INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    stored_ms INTEGER NOT NULL,
    UNIQUE (pack, position)
) STRICT;

CREATE TABLE manifests (
    name         TEXT PRIMARY KEY,
    exam_id      TEXT NOT NULL,
    number       INTEGER NOT NULL,
    payload      BLOB NOT NULL,
    signature    BLOB NOT NULL,
    public_key   BLOB NOT NULL,
    closes       INTEGER NOT NULL,
    confirmed_ms INTEGER,
    UNIQUE (exam_id, number)
) STRICT;

-- The close record is written once.
CREATE UNIQUE INDEX manifests_close ON manifests (exam_id) WHERE closes = 1;

CREATE TABLE flagged_snippets (
    exam_id    TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, sequence)
) STRICT;

CREATE INDEX flagged_of_exam ON flagged_snippets (exam_id);

CREATE TABLE tombstones (
    exam_id    TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (exam_id, attempt_id)
) STRICT;
