-- What a node remembers of areas and one-time codes, version 1.
BEGIN;

CREATE TABLE memory (
    sequence INTEGER NOT NULL,          -- of the node's last fact; never used twice
    forgiven_number INTEGER NOT NULL,   -- of the last contract.nodes.ForgivenRecord applied here
    forgiven_at TEXT                    -- the latest of those; RFC 3339, UTC; or NULL
) STRICT;

INSERT INTO memory VALUES (0, 0, NULL);

-- The last fact of every node about each thing: contract.areas.
CREATE TABLE fact (
    kind TEXT NOT NULL,                 -- person, first, unnamed, forgiven, code
    subject TEXT NOT NULL,              -- a holder, an area, nothing, a nonce
    node TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    document TEXT NOT NULL,             -- as JSON
    PRIMARY KEY (kind, subject, node)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;

COMMIT;
