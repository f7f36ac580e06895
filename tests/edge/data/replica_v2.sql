-- A replica as version 2 of the schema left it: one person, at version 7.
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE replica (
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL   -- counts the times that central began from nothing
, site_pairs TEXT) STRICT;
INSERT INTO replica VALUES(7,1,NULL);
CREATE TABLE holder (
    holder_id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    document TEXT NOT NULL        -- contract.nodes.HolderRecord as JSON
) STRICT, WITHOUT ROWID;
INSERT INTO holder VALUES('anna',1,'{"holder_id":"anna","version":7,"masked_name":"A*"}');
COMMIT;
