"""From what transactions announce to what streams say.

Announcements carry no data: what is told is read from the database, so every central process tells
the same, in the order of positions, and misses nothing that was announced while it did not hear.
Beside a backlog, what happens now is told ahead of its turn, once: where a reader continues does
not move on until all before it is told.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Final

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from central import site_values
from central.access import repository as access
from central.access.repository import TOPIC as ACCESS
from central.approvals.schemas import TOPIC as APPROVALS
from central.assistance.repository import TOPIC as ASSISTANCE
from central.canteen.accounts import TILL
from central.canteen.repository import TOPIC as CANTEEN
from central.commands.repository import TOPIC as COMMANDS
from central.database import EVERYTHING, DatabaseError, Transaction
from central.due import Lookout, earliest
from central.events import reading
from central.events import repository as events
from central.events.schemas import StoredEvent
from central.fire.repository import TOPIC as FIRE
from central.firmware.rollout_rows import TOPIC as FIRMWARE
from central.muster.repository import TOPIC as MUSTER
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.nodes.repository import KEYS_TOPIC as NODE_KEYS
from central.patrol.repository import TOPIC as PATROL
from central.people.masking import masked
from central.plans.repository import TOPIC as PLANS
from central.recognition.pairs import TOPIC as RECOGNITION
from central.security import Operator
from central.services import Services
from central.stream import Reader, encode
from central.users import sessions
from central.video.repository import TOPIC as VIDEO
from central.visits.repository import TOPIC as VISITS
from config.event_log import log_events

_log = logging.getLogger("central.feed")
PAGE_LENGTH: Final = 100
"""No more at once than a reader's queue holds, or a flood would cut everybody off."""
DRAIN_S_MAX: Final = 0.5
"""So long a page of events waits for readers; who is slower than that is cut off."""
AHEAD_LENGTH: Final = 50
"""With a page, and what readers have not read of the one before, less than a queue holds."""
LIVE: Final = timedelta(seconds=60)
"""What happened before that is history, which nobody waits for."""
REPLAY_LENGTH_MAX: Final = 1_000
CHECK_INTERVAL_S: Final = 1.0
"""How often it is asked, in memory, whether a node falls silent or a session runs out."""
SESSIONS_FAR_S: Final = 10.0
NODES_FAR_S: Final = 60.0
REST_S_MAX: Final = 0.25
"""So long, and no longer than it worked, a feed lets announcements gather: a busy machine tells
several at once."""
RETRY_S: Final = 1.0
_Page = tuple[list[StoredEvent], list[StoredEvent], int]
"""Events in order, what is told ahead, and up to where that is known."""


class Feed:
    """The one task that turns announcements into messages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._position, self._is_behind, self._catching_up = 0, False, asyncio.Lock()
        self._ahead, self._told_ahead = 0, set[int]()
        self.turned_at_s = time.monotonic()
        self._online, self._open = set[str](), frozenset[str]()
        self._nodes = Lookout(now=services.now, far_s=NODES_FAR_S)
        self._sessions = Lookout(now=services.now, far_s=SESSIONS_FAR_S)
        self._topics: asyncio.Queue[str] = asyncio.Queue()
        services.database.listen(self._topics.put_nowait)

    async def start(self) -> None:
        """Begin with what there is now: it is told by the snapshot, not by the stream."""
        async with self._services.database.read() as transaction:
            self._position = await events.newest_position(transaction)
            self._online = set(await nodes.heard_until(transaction, now=self._services.now()))

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            self.turned_at_s = time.monotonic()
            topics = await self._next_topics()
            began_s = time.monotonic()
            try:
                await self._tell(topics)
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("the database does not answer: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)
                self._topics.put_nowait(EVERYTHING)
            if topics:
                await asyncio.sleep(min(REST_S_MAX, time.monotonic() - began_s))

    async def _next_topics(self) -> set[str]:
        topics = set[str]()
        with contextlib.suppress(TimeoutError):
            # Not `wait_for`: until Python 3.12 it forgets a cancel that crosses with a topic.
            async with asyncio.timeout(CHECK_INTERVAL_S):
                topics.add(await self._topics.get())
        while not self._topics.empty():
            topics.add(self._topics.get_nowait())
        return topics

    async def _tell(self, topics: set[str]) -> None:
        is_everything = EVERYTHING in topics
        for topic in topics:
            kind, _, owner = topic.partition(":")
            if kind == "session":
                self._services.hub.end_all_of(owner)
            elif kind == NODE_KEYS:
                self._services.node_hub.end_all_of(owner)
            elif kind in (COMMANDS, ASSISTANCE) and owner:
                self._services.node_hub.publish_to(owner, kind, "{}")
        if is_everything or "events" in topics:
            await self._tell_events()
        if is_everything or "people" in topics:
            await self._tell_people()
        if is_everything or ACCESS in topics:
            await self._tell_access()
        if is_everything or COMMANDS in topics:
            self._services.hub.publish(COMMANDS, _for("nodes.read", "{}"))
        if is_everything:
            await self._end_nodes_that_are_out()
            # Somebody may have asked while nobody listened: every node looks for itself.
            for kind in (COMMANDS, ASSISTANCE):
                self._services.node_hub.publish(kind, lambda _: "{}")
        if is_everything or any(topic.startswith(f"{ASSISTANCE}:") for topic in topics):
            self._services.hub.publish(ASSISTANCE, _for("assistance.read", "{}"))
        if is_everything or FIRE in topics:
            self._services.hub.publish(FIRE, _for("fire.read", "{}"))
        if is_everything or MUSTER in topics:
            self._services.hub.publish(MUSTER, _for("muster.read", "{}"))
        if is_everything or APPROVALS in topics:
            self._services.hub.publish(APPROVALS, _for("approvals.read", "{}"))
        if is_everything or PATROL in topics:
            self._services.hub.publish(PATROL, _for("patrol.read", "{}"))
        if is_everything or FIRMWARE in topics:
            self._services.hub.publish(FIRMWARE, _for("firmware.read", "{}"))
        if is_everything or CANTEEN in topics:
            self._services.hub.publish(CANTEEN, _for("canteen.read", "{}"))
        if is_everything or TILL in topics:
            self._services.node_hub.publish(TILL, lambda _: "{}")
        if is_everything or VIDEO in topics:
            self._services.hub.publish(VIDEO, _for("video.clips", "{}"))
        if is_everything or VISITS in topics:
            self._services.hub.publish(VISITS, _for("visits.read", "{}"))
        if is_everything or PLANS in topics:
            self._services.hub.publish(PLANS, _for("site.read", "{}"))
        if is_everything or RECOGNITION in topics:
            self._services.hub.publish(RECOGNITION, _for("recognition.read", "{}"))
        changed = {topic.partition(":")[2] for topic in topics if topic.startswith("node:")}
        await self._tell_what_time_changes(changed, is_everything=is_everything)

    async def _tell_what_time_changes(self, changed: set[str], *, is_everything: bool) -> None:
        """Tell who fell silent or was heard, and end sessions that ran out.

        Where nobody reads, nobody is told: who comes asks how things are, and is told whatever is
        not as it was when somebody last read.
        """
        owners = self._services.hub.owners
        if not owners:
            if changed or is_everything:
                self._nodes.look_at_once()
        elif changed or is_everything or self._nodes.is_due:
            await self._tell_nodes(changed, is_everything=is_everything)
        if owners and (is_everything or self._sessions.is_due or not owners <= self._open):
            await self._end_sessions_that_are_over(owners)

    async def _tell_events(self) -> None:
        hub = self._services.hub
        if not hub.reader_count:
            self._is_behind = True
            return
        await self._catch_up()

        async def look(transaction: Transaction) -> _Page:
            page = await reading.after(
                transaction, self._position, limit=PAGE_LENGTH, has_names=True
            )
            return page, *(await self._live_behind(transaction, page))

        page, ahead, looked_up_to = await self._services.database.read_whole(look)
        # A terminal that was cut off for a day tells of it beside what happens now: a guard sees
        # what happens now.
        for stored in ahead:
            hub.publish("event", EventMessage(stored).view, position=stored.position, is_ahead=True)
        self._ahead = looked_up_to
        self._told_ahead.update(stored.position for stored in ahead)
        for stored in page:
            self._position = stored.position
            if stored.position in self._told_ahead:
                self._told_ahead.remove(stored.position)
                hub.pass_by(stored.position)
            else:
                hub.publish("event", EventMessage(stored).view, position=stored.position)
        if _log.isEnabledFor(logging.DEBUG):
            what = f"is told to {hub.reader_count} readers"
            log_events(_log, what, (stored.event for stored in (*ahead, *page)))
        if len(page) == PAGE_LENGTH:
            await self._let_read()
            # What else was announced meanwhile is not kept waiting until all of it is told.
            self._topics.put_nowait("events")

    async def _catch_up(self) -> None:
        """Go on from now where nobody read for a while: whoever came looks at how things are next.

        Nothing that is kept after that look is passed over, as it is later than this one.
        """
        async with self._catching_up:
            if self._is_behind:
                position = await self._services.database.read_whole(events.newest_position)
                self._position, self._is_behind = position, False
                self._told_ahead.clear()

    async def _live_behind(
        self, transaction: Transaction, page: list[StoredEvent]
    ) -> tuple[list[StoredEvent], int]:
        """Return what happens now and stands behind a full page with history in it.

        And up to where that is known: what is history once stays so, and is looked at once, however
        many pages of it are to be told.
        """
        since = self._services.now() - LIVE
        if len(page) < PAGE_LENGTH or all(stored.event.time >= since for stored in page):
            return [], self._ahead
        newest = await events.newest_position(transaction)
        ahead = await reading.after(
            transaction,
            max(page[-1].position, self._ahead),
            limit=AHEAD_LENGTH,
            has_names=True,
            since=since,
        )
        last = ahead[-1].position if ahead else 0
        return ahead, last if len(ahead) == AHEAD_LENGTH else max(newest, last)

    async def _let_read(self) -> None:
        """Wait until readers have room for another page, or have had their time."""
        deadline_s = time.monotonic() + DRAIN_S_MAX
        hub = self._services.hub
        while hub.backlog > PAGE_LENGTH and time.monotonic() < deadline_s:  # noqa: ASYNC110 - readers tell nobody that they have read
            await asyncio.sleep(0.01)

    async def _tell_people(self) -> None:
        async with self._services.database.read() as transaction:
            version = await site_values.replica_version(transaction)
        data = json.dumps({"version": version})
        self._services.hub.publish("people", _for("people.read", data))
        self._services.node_hub.publish("replica", lambda _: data)

    async def _tell_access(self) -> None:
        async with self._services.database.read() as transaction:
            version = await access.current_version(transaction)
        self._services.hub.publish(ACCESS, _for("access.read", json.dumps({"version": version})))

    async def _tell_nodes(self, changed: set[str], *, is_everything: bool) -> None:
        """Tell what was announced, and who fell silent or was heard again."""
        services, now = self._services, self._services.now()
        async with services.database.read() as transaction:
            until = await nodes.heard_until(transaction, now=now)
            online = set(until)
            wanted = changed | (online ^ self._online)
            views = []
            if wanted or is_everything:
                only = None if is_everything else wanted
                views = await nodes.views(transaction, installed(services), now=now, only=only)
        self._online = online
        self._nodes.looked(earliest(*until.values()))
        for view in views:
            services.hub.publish("node", _for("nodes.read", _json(view)))

    async def _end_sessions_that_are_over(self, owners: frozenset[str]) -> None:
        async with self._services.database.read() as transaction:
            until = await sessions.open_until(transaction, owners, now=self._services.now())
        self._open = frozenset(until)
        self._sessions.looked(earliest(*until.values()))
        for owner in owners - until.keys():
            self._services.hub.end_all_of(owner)

    async def _end_nodes_that_are_out(self) -> None:
        """End streams of nodes that were shut out, where nothing was heard of it."""
        hub = self._services.node_hub
        owners = hub.owners
        if not owners:
            return
        async with self._services.database.read() as transaction:
            known = await nodes.signing_keys(transaction)
        for owner in owners - known.keys():
            hub.end_all_of(owner)

    async def frames(self, operator: Operator, *, after: int | None) -> AsyncGenerator[bytes]:
        """Yield one operator's stream.

        Args:
            operator: Who reads.
            after: Position of the last event that the page has; later ones are told again.

        Raises:
            RefusedError: The account has too many open.
        """
        services = self._services
        reader = Reader(operator.session, operator.permissions)
        with services.held.by(operator.actor), services.hub.subscribe(reader) as subscription:
            await self._catch_up()
            missed = list[StoredEvent]()
            async with services.database.read() as transaction:
                position = await events.newest_position(transaction)
                if after is not None and after <= position <= after + REPLAY_LENGTH_MAX:
                    missed = await reading.after(
                        transaction, after, limit=REPLAY_LENGTH_MAX, has_names=True
                    )
            yield encode("hello", json.dumps({"epoch": str(services.epoch), "position": position}))
            for stored in missed:
                data = EventMessage(stored).view(operator.permissions)
                if data is not None:
                    yield encode("event", data, position=stored.position)
            told = missed[-1].position if missed else position
            async for frame in subscription.frames(after=told):
                yield frame


class EventMessage:
    """An event as different readers may see it."""

    def __init__(self, stored: StoredEvent) -> None:
        """Take an event with the whole name."""
        self._stored = stored

    def view(self, permissions: frozenset[str]) -> str | None:
        """Return JSON for readers with these permissions."""
        if "events.read" not in permissions:
            return None
        if self._stored.event.event_class in reading.hidden_from(permissions):
            return None
        name = self._stored.holder_name
        if name is not None and "people.names" not in permissions:
            return _json(self._stored.model_copy(update={"holder_name": masked(name)}))
        return _json(self._stored)


def _for(permission: str, data: str) -> Callable[[frozenset[str]], str | None]:
    return lambda permissions: data if permission in permissions else None


def _json(model: BaseModel) -> str:
    return model.model_dump_json(by_alias=True)
