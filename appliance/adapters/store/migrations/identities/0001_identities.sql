-- One sealed object per exam: who sits where. Apart from every other table on purpose.

CREATE TABLE identities (
    exam_id TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL
) STRICT;
