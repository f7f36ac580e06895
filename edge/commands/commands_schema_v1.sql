CREATE TABLE command (
    command_id TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL,
    about TEXT NOT NULL,
    is_answered INTEGER NOT NULL,
    is_told INTEGER NOT NULL
) STRICT;
CREATE TABLE hold (
    access_point TEXT PRIMARY KEY,
    until TEXT NOT NULL
) STRICT;
PRAGMA user_version = 1;
