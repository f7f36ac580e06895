-- What was ordered before, at the merchants of this node's tills: edge.canteen.order_rows.
BEGIN;

CREATE TABLE takeaway_order (
    charge_id TEXT PRIMARY KEY,         -- under which it is handed out
    day TEXT NOT NULL,                  -- of the site
    document TEXT NOT NULL              -- contract.money.TillOrder
) STRICT, WITHOUT ROWID;

CREATE INDEX takeaway_order_by_day ON takeaway_order (day);

-- Orders that central told of before there was a place for them are told again.
UPDATE head SET accounts_version = 0;

PRAGMA user_version = 3;

COMMIT;
