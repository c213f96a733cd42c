-- Erasures (GDPR Art. 17) from decision to certificate, and legal holds. No name of a person.

CREATE TABLE erasures (
    attempt_id  TEXT PRIMARY KEY,
    exam_id     TEXT NOT NULL,
    begun_ms    INTEGER NOT NULL,
    body        BLOB NOT NULL,        -- JSON of core.erasure.Erasure
    certificate BLOB                  -- signed, CBOR; NULL until everything is destroyed everywhere
) STRICT;

CREATE TABLE legal_holds (
    exam_id  TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    by_user  TEXT NOT NULL,
    reason   TEXT NOT NULL
) STRICT;
