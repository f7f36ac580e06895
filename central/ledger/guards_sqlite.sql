-- What SQLite enforces of the ledger: one trigger after the other, as it keeps them.
-- "insert or replace" wakes no trigger for what it replaces, so every key is looked for on insert.

CREATE TRIGGER ledger_transfers_next BEFORE INSERT ON ledger_transfers
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger_transfers)
  OR NEW.previous <> coalesce(
    (SELECT hash FROM ledger_transfers ORDER BY sequence DESC LIMIT 1),
    '0000000000000000000000000000000000000000000000000000000000000000'
  )
  OR EXISTS (SELECT 1 FROM ledger_transfers WHERE transfer_id = NEW.transfer_id)
BEGIN
  SELECT RAISE(ABORT, 'a transfer goes to the end of the ledger');
END;

-- A program that does not switch foreign keys on is held to them all the same.
CREATE TRIGGER ledger_transfers_known BEFORE INSERT ON ledger_transfers
WHEN NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE account = NEW.debit)
  OR NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE account = NEW.credit)
BEGIN
  SELECT RAISE(ABORT, 'a transfer is between two accounts');
END;

CREATE TRIGGER ledger_transfers_open BEFORE INSERT ON ledger_transfers
WHEN NEW.pending_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM ledger_pendings o JOIN ledger_transfers p ON p.transfer_id = o.transfer_id
  WHERE p.transfer_id = NEW.pending_id AND p.kind = 'pending' AND p.debit = NEW.debit
    AND p.credit = NEW.credit AND p.amount_fen = NEW.amount_fen
)
BEGIN
  SELECT RAISE(ABORT, 'a pending transfer is resolved once, as it is');
END;

CREATE TRIGGER ledger_transfers_moved BEFORE INSERT ON ledger_transfers
WHEN NEW.reverses IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM ledger_transfers m
  WHERE m.transfer_id = NEW.reverses AND m.kind IN ('posted', 'post') AND m.credit = NEW.debit
    AND m.amount_fen >= NEW.amount_fen + (
      SELECT coalesce(sum(r.amount_fen), 0) FROM ledger_transfers r WHERE r.reverses = NEW.reverses
    )
)
BEGIN
  SELECT RAISE(ABORT, 'no more is reversed than was moved');
END;

CREATE TRIGGER ledger_transfers_counted AFTER INSERT ON ledger_transfers
BEGIN
  UPDATE ledger_accounts SET
    debits_posted_fen = debits_posted_fen + NEW.amount_fen * (NEW.kind IN ('posted', 'post')),
    debits_pending_fen = debits_pending_fen
      + NEW.amount_fen * ((NEW.kind = 'pending') - (NEW.kind IN ('post', 'void'))),
    last_sequence = NEW.sequence
  WHERE account = NEW.debit;
  UPDATE ledger_accounts SET
    credits_posted_fen = credits_posted_fen + NEW.amount_fen * (NEW.kind IN ('posted', 'post')),
    credits_pending_fen = credits_pending_fen
      + NEW.amount_fen * ((NEW.kind = 'pending') - (NEW.kind IN ('post', 'void'))),
    last_sequence = NEW.sequence
  WHERE account = NEW.credit;
END;

CREATE TRIGGER ledger_transfers_held AFTER INSERT ON ledger_transfers
WHEN NEW.kind = 'pending'
BEGIN
  INSERT INTO ledger_pendings (transfer_id, expires_at) VALUES (NEW.transfer_id, NEW.expires_at);
END;

CREATE TRIGGER ledger_transfers_resolved AFTER INSERT ON ledger_transfers
WHEN NEW.pending_id IS NOT NULL
BEGIN
  DELETE FROM ledger_pendings WHERE transfer_id = NEW.pending_id;
END;

CREATE TRIGGER ledger_transfers_update BEFORE UPDATE ON ledger_transfers
BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TRIGGER ledger_transfers_delete BEFORE DELETE ON ledger_transfers
BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TRIGGER ledger_accounts_opened BEFORE INSERT ON ledger_accounts
WHEN NEW.debits_posted_fen <> 0 OR NEW.debits_pending_fen <> 0 OR NEW.credits_posted_fen <> 0
  OR NEW.credits_pending_fen <> 0 OR NEW.last_sequence <> 0
  OR EXISTS (SELECT 1 FROM ledger_accounts WHERE account = NEW.account)
BEGIN
  SELECT RAISE(ABORT, 'balances are those of the transfers');
END;

CREATE TRIGGER ledger_accounts_counted BEFORE UPDATE ON ledger_accounts
WHEN NEW.account <> OLD.account OR NEW.unit <> OLD.unit OR NEW.floor_fen IS NOT OLD.floor_fen
  OR NEW.opened_at <> OLD.opened_at OR NEW.last_sequence <= OLD.last_sequence
  OR NOT EXISTS (
    SELECT 1 FROM ledger_transfers t
    WHERE t.sequence = NEW.last_sequence AND (t.debit = OLD.account OR t.credit = OLD.account)
      AND NEW.debits_posted_fen = OLD.debits_posted_fen
        + t.amount_fen * (t.debit = OLD.account AND t.kind IN ('posted', 'post'))
      AND NEW.credits_posted_fen = OLD.credits_posted_fen
        + t.amount_fen * (t.credit = OLD.account AND t.kind IN ('posted', 'post'))
      AND NEW.debits_pending_fen = OLD.debits_pending_fen + t.amount_fen * (t.debit = OLD.account)
        * ((t.kind = 'pending') - (t.kind IN ('post', 'void')))
      AND NEW.credits_pending_fen = OLD.credits_pending_fen + t.amount_fen * (t.credit = OLD.account)
        * ((t.kind = 'pending') - (t.kind IN ('post', 'void')))
  )
BEGIN
  SELECT RAISE(ABORT, 'balances are those of the transfers');
END;

CREATE TRIGGER ledger_accounts_delete BEFORE DELETE ON ledger_accounts
BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TRIGGER ledger_pendings_held BEFORE INSERT ON ledger_pendings
WHEN NOT EXISTS (
    SELECT 1 FROM ledger_transfers
    WHERE transfer_id = NEW.transfer_id AND kind = 'pending' AND expires_at = NEW.expires_at
  )
  OR EXISTS (SELECT 1 FROM ledger_transfers WHERE pending_id = NEW.transfer_id)
BEGIN
  SELECT RAISE(ABORT, 'balances are those of the transfers');
END;

CREATE TRIGGER ledger_pendings_update BEFORE UPDATE ON ledger_pendings
BEGIN
  SELECT RAISE(ABORT, 'balances are those of the transfers');
END;

CREATE TRIGGER ledger_pendings_resolved BEFORE DELETE ON ledger_pendings
WHEN NOT EXISTS (SELECT 1 FROM ledger_transfers WHERE pending_id = OLD.transfer_id)
BEGIN
  SELECT RAISE(ABORT, 'balances are those of the transfers');
END;
