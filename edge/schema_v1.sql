-- The journal, version 1. Times are RFC 3339 UTC. A database of an older version is brought here by
-- the schema_vN.sql files between, in order, each in one transaction.
BEGIN;

CREATE TABLE journal (
    epoch TEXT NOT NULL,          -- UUID made with this file; another file is another epoch
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE event_class (
    rank INTEGER PRIMARY KEY,     -- 0 is the most urgent
    name TEXT NOT NULL UNIQUE,
    last_sequence INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO event_class (rank, name) VALUES
    (0, 'fire'), (1, 'alarm'), (2, 'money'), (3, 'access'), (4, 'telemetry');

-- Events that central has not acknowledged. A row is written once and never changed.
CREATE TABLE event (
    class_rank INTEGER NOT NULL REFERENCES event_class (rank),
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL,       -- the CloudEvent as JSON
    PRIMARY KEY (class_rank, sequence)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;

COMMIT;
