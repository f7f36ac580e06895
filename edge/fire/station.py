"""Fire at one node: from what a panel says to gates that have been read back.

Whatever confirms a fire, here or at another node, first makes every release of this node due, in
the same step of the event loop. The rules, the other nodes, the journal and the disk follow, and
none of them is waited for. Central has no part in it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.events import EventData
from config.contract.fire_status import FireStatus
from config.contract.identifiers import new_id
from config.site import Site
from drivers.base import DutyAnswered, Observation, PointChanged
from edge.access.happenings import FireReleasesChanged
from edge.backoff import wait_until_set
from edge.fire import keeping, telling
from edge.fire.book import FireBook
from edge.fire.duty import DutyChecks
from edge.fire.fire import Fire
from edge.fire.followers import Followers
from edge.fire.gates import Gates
from edge.fire.memory import Memory
from edge.fire.news import News, Recorder
from edge.fire.notice import FireNotice
from edge.fire.panels import Panels
from edge.fire.paths import Paths
from edge.fire.places import Places
from edge.fire.screens import Alarmed, Screens
from edge.fire.signals import Signals
from edge.fire.standing import status_of
from edge.fire.store import FireMemory, FireStore

_log = logging.getLogger("edge.fire")

TICK_S: Final = 0.5
ROUND_S: Final = 3.0
"""A panel that tells everything anew has done so by then."""


class FireStation:
    """Of one node. All of it belongs to the event loop's thread but for the store.

    Attributes:
        book, signals, paths, panels, duty: The rules.
        gates: Whatever is released here.
    """

    def __init__(
        self,
        site: Site,
        node: str,
        *,
        recorder: Recorder,
        take: Callable[[FireReleasesChanged], None],
        zones_of: Callable[[str], Iterable[str]],
        store: FireStore,
        now: Callable[[], datetime],
        on_change: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with panels that have said nothing; see ``recall``.

        Args:
            site: The whole site.
            node: This one.
            recorder: Takes facts.
            take: Tells the rules which points are released.
            zones_of: Zones that the access model puts a point into, besides the site file.
            store: Keeps what must outlive the process.
            now: Wall clock, aware UTC.
            on_change: Called when ``status`` is another.
            monotonic: The clock of everything else.
        """
        self.site, self.node, self.now, self.monotonic = site, node, now, monotonic
        self._take, self._zones_of = take, zones_of
        self._memory = Memory(store, self._to_keep)
        self._news = News(recorder, keep=self.keep, on_change=on_change, now=now)
        self.places = Places(site, node)
        self.signals = Signals(site.fire_zone, self.places.own_inputs)
        self.book = FireBook(
            node,
            self.places.by_zone(zones_of),
            {zone: [o.name for o in found] for zone, found in self.places.outputs.items()},
        )
        self.paths = Paths(self.places.sources, now_s=monotonic())
        self.panels = Panels(self.places.own_panels, tell=self.tell, now=now, monotonic=monotonic)
        self.duty = DutyChecks()
        self.gates = Gates(
            node,
            self.book,
            tell=self.tell,
            on_change=on_change,
            keep=self.keep,
            monotonic=monotonic,
        )
        self.zones = {zone.id: zone for zone in site.fire_zone}
        self.silent_nodes = frozenset(n.id for n in site.node if n.id != node)
        self._screens = Screens(self.book)
        self._released = frozenset[str]()
        self._followers = Followers(self.book, self.places.own_outputs)
        self._rounds: dict[str, float] = {}
        self._is_memory_damaged = False
        self._owed = frozenset[str]()
        self._ticked = asyncio.Event()

    # ---- what stands here

    def add_screen(self, access_point: str, screen: Alarmed) -> None:
        """Have the screen of an access point show fires."""
        self._screens.add(access_point, screen)

    def add_screen_everywhere(self, screen: Alarmed) -> None:
        """Have a screen that stands at no access point show fires of this node."""
        self._screens.add_everywhere(screen)

    @property
    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What must run, by a name for the log."""
        return {**self.deeds, "fire's memory": self._memory.run}

    @property
    def deeds(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Of ``tasks`` those that release gates."""
        return {**self.gates.tasks, "fire": self.run}

    def recall(self) -> None:
        """Go on with what stood before this start; blocks for the disk, raises nothing."""
        memory = self._memory.load()
        self._is_memory_damaged = memory.is_damaged
        self._owed = memory.closed.owed
        keeping.restore(memory, self.book, self.signals, now=self.now(), now_s=self.monotonic())

    def _to_keep(self) -> FireMemory:
        return keeping.kept(
            self.book,
            self.signals,
            now=self.now(),
            now_s=self.monotonic(),
            owed=self.gates.owed,
        )

    def start(self) -> None:
        """Release at once what stood before this start; in the running event loop.

        Where that is lost, every zone is released, until a person closes it. What did not confirm
        that it is closed again is told so again.
        """
        self.gates.owe(self._owed)
        for zone in self.zones if self._is_memory_damaged else ():
            fire = self.book.lost(
                zone, fire_id=new_id(), is_local=True, now_s=self.monotonic(), now=self.now()
            )
            if fire is not None:
                self._tell_confirmed(fire)
                self.book.over(fire, now_s=self.monotonic())
        self.follow()

    def follow(self) -> None:
        """Take over which points belong to which zone, and tell whoever must know now."""
        self.book.place(self.places.by_zone(self._zones_of))
        self._spread(are_fires_news=True)

    # ---- what panels say

    def observed(self, device: str, observation: Observation, *, heard_at_s: float) -> None:
        """Take what a panel at this node says.

        Args:
            device: Of the site file.
            observation: Of its driver.
            heard_at_s: When its frame arrived.
        """
        if isinstance(observation, DutyAnswered):
            answered = self.duty.answered(device, observation.operator, at_s=self.monotonic())
            if answered is not None:
                self.tell(answered, device)
            return
        if not isinstance(observation, PointChanged):
            return
        self.signals.take(device, observation)
        self._judge(frame_at_s=heard_at_s)
        self.tell(telling.point_changed(device, observation, self.signals), device)
        self.panels.change(device, lambda panel: panel.take(observation))

    def panel_lost(self, device: str) -> None:
        """A panel is not heard any more: what it said stands, and its zones' path is down."""
        self.panels.set_current(device, is_current=False)
        self.paths.set_heard(f"device {device}", is_heard=False)
        self.tick()

    def panel_returned(self, device: str, *, tells_all: bool) -> None:
        """A panel is heard. Args: tells_all: it says everything anew now."""
        self.panels.set_current(device, is_current=True)
        if tells_all:
            self.signals.begin_round(device)
            self._rounds[device] = self.monotonic() + ROUND_S
        self.paths.set_heard(f"device {device}", is_heard=True)
        self.tick()

    # ---- what other nodes say; see ``link.neighbours.Fires``

    def notices(self) -> Sequence[FireNotice]:
        """Return what the other nodes are to be told, as old as it is now."""
        return self.book.notices(now_s=self.monotonic())

    def hear(self, notices: Sequence[FireNotice]) -> None:
        """Take what another node told, which the link has believed."""
        now_s = self.monotonic()
        news = [self.book.hear(notice, now_s=now_s) for notice in notices]
        if any(news):
            self._spread(are_fires_news=True)

    def nodes_heard(self, nodes: frozenset[str]) -> None:
        """Take which other nodes are heard over the link."""
        known = frozenset(n for n in self.places.other_nodes)
        self.silent_nodes = known - nodes
        for name in known:
            self.paths.set_heard(f"node {name}", is_heard=name in nodes)
        self.tick()

    def when_fires_changed(self, call: Callable[[], None]) -> None:
        """Call this whenever the others are to be told something else; it must be quick."""
        self._news.when_fires_changed(call)

    # ---- judging

    def judge(self) -> None:
        """Look at what is signalled now: a test began or ended."""
        self._judge(frame_at_s=self.monotonic())

    def _judge(self, *, frame_at_s: float) -> None:
        ended, begun, is_news = list[Fire](), list[Fire](), False
        for zone in self.zones:
            verdict, own = self.signals.verdict(zone), self.book.own(zone, is_loss=False)
            revision = 0 if own is None else own.revision
            if verdict is not None:
                fire, is_new = self.book.signalled(
                    zone, verdict, fire_id=new_id(), frame_at_s=frame_at_s, now=self.now()
                )
                begun += [fire] if is_new else []
                is_news |= fire.revision != revision
            elif own is not None and (own.is_evident or self._are_known(own)):
                self.book.over(own, now_s=self.monotonic())
                ended.append(own)
        if begun or ended or is_news:
            self._spread(are_fires_news=True)
        for fire in begun:
            self._tell_confirmed(fire)
        for fire in ended:
            self._tell_ended(fire)

    def _are_known(self, fire: Fire) -> bool:
        """Return whether its panels have said of all of its points how they are now."""
        return all(self.signals.knows(device, point) for device, point in fire.points)

    def _spread(self, *, are_fires_news: bool) -> None:
        """Tell gates first, then rules and screens; all else follows in another step."""
        self.gates.follow()
        released = self.book.released() & self.places.own_points
        if released != self._released:
            self._released = released
            self._take(FireReleasesChanged(released))
        self._screens.follow()
        for output, fires in self._followers.over():
            self.tell(telling.output_closed(output, fires), output.device)
        self._news.plan(are_fires_news=are_fires_news)

    # ---- what is told

    def tell(self, data: EventData, subject: str) -> None:
        """Record a fact once the gates have been told."""
        self._news.tell(data, subject)

    def _tell_confirmed(self, fire: Fire) -> None:
        points = self.places.everywhere(fire.zone, self._zones_of)
        self.tell(telling.confirmed(fire, points), fire.zone)

    def _tell_ended(self, fire: Fire) -> None:
        self.tell(telling.ended(fire), fire.zone)

    def _tell_drill(self, fire: Fire, asked_by: str, *, is_on: bool) -> None:
        changed = telling.drill_changed(
            fire, is_on=is_on, asked_by=asked_by, now=self.now(), now_s=self.monotonic()
        )
        self.tell(changed, fire.zone)

    # ---- drills; see ``orders``

    def begin_drill(
        self, zone: str, drill_id: UUID, *, until: datetime, releases: bool, asked_by: str
    ) -> bool:
        """Behave as at a fire until then; returns whether it is a drill that was not known."""
        now = self.now()
        fire = self.book.begin_drill(
            zone,
            drill_id=drill_id,
            until_s=self.monotonic() + (until - now).total_seconds(),
            has_release=releases,
            now_s=self.monotonic(),
            now=now,
        )
        if fire is None:
            return False
        self._spread(are_fires_news=True)
        self._tell_drill(fire, asked_by, is_on=True)
        self._tell_confirmed(fire)
        return True

    def end_drill(self, fire: Fire, *, asked_by: str = "") -> None:
        """End a drill, and the releases that stand for it alone."""
        self.book.over(fire, now_s=self.monotonic())
        self._spread(are_fires_news=True)
        self._tell_drill(fire, asked_by, is_on=False)
        self._tell_ended(fire)

    def close(self, access_point: str) -> list[Fire]:
        """Close a point for the fires that hold it open; returns them."""
        closed = self.book.close(access_point)
        self._spread(are_fires_news=True)
        return closed

    def keep(self) -> None:
        """Have what must outlive the process written soon."""
        self._memory.changed()

    def end_test(self, test_id: UUID, *, asked_by: str = "") -> bool:
        """End a test; what its points signal counts from now on."""
        test = self.signals.end_test(test_id)
        if test is None:
            return False
        self.judge()
        self.keep()
        self.tell(telling.test_changed(test, is_on=False, asked_by=asked_by), test.zone)
        return True

    # ---- time

    async def run(self) -> None:
        """Notice for ever what runs out."""
        while True:
            await wait_until_set(self._ticked, timeout_s=TICK_S)
            self._ticked.clear()
            self.tick()

    def tick(self) -> None:
        """Notice what has run out, and what is heard no more, by now."""
        now_s, now = self.monotonic(), self.now()
        for device in [d for d, due_s in self._rounds.items() if now_s >= due_s]:
            del self._rounds[device]
            self.signals.end_round(device)
            self.judge()
        for fire in self.book.drills_over(now_s):
            if fire.origin == self.node:
                self.end_drill(fire)
            else:
                # Its origin tells of it, if it still can.
                fire.is_active = False
                self._spread(are_fires_news=True)
        for test in self.signals.tests_over(now):
            self.end_test(test.test_id)
        for late in self.duty.over(now_s=now_s):
            self.tell(late, late.device)
        self._look_at_paths(now_s, now)
        self._look_at_evidence()

    def _look_at_paths(self, now_s: float, now: datetime) -> None:
        for zone, state in self.paths.look(now_s=now_s).items():
            loss = self.book.own(zone, is_loss=True)
            if state.is_wired_only and self.zones[zone].on_loss == "release":
                is_local = all(name.startswith("node ") for name in state.missing)
                begun = self.book.lost(
                    zone, fire_id=new_id(), is_local=is_local, now_s=now_s, now=now
                )
                if begun is not None:
                    self._spread(are_fires_news=True)
                    self._tell_confirmed(begun)
            elif loss is not None and state.is_up:
                self.book.over(loss, now_s=self.monotonic())
                self._spread(are_fires_news=True)
                self._tell_ended(loss)
            self.tell(telling.path_changed(zone, state), zone)

    def _look_at_evidence(self) -> None:
        is_news = False
        for fire in self.book.fires:
            if not fire.is_own or not fire.is_active or not fire.points:
                continue
            is_heard = any(self.panels.is_current(device) for device, _ in fire.points)
            is_current = fire.is_evident and is_heard
            is_news |= self.book.set_current(fire, is_current=is_current)
        if is_news:
            self._spread(are_fires_news=True)

    # ---- status

    def status(self) -> FireStatus | None:
        """Return everything about fire here; None where the site has no fire zone."""
        if not self.zones:
            return None
        found = status_of(
            self.book,
            self.signals,
            self.paths,
            self.panels.statuses(),
            self.gates.targets,
            now=self.now(),
            now_s=self.monotonic(),
        )
        return found.model_copy(update={"unreleased": tuple(sorted(self.places.unreleased))})
