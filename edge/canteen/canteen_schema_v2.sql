-- One-time codes that were paid with, until they are over: edge.canteen.codes.
BEGIN;

CREATE TABLE used_code (
    nonce TEXT PRIMARY KEY,
    charge_id TEXT NOT NULL UNIQUE,     -- that is on its way on it, or was paid with it
    until TEXT NOT NULL                 -- RFC 3339, UTC
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;

COMMIT;
