-- The replica, version 1: what central says of people. Templates are ciphertext sealed for this node.
-- A file of an older version is brought to today's by the replica_schema_vN.sql files after it.
BEGIN;

CREATE TABLE replica (
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL   -- counts the times that central began from nothing
) STRICT;

INSERT INTO replica VALUES (0, 0);

CREATE TABLE holder (
    holder_id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    document TEXT NOT NULL        -- contract.nodes.HolderRecord as JSON
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;

COMMIT;
