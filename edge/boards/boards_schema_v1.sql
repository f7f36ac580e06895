CREATE TABLE board_update (
    update_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    device TEXT NOT NULL,
    asked TEXT,
    taken_at TEXT NOT NULL,
    begun_at TEXT,
    target TEXT NOT NULL,
    stage TEXT,
    is_cancelled INTEGER NOT NULL,
    ended TEXT,
    ended_at TEXT,
    is_told INTEGER NOT NULL
) STRICT;
PRAGMA user_version = 1;
