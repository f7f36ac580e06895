-- What PostgreSQL enforces of the ledger: its functions first, then the triggers that call them.

CREATE FUNCTION menshen_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only added to' USING ERRCODE = '23514';
END
$$;

-- Called by what is changed from within another trigger only, which is the one of transfers.
CREATE FUNCTION menshen_ledger_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'balances are those of the transfers' USING ERRCODE = '23514';
  END IF;
  RETURN coalesce(NEW, OLD);
END
$$;

CREATE FUNCTION menshen_ledger_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.debits_posted_fen <> 0 OR NEW.debits_pending_fen <> 0 OR NEW.credits_posted_fen <> 0
    OR NEW.credits_pending_fen <> 0 OR NEW.last_sequence <> 0
  THEN
    RAISE EXCEPTION 'balances are those of the transfers' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION menshen_ledger_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM added a LEFT JOIN ledger_transfers b ON b.sequence = a.sequence - 1
    WHERE a.previous IS DISTINCT FROM CASE WHEN a.sequence = 1
      THEN '0000000000000000000000000000000000000000000000000000000000000000' ELSE b.hash END
  ) THEN
    RAISE EXCEPTION 'a transfer goes to the end of the ledger' USING ERRCODE = '23514';
  END IF;
  IF EXISTS (SELECT 1 FROM added WHERE pending_id IS NOT NULL) THEN
    IF EXISTS (
      SELECT 1 FROM added a WHERE a.pending_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM ledger_pendings o JOIN ledger_transfers p ON p.transfer_id = o.transfer_id
        WHERE p.transfer_id = a.pending_id AND p.kind = 'pending' AND p.debit = a.debit
          AND p.credit = a.credit AND p.amount_fen = a.amount_fen
      )
    ) THEN
      RAISE EXCEPTION 'a pending transfer is resolved once, as it is' USING ERRCODE = '23514';
    END IF;
    DELETE FROM ledger_pendings o USING added a WHERE o.transfer_id = a.pending_id;
  END IF;
  IF EXISTS (SELECT 1 FROM added WHERE kind = 'pending') THEN
    INSERT INTO ledger_pendings (transfer_id, expires_at)
    SELECT transfer_id, expires_at FROM added WHERE kind = 'pending';
  END IF;
  IF EXISTS (
    SELECT 1 FROM added a WHERE a.reverses IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM ledger_transfers m
      WHERE m.transfer_id = a.reverses AND m.kind IN ('posted', 'post') AND m.credit = a.debit
        AND m.amount_fen >= (
          SELECT sum(r.amount_fen) FROM ledger_transfers r WHERE r.reverses = a.reverses
        )
    )
  ) THEN
    RAISE EXCEPTION 'no more is reversed than was moved' USING ERRCODE = '23514';
  END IF;
  UPDATE ledger_accounts a SET
    debits_posted_fen = a.debits_posted_fen + s.debits_posted,
    debits_pending_fen = a.debits_pending_fen + s.debits_pending,
    credits_posted_fen = a.credits_posted_fen + s.credits_posted,
    credits_pending_fen = a.credits_pending_fen + s.credits_pending,
    last_sequence = s.last_sequence
  FROM (
    SELECT account, max(sequence) AS last_sequence,
      sum(CASE WHEN is_debit THEN posted ELSE 0 END) AS debits_posted,
      sum(CASE WHEN is_debit THEN pending ELSE 0 END) AS debits_pending,
      sum(CASE WHEN is_debit THEN 0 ELSE posted END) AS credits_posted,
      sum(CASE WHEN is_debit THEN 0 ELSE pending END) AS credits_pending
    FROM (
      SELECT CASE WHEN is_debit THEN debit ELSE credit END AS account, is_debit, sequence,
        CASE WHEN kind IN ('posted', 'post') THEN amount_fen ELSE 0 END AS posted,
        CASE kind WHEN 'pending' THEN amount_fen WHEN 'posted' THEN 0 ELSE -amount_fen END
          AS pending
      FROM added CROSS JOIN (VALUES (true), (false)) AS side (is_debit)
    ) AS half
    GROUP BY account
  ) AS s
  WHERE a.account = s.account;
  RETURN NULL;
END
$$;

CREATE TRIGGER ledger_transfers_added AFTER INSERT ON ledger_transfers
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION menshen_ledger_added();

CREATE TRIGGER ledger_transfers_change BEFORE DELETE OR UPDATE ON ledger_transfers
FOR EACH ROW EXECUTE FUNCTION menshen_ledger_refuse();

CREATE TRIGGER ledger_transfers_truncate BEFORE TRUNCATE ON ledger_transfers
FOR EACH STATEMENT EXECUTE FUNCTION menshen_ledger_refuse();

CREATE TRIGGER ledger_accounts_opened BEFORE INSERT ON ledger_accounts
FOR EACH ROW EXECUTE FUNCTION menshen_ledger_opened();

CREATE TRIGGER ledger_accounts_counted BEFORE UPDATE ON ledger_accounts
FOR EACH ROW EXECUTE FUNCTION menshen_ledger_counted();

CREATE TRIGGER ledger_accounts_delete BEFORE DELETE ON ledger_accounts
FOR EACH ROW EXECUTE FUNCTION menshen_ledger_refuse();

CREATE TRIGGER ledger_accounts_truncate BEFORE TRUNCATE ON ledger_accounts
FOR EACH STATEMENT EXECUTE FUNCTION menshen_ledger_refuse();

CREATE TRIGGER ledger_pendings_change BEFORE INSERT OR DELETE OR UPDATE ON ledger_pendings
FOR EACH ROW EXECUTE FUNCTION menshen_ledger_counted();

CREATE TRIGGER ledger_pendings_truncate BEFORE TRUNCATE ON ledger_pendings
FOR EACH STATEMENT EXECUTE FUNCTION menshen_ledger_refuse();
