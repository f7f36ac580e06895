-- The replica, version 3: the access rules, too.
BEGIN;

ALTER TABLE replica ADD COLUMN access TEXT;   -- contract.nodes.AccessRecord as JSON, its model as last understood; or NULL

PRAGMA user_version = 3;

COMMIT;
