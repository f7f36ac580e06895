"""A node of a history in a process of its own: real journal, real file of its tills, and a wire."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from config.contract.access import CropClass
from config.contract.events import ClockQuality, Event
from config.contract.money import ReservationAnswer, ReservationWish, TillPage
from config.contract.nodes import BatchReceipt, NodeStatus
from edge.access.attempts import CodeShown, PinShown
from edge.access.question import Person
from edge.canteen.canteen import Canteen
from edge.canteen.keeping import Keeping
from edge.canteen.store import Store
from edge.central_client import CentralError, CentralUnreachableError
from edge.journal import Journal
from edge.uplink import Uplink
from tests.system.money.place import HOLDERS, NODES, ZONE, site_of
from tests.system.money.wire import DiedError, Document, RefusedError, Wire

_BATCH = TypeAdapter(list[Event])


class Known:
    """Everybody who eats here; a card's number is its holder's name."""

    def person(self, holder_id: str) -> Person | None:
        """See ``Replica.person``."""
        return Person(holder_id=holder_id, masked_name=holder_id) if holder_id in HOLDERS else None

    def holder_of_card(self, number: str) -> str | None:
        """See ``Replica.holder_of_card``."""
        return number if number in HOLDERS else None

    def end_of_card(self, number: str) -> datetime | None:
        """See ``Replica.end_of_card``."""
        return None

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        """See ``Replica.pin_shown``."""
        return PinShown(holder_id, is_right=False)


class Network:
    """Central, as a node speaks with it: whatever is not answered may have been heard."""

    def __init__(self, wire: Wire, node: str) -> None:
        self._wire, self._node = wire, node

    async def _ask(self, what: str, **body: object) -> Document:
        try:
            return await self._wire.ask(what, node=self._node, **body)
        except (RefusedError, DiedError) as error:
            raise CentralUnreachableError(str(error)) from error

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        """See ``CentralClient.reserve``."""
        found = await self._ask("reserve", wish=wish.model_dump(mode="json"))
        return ReservationAnswer.model_validate(found)

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        """See ``CentralClient.till_page``."""
        return TillPage.model_validate(await self._ask("page", after=after, plan=plan))

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        """See ``CentralClient.send_events``."""
        body = _BATCH.dump_json(list(events), by_alias=True).decode()
        return BatchReceipt.model_validate(await self._ask("events", batch=body))

    async def put_status(self, status: NodeStatus) -> None:
        """See ``CentralClient.put_status``."""

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        """See ``CentralClient.put_blob``."""


class Node:
    """What every node has; what people do there is told by those who are made of it."""

    def __init__(self, till: str, folder: Path, at: str) -> None:
        """Keep the files of one till in a folder, with a clock that is told."""
        self._at = datetime.fromisoformat(at)
        self._node, self._till_id = NODES[till], till
        self._loop = asyncio.get_running_loop()
        self._begun_s = self._loop.time()
        self.wire = Wire(self.do)
        self._journal = Journal(
            folder / "journal.db",
            site="test",
            node=self._node,
            utc_now=self.now,
            clockquality=lambda: ClockQuality.SYNCHRONISED,
        )
        self._store = Store(folder / "canteen.db")
        self._network = Network(self.wire, self._node)

    def now(self) -> datetime:
        """Return the wall clock: as told, and going on."""
        return self._at + timedelta(seconds=self._loop.time() - self._begun_s)

    async def run(self, end: socket.socket) -> None:
        """Work until the wire is cut."""
        await self.wire.connect(end)
        self._journal.start()
        self._store.open()
        self._keeping = Keeping(self._store, self._store.book(), self._journal, now=self.now)
        self._canteen = Canteen(
            site_of(self._node),
            self._store,
            self._keeping,
            Known(),
            self._network,
            read_code=lambda _: CodeShown(None),
            in_danger=lambda *_: None,
            zone=ZONE,
            now=self.now,
        )
        self._journal.when_acknowledged(self._keeping.acknowledged)
        await self._keeping.recover()
        self._uplink = Uplink(self._network, self._journal, status=self._no_status)
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(_kept(run))
                for run in (*self._canteen.tasks.values(), *self.furnish())
            ]
            await self.wire.run()
            for each in running:
                each.cancel()

    def furnish(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Put up what stands at this node besides; returns what must run of it."""
        raise NotImplementedError

    def _no_status(self) -> NodeStatus:
        raise NotImplementedError

    async def do(self, what: str, body: Document) -> Document | None:
        """Do what somebody there does."""
        found: Document | None = await getattr(self, f"_{what}")(**body)
        return found

    async def _clock(self, at: str) -> Document:
        self._at, self._begun_s = datetime.fromisoformat(at), self._loop.time()
        return {}

    async def _tell(self) -> Document:
        """Tell central what waits; what it does not hold then is told again."""
        try:
            await self._uplink.send_waiting()
        except CentralError:
            return {"is_told": False}
        status, epoch = self._journal.status, self._journal.status.epoch
        untold = await asyncio.to_thread(self._store.untold, epoch)
        return {"is_told": status.unsent_count == 0 and not untold}

    async def _sync(self) -> Document:
        """Hear soon what central has new; returns which plan is known by now."""
        self._canteen.link.wake()
        return {"plan": self._keeping.book.plan.version}


async def _kept(run: Callable[[], Awaitable[None]]) -> None:
    await run()


def work(kind: type[Node], end: socket.socket, till: str, folder: str, at: str) -> None:
    """Be a node until the wire is cut."""
    # What is broken on purpose is told by everybody whom it happens to.
    logging.disable(logging.CRITICAL)

    async def run() -> None:
        await kind(till, Path(folder), at).run(end)

    asyncio.run(run())
