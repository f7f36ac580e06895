-- The replica, version 2: what central says of people, and how often they are taken for each other.
BEGIN;

ALTER TABLE replica ADD COLUMN site_pairs TEXT;   -- contract.nodes.SitePairsRecord as JSON; or NULL

PRAGMA user_version = 2;

COMMIT;
