"""The centre of a history in a process of its own: the code that central runs, behind a wire."""

import asyncio
import dataclasses
import logging
import socket
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from central.audit import repository as audit
from central.audit.chain import START
from central.canteen import accounts as till_accounts
from central.canteen import plans, repository, returns
from central.canteen.plan import Draft
from central.canteen.reservations import reserve
from central.database import MIGRATION_LOCK, Database, DatabaseError, Transaction
from central.events import repository as events
from central.ledger import accounts
from central.ledger import repository as ledger
from central.office import corrections, deeds
from central.office.wishes import WrongPerson
from central.problems import RefusedError
from central.security import Operator
from central.site_values import EPOCH, REPLICA_VERSION, read_value, write_value_once
from central.tables import people
from config.contract.events import Event
from config.contract.money import MoneyUnit, ReservationWish, TillPage, Wallet
from config.site import Policy
from tests.system.money.place import HOLDERS, NOON, PLAN, ZONE, site_of
from tests.system.money.wire import Document, Wire

_BATCH = TypeAdapter(list[Event])
STARTS_MAX = 200
SOURCES = {
    Wallet.SUBSIDY: accounts.fund("staff"),
    Wallet.CASH: accounts.source("counter"),
}
MANAGER = Operator(user_id="u1", username="manager", role="canteen_manager", session="s1")


class Centre:
    """Does what is asked, each thing in one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database, self._ahead = database, timedelta()
        self._begun = asyncio.get_running_loop().time()
        self._epoch = uuid4()

    def now(self) -> datetime:
        """Return its clock's time, which is told and jumps."""
        return NOON + self._ahead

    async def open(self) -> None:
        """Do what every start of central does, and let people be there."""
        await self._database.open()
        self._database.before_commit = audit.recorder(self.now)
        async with self._database.write() as transaction:
            await transaction.take_turn(MIGRATION_LOCK)
            await write_value_once(transaction, EPOCH, str(self._epoch))
            await write_value_once(transaction, REPLICA_VERSION, "0")
            await write_value_once(transaction, audit.HEAD, str(START))
            self._epoch = UUID(await read_value(transaction, EPOCH))
            site = site_of(None)
            await repository.keep_places(transaction, site.merchant, site.till)
            if (await plans.current(transaction)).plan.version == 0:
                await self._begin(transaction)

    async def _begin(self, transaction: Transaction) -> None:
        draft = Draft.model_validate(PLAN.model_dump(include=set(Draft.model_fields)))
        await plans.put(transaction, draft, [], version=1, changed_by="admin", now=self.now())
        for version, holder_id in enumerate(HOLDERS, start=1):
            await transaction.execute(
                insert(people).values(
                    holder_id=holder_id, version=version, name=holder_id, is_active=True,
                    is_removed=False, created_at=NOON,
                )
            )  # fmt: skip

    async def do(self, what: str, body: Document) -> Document | None:
        """Answer a question."""
        if "at" in body:
            self._ahead = datetime.fromisoformat(body.pop("at")) - NOON
        found: Document | None = await getattr(self, f"_{what}")(**body)
        return found

    async def _events(self, node: str, batch: str) -> Document:
        async with self._database.write() as transaction:
            receipt = await events.append(
                transaction,
                site="test",
                node=node,
                batch=_BATCH.validate_json(batch),
                epoch=self._epoch,
                now=self.now(),
            )
        return receipt.model_dump(mode="json")

    async def _reserve(self, node: str, wish: Document) -> Document:
        asked = ReservationWish.model_validate(wish)
        async with self._database.write() as transaction:
            answer = await reserve(transaction, asked, node=node, zone=ZONE, now=self.now())
        return answer.model_dump(mode="json")

    async def _page(self, node: str, after: int, plan: int) -> Document:
        async with self._database.write() as transaction:
            await till_accounts.catch_up(transaction, now=self.now())
            await ledger.release_expired(transaction, now=self.now())
            found, version, has_more = await till_accounts.page(
                transaction, after=after, now=self.now()
            )
            kept = (await plans.current(transaction)).plan
        page = TillPage(
            plan=None if kept.version == plan else kept,
            accounts=found,
            version=version,
            has_more=has_more,
        )
        return page.model_dump(mode="json")

    async def _top_up(self, key: str, holder_id: str, wallet: str, amount_fen: int) -> Document:
        which = Wallet(wallet)
        order = ledger.Order(
            transfer_id=UUID(key),
            debit=SOURCES[which],
            credit=accounts.wallet(holder_id, which),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason="top-up",
            happened_at=NOON,
        )
        async with self._database.write() as transaction:
            await ledger.post(transaction, [order], now=self.now())
            await till_accounts.touch(transaction, [holder_id], now=self.now())
        return {}

    async def _refund(self, key: str, charge_id: str, amount_fen: int) -> Document:
        async with self._database.write() as transaction:
            try:
                given = await returns.give_back(
                    transaction,
                    UUID(charge_id),
                    amount_fen,
                    key=UUID(key),
                    reason="refund",
                    now=self.now(),
                )
            except (LookupError, returns.NothingLeftError) as error:
                return {"refused": str(error)}
        return {"given_fen": sum(dataclasses.astuple(given))}

    async def _correct(self, key: str, charge_id: str, holder_id: str) -> Document:
        wish = WrongPerson(
            kind="wrong_person",
            key=UUID(key),
            charge_id=UUID(charge_id),
            holder_id=holder_id,
            reason="somebody else ate it",
        )
        try:
            async with self._database.write() as transaction:
                deed = await deeds.do(
                    transaction,
                    wish,
                    lambda reading: corrections.plan(reading, wish),
                    operator=MANAGER,
                    policy=Policy(),
                    now=self.now(),
                )
        except RefusedError as error:
            return {"refused": error.code}
        if isinstance(deed, RefusedError):
            return {"refused": deed.code}
        return {"moved_fen": deed.amount_fen}

    async def _let_go(self) -> Document:
        async with self._database.write() as transaction:
            count = await ledger.release_expired(transaction, now=self.now())
        return {"count": count}

    async def _close(self) -> Document:
        await self._database.close()
        return {}


async def _opened(url: str) -> Centre:
    """Return a centre, begun again as a service is while its database is down."""
    for _ in range(STARTS_MAX):
        centre = Centre(Database(url))
        try:
            await centre.open()
        except (DatabaseError, SQLAlchemyError):
            await centre.do("close", {})
            await asyncio.sleep(0.1)
        else:
            return centre
    raise RuntimeError("the database does not come back")


def main(end: socket.socket, url: str) -> None:
    """Serve until the wire is cut."""
    # What is broken on purpose is told by everybody whom it happens to.
    logging.disable(logging.CRITICAL)

    async def serve() -> None:
        centre = await _opened(url)
        wire = Wire(centre.do)
        # Whoever has asked meanwhile is answered now.
        await wire.connect(end)
        await wire.run()

    asyncio.run(serve())
