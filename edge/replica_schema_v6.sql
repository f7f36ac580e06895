-- The replica, version 6: operators who have rights at terminals.
BEGIN;

ALTER TABLE replica ADD COLUMN operators TEXT;  -- JSON, a list of contract.operators.OperatorRecord; or NULL

PRAGMA user_version = 6;

COMMIT;
