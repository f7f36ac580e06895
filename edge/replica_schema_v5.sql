-- The replica, version 5: who was erased for ever, so that a restored central does not bring them back.
BEGIN;

CREATE TABLE erased (
    holder_id TEXT PRIMARY KEY,
    document TEXT NOT NULL,       -- contract.erasures.Erasure as JSON, as central signed it
    signature TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 5;

COMMIT;
