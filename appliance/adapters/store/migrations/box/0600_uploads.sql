-- Uploads that were begun and not finished: after any cut the next run asks the store how far it
-- came and goes on from there.

CREATE TABLE uploads (
    name  TEXT PRIMARY KEY,
    size  INTEGER NOT NULL,
    token TEXT NOT NULL          -- a session's address (GCS) or an upload id (S3)
) STRICT;
