-- What the tills of a node keep over restarts, version 1. Central's word is in account and plan;
-- charges are of the last days and of sessions that are open.
BEGIN;

CREATE TABLE head (
    accounts_version INTEGER NOT NULL,  -- of contract.money.TillPage
    plan TEXT NOT NULL                  -- contract.money.CanteenPlan, as JSON
) STRICT;

CREATE TABLE account (
    holder_id TEXT PRIMARY KEY,
    document TEXT NOT NULL              -- contract.money.TillAccount
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    session_id TEXT PRIMARY KEY,
    till TEXT NOT NULL,
    merchant TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at TEXT NOT NULL,            -- RFC 3339, UTC
    closed_at TEXT                      -- NULL while it is open
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_open_session ON session (till) WHERE closed_at IS NULL;

CREATE TABLE charge (
    number INTEGER PRIMARY KEY,
    charge_id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'recorded', 'void', 'released')),
    is_held INTEGER NOT NULL DEFAULT 0,      -- central has it
    is_accounted INTEGER NOT NULL DEFAULT 0, -- and told a balance after that
    begun_at TEXT NOT NULL,
    document TEXT NOT NULL              -- edge.canteen.book.Charge
) STRICT;

-- What a charge has come to stays so. What is paid and in no journal yet was not shown as paid: it
-- may be let go.
CREATE TRIGGER charge_goes_on BEFORE UPDATE OF state ON charge
WHEN NOT (
    OLD.state = NEW.state
    OR (OLD.state = 'begun' AND NEW.state IN ('recorded', 'released'))
    OR (OLD.state = 'recorded' AND NEW.state = 'void')
    OR (OLD.state = 'recorded' AND NEW.state = 'released' AND NOT OLD.is_held
        AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.key = OLD.charge_id AND epoch IS NOT NULL))
)
BEGIN
    SELECT RAISE(ABORT, 'a charge does not go back');
END;

-- Facts on their way to the journal, and until central has them. Each is told under one key.
CREATE TABLE fact (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,                 -- of config.contract.money_events
    subject TEXT NOT NULL,
    at TEXT NOT NULL,
    document TEXT NOT NULL,
    epoch TEXT                          -- of the journal that has it; NULL while none does
) STRICT;

PRAGMA user_version = 1;

COMMIT;
