-- The replica, version 4: how old it is.
BEGIN;

ALTER TABLE replica ADD COLUMN age_s REAL;     -- since central last confirmed it, at age_at; or NULL
ALTER TABLE replica ADD COLUMN age_at TEXT;    -- RFC 3339, UTC, by the node's clock; or NULL

PRAGMA user_version = 4;

COMMIT;
