-- People with a login, and the tokens that a login gives (as SHA-256 only).

CREATE TABLE users (
    user_id TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE COLLATE NOCASE,
    body    BLOB NOT NULL             -- JSON of core.people.User
) STRICT;

CREATE TABLE logins (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    body       BLOB NOT NULL          -- JSON of core.people.Login
) STRICT;

CREATE INDEX logins_of_user ON logins (user_id);
