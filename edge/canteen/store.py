"""The tills' file: SQL only. What it returns from is durable, or has not happened.

A charge and the fact about it become durable in one step, before the journal is told: if the
process ends between, the fact is told at the next start, under the same key. Nothing here decides
anything. Every method blocks for the disk, one thread at a time.
"""

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from config.contract.event_base import EVENT_TYPES, EventData
from config.contract.money import CanteenPlan, TillAccount, TillOrder
from edge.canteen import codes, order_rows
from edge.canteen.book import Book, Charge, Entry, Session, State
from edge.canteen.facts import face_key
from edge.kept_file import KeptFile

SCHEMA_VERSION: Final = 3
KEPT: Final = timedelta(days=3)
"""Charges that central has, of closed sessions, are forgotten after this."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """Something to be told. Attributes: key: the same fact has the same, however often told."""

    key: str
    data: EventData
    subject: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Forgotten:
    """What is not kept any more."""

    charges: Sequence[UUID]
    orders: Sequence[UUID]
    codes: Sequence[str]


class Store:
    """One node's file. ``open`` first, ``close`` last; any thread may call."""

    def __init__(self, path: Path) -> None:
        """Keep it in ``path``, whose folder exists."""
        self._file = KeptFile(
            path,
            schema=Path(__file__).with_name("canteen_schema"),
            version=SCHEMA_VERSION,
            pragmas="PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON",
        )

    def open(self) -> None:
        """Open the file, made as needed; one that is damaged is set aside.

        Raises:
            KeptFileError: The disk refuses, or a newer version made the file.
        """
        self._file.load(_begin)

    def close(self) -> None:
        """Close the file for good; idempotent."""
        self._file.close()

    # ---- reading, at the start

    def book(self) -> Book:
        """Return what is known, the charges of the last days included.

        Raises:
            KeptFileError: It cannot be read.
        """
        with self._file.reading() as db:
            version, plan = db.execute("SELECT accounts_version, plan FROM head").fetchone()
            accounts = db.execute("SELECT document FROM account").fetchall()
            charges = db.execute(
                "SELECT document, state, is_held, is_accounted FROM charge"
                " WHERE state <> 'released' ORDER BY number"
            ).fetchall()
            used_codes, orders = codes.taken(db), order_rows.known(db)
            return Book(
                CanteenPlan.model_validate_json(plan),
                [TillAccount.model_validate_json(document) for (document,) in accounts],
                [
                    Entry(
                        Charge.model_validate_json(document),
                        State(state),
                        bool(is_held),
                        bool(is_accounted),
                    )
                    for document, state, is_held, is_accounted in charges
                ],
                version=version,
                used_codes=used_codes,
                orders=orders,
            )

    def sessions(self) -> Sequence[Session]:
        """Return the sessions that are open.

        Raises:
            KeptFileError: It cannot be read.
        """
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT session_id, till, merchant, opened_at, opened_by FROM session"
                " WHERE closed_at IS NULL"
            ).fetchall()
            return [
                Session(
                    session_id=UUID(session_id),
                    till=till,
                    merchant=merchant,
                    opened_at=datetime.fromisoformat(opened_at),
                    by=by,
                )
                for session_id, till, merchant, opened_at, by in rows
            ]

    def untold(self, epoch: UUID) -> Sequence[Fact]:
        """Return what a journal does not have, oldest first: it is to be told.

        Args:
            epoch: Of the journal; what another one had and central did not get is told again.

        Raises:
            KeptFileError: It cannot be read.
        """
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT key, type, subject, at, document FROM fact"
                " WHERE epoch IS NULL OR epoch <> ? ORDER BY number",
                (str(epoch),),
            ).fetchall()
        return [
            Fact(
                key,
                EVENT_TYPES[event_type].model_validate_json(document),
                subject,
                datetime.fromisoformat(at),
            )
            for key, event_type, subject, at, document in rows
        ]

    # ---- charges

    def begin(self, charge: Charge) -> None:
        """Keep a charge that is on its way, and that the code which it is on is taken.

        Raises:
            KeptFileError: It is not kept; the code may be on another charge.
        """
        with self._writing() as db:
            db.execute(
                "INSERT INTO charge (charge_id, session_id, state, begun_at, document)"
                " VALUES (?, ?, 'begun', ?, ?)",
                (
                    str(charge.charge_id),
                    str(charge.session_id),
                    _text(charge.at),
                    charge.model_dump_json(),
                ),
            )
            codes.take(db, charge.charge_id, charge.code)

    def record(self, charge: Charge, *facts: Fact) -> None:
        """Keep that a begun charge is paid, with what is told of it.

        Raises:
            KeptFileError: It is not.
        """
        with self._writing() as db:
            changed = db.execute(
                "UPDATE charge SET state = 'recorded', document = ? WHERE charge_id = ?"
                " AND state = 'begun'",
                (charge.model_dump_json(), str(charge.charge_id)),
            ).rowcount
            if changed != 1:
                raise sqlite3.IntegrityError("only a begun charge can be paid")
            _tell(db, facts)

    def release(self, charge_id: UUID, *facts: Fact) -> None:
        """Keep that a charge did not come about; idempotent, and never after it was told as paid.

        Raises:
            KeptFileError: It is not kept.
        """
        with self._writing() as db:
            db.execute(
                "UPDATE charge SET state = 'released' WHERE charge_id = ? AND state <> 'released'",
                (str(charge_id),),
            )
            db.executemany(
                "DELETE FROM fact WHERE key = ? AND epoch IS NULL",
                [(str(charge_id),), (face_key(charge_id),)],
            )
            codes.give_back(db, charge_id)
            _tell(db, facts)

    def hand_out(self, charge: Charge, *facts: Fact) -> None:
        """Keep that an order was handed out, with what is told of it.

        Raises:
            KeptFileError: It is not; it may have been already.
        """
        with self._writing() as db:
            order_rows.hand_out(db, charge)
            codes.take(db, charge.charge_id, charge.code)
            _tell(db, facts)

    def put_back(self, charge: Charge) -> None:
        """Keep that an order was not handed out after all; idempotent, and never once it was told.

        Raises:
            KeptFileError: It is not kept.
        """
        with self._writing() as db:
            if order_rows.put_back(db, charge):
                codes.give_back(db, charge.charge_id)

    def void(self, charge_id: UUID, *facts: Fact) -> None:
        """Keep that a charge was taken back.

        Raises:
            KeptFileError: It is not kept; it was not paid, or is void already.
        """
        with self._writing() as db:
            changed = db.execute(
                "UPDATE charge SET state = 'void' WHERE charge_id = ? AND state = 'recorded'",
                (str(charge_id),),
            ).rowcount
            if changed != 1:
                raise sqlite3.IntegrityError("only a paid charge can be taken back")
            _tell(db, facts)

    def add(self, *facts: Fact) -> None:
        """Keep what is to be told besides.

        Raises:
            KeptFileError: It is not kept.
        """
        with self._writing() as db:
            _tell(db, facts)

    # ---- sessions

    def open_session(self, session: Session, *facts: Fact) -> None:
        """Keep that a till is open; a till has one session at a time.

        Raises:
            KeptFileError: It is not.
        """
        with self._writing() as db:
            db.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, NULL)",
                (
                    str(session.session_id),
                    session.till,
                    session.merchant,
                    session.by,
                    _text(session.opened_at),
                ),
            )
            _tell(db, facts)

    def close_session(self, session_id: UUID, *facts: Fact, now: datetime) -> None:
        """Keep that a session is over.

        Raises:
            KeptFileError: It is not.
        """
        with self._writing() as db:
            db.execute(
                "UPDATE session SET closed_at = ? WHERE session_id = ? AND closed_at IS NULL",
                (_text(now), str(session_id)),
            )
            _tell(db, facts)

    # ---- what others have

    def told(self, keys: Iterable[str], epoch: UUID) -> None:
        """Keep that the journal has these facts.

        Raises:
            KeptFileError: It is not kept: they will be told once more, which changes nothing.
        """
        with self._writing() as db:
            db.executemany(
                "UPDATE fact SET epoch = ? WHERE key = ?", [(str(epoch), key) for key in keys]
            )

    def held(self, keys: Iterable[str]) -> None:
        """Keep that central has these facts; of a charge, too, by its own key.

        Raises:
            KeptFileError: It is not kept.
        """
        listed = [(key,) for key in keys]
        with self._writing() as db:
            db.executemany("DELETE FROM fact WHERE key = ?", listed)
            db.executemany("UPDATE charge SET is_held = 1 WHERE charge_id = ?", listed)

    def learn(
        self,
        *,
        plan: CanteenPlan | None,
        accounts: Iterable[TillAccount],
        orders: Iterable[TillOrder] = (),
        version: int,
        accounted: Iterable[UUID] = (),
        is_anew: bool = False,
    ) -> None:
        """Keep what central says.

        Args:
            plan: None leaves it.
            accounts: That changed.
            orders: The same.
            version: Of both.
            accounted: Charges that balances are with now.
            is_anew: These are all accounts and orders that there are so far.

        Raises:
            KeptFileError: It is not kept.
        """
        with self._writing() as db:
            if is_anew:
                db.execute("DELETE FROM account")
            db.executemany(
                "INSERT INTO account VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET document = excluded.document",
                [(account.holder_id, account.model_dump_json()) for account in accounts],
            )
            db.executemany(
                "UPDATE charge SET is_accounted = 1 WHERE charge_id = ?",
                [(str(charge_id),) for charge_id in accounted],
            )
            order_rows.learn(db, orders, is_anew=is_anew)
            db.execute("UPDATE head SET accounts_version = ?", (version,))
            if plan is not None:
                db.execute("UPDATE head SET plan = ?", (plan.model_dump_json(),))

    def purge(self, *, now: datetime) -> Forgotten:
        """Forget charges of closed sessions that central has, and orders, after days.

        Raises:
            KeptFileError: Nothing was forgotten.
        """
        until = _text(now - KEPT)
        with self._writing() as db:
            rows = db.execute(
                "DELETE FROM charge WHERE begun_at < ? AND session_id NOT IN"
                " (SELECT session_id FROM session WHERE closed_at IS NULL)"
                " AND (state = 'released' OR is_held)"
                " RETURNING charge_id",
                (until,),
            ).fetchall()
            db.execute("DELETE FROM session WHERE closed_at < ?", (until,))
            nonces = codes.forget(db, now=now)
            orders = order_rows.forget(db, now=now)
        return Forgotten([UUID(charge_id) for (charge_id,) in rows], orders, nonces)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._file.writing() as db:
            yield db


def _begin(db: sqlite3.Connection) -> None:
    if db.execute("SELECT count(*) FROM head").fetchone()[0] == 0:
        nothing = CanteenPlan(version=0).model_dump_json()
        db.execute("INSERT INTO head VALUES (0, ?)", (nothing,))


def _tell(db: sqlite3.Connection, facts: Iterable[Fact]) -> None:
    db.executemany(
        "INSERT INTO fact (key, type, subject, at, document) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [
            (
                fact.key,
                fact.data.type_name,
                fact.subject,
                _text(fact.at),
                fact.data.model_dump_json(),
            )
            for fact in facts
        ],
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
