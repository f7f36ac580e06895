"""The composition root: one node, made of its site file, its state folder and its identity."""

import asyncio
import contextlib
import dataclasses
import functools
import logging
import socket
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from config.contract.commands import read_command
from config.contract.events import ClockQuality, NodeStarted
from config.contract.nodes import NodeStatus
from config.contract.trust import verifying_key
from config.crypto.keys import SealingKey, VerifyingKey
from config.site import AccessPointEntry, Site
from config.site_canteen import TillEntry
from config.watchdog import Watchdog
from edge import pages
from edge.access.attempts import CodeShown, code_shown
from edge.access.crossing import point_of
from edge.access.degraded import Degraded
from edge.access.doorkeeper import Doorkeeper
from edge.access.memory import Memory
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.assistance import Assistance
from edge.boards.opening import open_boards
from edge.canteen.canteen import Canteen, open_canteen
from edge.canteen.watching import has_eyes
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.commands.commands import Commands
from edge.devices import DeviceTable
from edge.fire.orders import FireOrders
from edge.fire.station import FireStation
from edge.identity import Home, Identity
from edge.installation import Installation, install
from edge.journal import Journal, JournalError
from edge.key_change import KeyChange
from edge.kiosk.app import create_app
from edge.kiosk.state import KioskBoard, Standing
from edge.kiosk.tills import TillPages, page_deeds, till_pages
from edge.link.neighbours import Neighbours
from edge.local_api import local_api
from edge.machine.time_watch import TimeWatch
from edge.machine.watch import DiskWatch, written_bytes
from edge.metrics.heard import Heard
from edge.metrics.pages import metrics_page
from edge.metrics.standing import Moment
from edge.opening import open_fire, open_link, zone_of
from edge.operator_api import OperatorDeeds, operator_api
from edge.operators import Operators
from edge.patrol.patrol import Patrol
from edge.patrol.store import CarrierStore
from edge.pulse import pulses
from edge.recognition import Eyes
from edge.replica import Replica, ReplicaError
from edge.replica_sync import ReplicaSync
from edge.replica_watch import ReplicaWatch
from edge.retention import TerminalRetention
from edge.supervisor import supervise
from edge.uplink import Uplink
from edge.video.opening import open_station
from models.store import Store

_log = logging.getLogger("edge.app")

VERSION: Final = version("menshen")
IN_MEMORY: Final = Path(":memory:")


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """The node is at work. Attributes: kiosk_url: with the key; None when the port was taken."""

    node: str
    kiosk_url: str | None


class Node:
    """One terminal: everything that it owns, and the tasks that run it."""

    def __init__(
        self,
        site: Site,
        home: Home,
        identity: Identity,
        *,
        store: Store,
        whole: Site | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        """Put a node together; nothing is opened yet.

        Args:
            site: With only what stands at this node (``Site.for_node``).
            home: The node's state folder.
            identity: Of the node.
            store: Where recognition networks lie.
            whole: The site with all of its nodes; None where this node is all of it.
            watchdog: Watches this node's loops; None where nobody does.

        Raises:
            SiteError: The site's time zone is none.
        """
        self._site, self._home, self._identity, self._store = site, home, identity, store
        self._clock, self._board = NodeClock(), KioskBoard()
        self._time = TimeWatch(self._clock, site.time, on_change=self._status_changed)
        self._whole, self._watchdog = site if whole is None else whole, watchdog
        self._rules = RuleBook(map(point_of, self._whole.access_point), zone=zone_of(site))
        self._journal = Journal(
            home.journal,
            site=identity.site,
            node=identity.node,
            utc_now=self._clock.now,
            clockquality=lambda: self._clock.quality,
        )
        self._table = DeviceTable(now=self._clock.now, on_change=self._status_changed)
        self._counted = CollectorRegistry(auto_describe=False)
        self._journal.hear(Heard(self._counted).hear)
        self._eyes, self._was_writable = Eyes(), True
        self._loop: asyncio.AbstractEventLoop | None = None
        self._uplink: Uplink | None = None
        self._replica: Replica | None = None
        self._watch: ReplicaWatch | None = None
        self._retention: TerminalRetention | None = None
        self._fire: FireStation | None = None
        self._disk: DiskWatch | None = None

    def status(self) -> NodeStatus:
        """Return how the node is now."""
        journal, replica = self._journal.status, self._replica
        gallery = self._eyes.gallery
        return NodeStatus(
            at=self._clock.now(),
            version=VERSION,
            epoch=journal.epoch,
            clockquality=self._clock.quality,
            is_clock_awaited=self._clock.is_awaited,
            replica_version=0 if replica is None else replica.version,
            last_sequences=journal.last_sequences,
            unsent_count=journal.unsent_count,
            is_journal_writable=journal.is_writable,
            unrecorded_count=journal.unrecorded_count,
            pipeline=self._site.recognition.pipeline,
            pipeline_missing=self._eyes.missing,
            network=self._eyes.network,
            gallery_size=0 if gallery is None else len(gallery),
            is_replica_outdated=self._watch is not None and self._watch.is_outdated,
            devices=tuple(self._table),
            retention=() if self._retention is None else self._retention.statuses,
            fire=None if self._fire is None else self._fire.status(),
            disk=None if self._disk is None else self._disk.status,
            clock=self._time.status(),
        )

    async def run(self, *, on_ready: Callable[[Ready], None]) -> None:
        """Work until cancelled.

        Args:
            on_ready: Called once, when people can be let through.

        Raises:
            SiteError: A device of the site file is not what its access point needs.
            JournalUnusableError: A person must act.
        """
        self._loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            self._journal.start()
            stack.callback(self._journal.stop)
            self._eyes = await asyncio.to_thread(
                Eyes.open,
                self._site.recognition.pipeline,
                camera_count=len(watched := self._watched()),
                store=self._store,
                with_liveness=any(each.liveness != "off" for each in watched),
            )
            replica = self._replica = await self._open_replica(stack)
            tls = await asyncio.to_thread(self._identity.tls)
            central = CentralClient(self._identity, self._clock, tls=tls)
            stack.push_async_callback(central.close)
            uplink = self._uplink = Uplink(central, self._journal, status=self.status)
            assistance = Assistance(
                central,
                self._journal,
                [point.id for point in self._site.access_point],
                is_connected=lambda: uplink.is_connected,
                now=self._clock.now,
            )
            doorkeeper = await self._open_world(stack, replica)
            fire = self._fire = await open_fire(
                self._whole,
                self._identity.node,
                doorkeeper,
                rules=self._rules,
                journal=self._journal,
                folder=self._home.folder,
                on_change=self._status_changed,
                now=self._clock.now,
            )
            patrol = await self._open_patrol(replica)
            canteen = await self._open_canteen(stack, replica, central)
            boards = open_boards(
                self._whole,
                self._identity,
                key=self._home.ring.board_key(),
                central=central,
                journal=self._journal,
                fire=fire,
                doorkeeper=doorkeeper,
                plan=lambda: None if canteen is None else canteen.plan,
                folder=self._home.folder,
                now=self._clock.now,
            )
            stack.callback(boards.close)
            link = open_link(
                self._whole,
                self._identity,
                doorkeeper,
                rules=self._rules,
                fires=fire,
                on_beat=boards.neighbours_heard,
            )
            installation = install(
                self._site,
                Surroundings(
                    journal=self._journal,
                    people=replica,
                    doorkeeper=doorkeeper,
                    read_code=self._read_code,
                    board=self._board,
                    policy=self._site.policy,
                    offer_blob=uplink.offer_blob,
                    now=self._clock.now,
                ),
                table=self._table,
                eyes=self._eyes,
                admissible=replica,
                ring=functools.partial(assistance.ring, by="contact"),
                fire=fire,
                patrol=patrol,
                canteen=canteen,
                boards=boards,
            )
            stack.push_async_callback(installation.close)
            fire.start()
            station = open_station(
                self._site,
                installation,
                # What is written while nobody's keys are open could not be read after a restart.
                secret=None if self._identity.is_locked else self._home.ring.clips_secret(),
                central=central,
                folder=self._home.folder,
                journal=self._journal,
                now=self._clock.now,
            )
            stack.push_async_callback(station.close)

            def follow_disk(is_short: bool) -> None:
                self._journal.follow_disk(is_short=is_short)
                station.follow_disk(is_short=is_short)

            disk = self._disk = DiskWatch(
                self._home.folder,
                limit_mb=self._site.policy.disk_free_mb_min,
                endurance_tb=self._site.policy.card_endurance_tb,
                follow=follow_disk,
                on_change=self._status_changed_elsewhere,
            )
            commands = Commands.open(
                central,
                self._home.commands,
                installation,
                doorkeeper=doorkeeper,
                read=functools.partial(
                    read_command,
                    key=self._central_key(),
                    site=self._identity.site,
                    node=self._identity.node,
                ),
                journal=self._journal,
                report_status=self._status_changed,
                cameras=station.carry_out,
                boards=boards.carry_out,
                now=self._clock.now,
                fire=FireOrders(fire, installation.duty),
            )
            stack.callback(commands.close)
            watch = self._watch = ReplicaWatch(
                replica,
                limit=timedelta(hours=self._site.policy.replica_age_h_max),
                rule=Degraded(
                    self._site.policy.replica_outdated,
                    frozenset(self._site.policy.replica_outdated_profiles),
                ),
                take=doorkeeper.take,
                recorder=self._journal,
                on_change=self._status_changed,
                now=self._clock.now,
            )
            sync = ReplicaSync(
                central,
                replica,
                on_confirmed=watch.confirm,
                on_change=self._replica_changed(doorkeeper, link, fire),
                on_command=commands.wake,
                on_call=assistance.wake,
                on_till=(lambda: None) if canteen is None else canteen.link.wake,
            )
            uplink.when_back(sync.central_is_back)
            if canteen is not None:
                uplink.when_back(canteen.link.wake)
            self._journal.listen(self._note_journal)
            self._note_start()
            keys = KeyChange(
                self._home.ring,
                self._identity,
                central,
                seal_anew=replica.seal_anew,
                on_change=lambda: self._keys_changed(link),
                now=self._clock.now,
            )
            self._keys_changed(link)
            central.when_key_is_to_change(keys.want)
            central.when_refused(keys.refused)
            tasks = {
                "uplink": uplink.run,
                # What central seals for this node cannot be opened before it has released the key.
                **({} if self._identity.is_locked else {"replica": sync.run, "keys": keys.run}),
                **fire.tasks,
                **boards.life.watched({**fire.deeds, "access rules": doorkeeper.run}),
                "retention": self._run_retention,
                "disk": disk.run,
                "time": self._time.run,
                "age of the replica": watch.run,
                "assistance": assistance.run,
                "patrols": patrol.run,
                **({} if canteen is None else canteen.tasks),
                **commands.tasks,
                **station.tasks,
                **boards.lanes_watched(installation.tasks, installation.lanes),
                # Last: a board is told that the node lives once it does.
                **boards.tasks,
            }
            if link is not None:
                tasks["site link"] = link.run
            if self._watchdog is not None:
                tasks |= pulses(
                    self._watchdog,
                    boards.life,
                    self._journal,
                    devices=installation.devices,
                    watchers={**installation.watchers, **installation.till_watchers},
                )
                stack.callback(self._watchdog.forget)
            listener = pages.listen(self._site.node[0].kiosk_port)
            if listener is not None:
                stack.callback(listener.close)
                app = self._pages(installation, assistance, canteen)
                deeds = self._deeds(replica, commands, uplink)
                app.include_router(operator_api(deeds))
                if canteen is not None:
                    app.include_router(
                        till_pages(
                            TillPages(
                                site=self._site.site,
                                tills=canteen.tills,
                                board=canteen.board,
                                views=installation.till_watchers,
                                operators=deeds.operators,
                                now=self._clock.now,
                            )
                        )
                    )
                tasks["pages"] = lambda: pages.serve(app, listener)
            on_ready(Ready(self._identity.node, self._kiosk_url(listener)))
            try:
                await supervise(tasks)
            except asyncio.CancelledError:
                # As planned: whoever is killed leaves its boards to their safe state.
                await boards.hold()
                raise

    def _watched(self) -> Sequence[AccessPointEntry | TillEntry]:
        """Return whatever has a camera that recognises faces."""
        return [
            *(point for point in self._site.access_point if point.camera is not None),
            *(till for till in self._site.till if has_eyes(till)),
        ]

    async def _open_canteen(
        self, stack: contextlib.AsyncExitStack, replica: Replica, central: CentralClient
    ) -> Canteen | None:
        canteen = await open_canteen(
            self._site,
            self._home.folder,
            replica,
            self._journal,
            central,
            read_code=self._read_code,
            make_link=central.terminal_link,
            zone=zone_of(self._site),
            now=self._clock.now,
        )
        if canteen is not None:
            stack.push_async_callback(canteen.close)
        return canteen

    def _read_code(self, text: str) -> CodeShown:
        return code_shown(text, key=self._central_key(), site=self._identity.site)

    async def _open_replica(self, stack: contextlib.AsyncExitStack) -> Replica:
        replica = Replica(
            # Nobody's keys open what is kept: it is left alone, and nobody is known.
            IN_MEMORY if self._identity.is_locked else self._home.replica,
            sealing_key=self._identity.sealing_key,
            card_key=self._identity.card_key,
            network=self._eyes.network,
            templates=self._eyes.gallery,
            rules=self._rules,
            other_keys=(lambda: ()) if self._identity.is_locked else self._ring_keys,
        )
        stack.callback(replica.close)
        try:
            await asyncio.to_thread(replica.load)
        except ReplicaError as error:
            _log.error("nobody is known until central is asked: %s", error)
        return replica

    def _ring_keys(self) -> Sequence[SealingKey]:
        return self._home.ring.sealing_keys

    async def _run_retention(self) -> None:
        if self._retention is not None:
            await self._retention.run()

    async def _open_world(self, stack: contextlib.AsyncExitStack, replica: Replica) -> Doorkeeper:
        memory = Memory(self._home.memory)
        recalled = await asyncio.to_thread(memory.recall, now=self._clock.now())
        stack.callback(memory.close)
        limits = self._site.retention
        self._retention = TerminalRetention(self._home.folder, memory, limits, now=self._clock.now)
        return Doorkeeper(
            node=self._identity.node,
            rules=replica.rules,
            people=replica,
            recorder=self._journal,
            memory=memory,
            recalled=recalled,
            now=self._clock.now,
        )

    def _replica_changed(
        self, doorkeeper: Doorkeeper, link: Neighbours | None, fire: FireStation
    ) -> Callable[[], None]:
        def changed() -> None:
            doorkeeper.follow()
            fire.follow()
            if link is not None:
                link.follow()
            self._status_changed()

        return changed

    def _keys_changed(self, link: Neighbours | None) -> None:
        ring = self._home.ring
        if link is not None:
            link.sign_with(
                ring.signing_key, old_key=ring.old_signing_key, rotation=ring.last_rotation
            )

    async def _open_patrol(self, replica: Replica) -> Patrol:
        patrol = Patrol(
            self._site,
            replica,
            self._journal,
            is_time_unsure=lambda: self._clock.quality is ClockQuality.UNSURE,
            now=self._clock.now,
            store=CarrierStore(self._home.folder),
        )
        await asyncio.to_thread(patrol.recall)
        return patrol

    def _central_key(self) -> VerifyingKey:
        return verifying_key(self._identity.central_key)

    def _pages(
        self, installation: Installation, assistance: Assistance, canteen: Canteen | None
    ) -> FastAPI:
        def standing(point: str) -> Standing:
            return Standing(
                call=assistance.state(point),
                is_outdated=self._watch is not None and self._watch.is_outdated,
                is_cut_off=self._uplink is None or not self._uplink.is_connected,
            )

        app = create_app(
            site=self._site,
            node=self._identity.node,
            board=self._board,
            views=installation.watchers,
            standing=standing,
            ring=functools.partial(assistance.ring, by="screen"),
            local_key=self._home.local_key(),
            page_deeds=page_deeds(() if canteen is None else canteen.tills),
        )
        app.include_router(local_api(status=self.status, lanes=installation.lanes))
        look = functools.partial(self._look, installation)
        site = self._site.site.id
        app.include_router(metrics_page(site, self._identity.node, self._counted, look))
        return app

    async def _look(self, installation: Installation) -> Moment:
        """Return how things stand, for a scrape."""
        try:
            unsent = await self._journal.unsent_by_class()
        except JournalError:
            unsent = None
        difference = self._clock.difference
        return Moment(
            status=self.status(),
            is_connected=self._uplink is not None and self._uplink.is_connected,
            unsent=unsent,
            clock_offset_s=None if difference is None else difference.total_seconds(),
            written_bytes=written_bytes(),
            lines=installation.buses,
            devices=[
                (entry.bus, entry.id, installation.devices[entry.id])
                for entry in self._site.device
                if entry.id in installation.devices
            ],
            cameras={**installation.watchers, **installation.till_watchers},
        )

    def _deeds(self, replica: Replica, commands: Commands, uplink: Uplink) -> OperatorDeeds:
        return OperatorDeeds(
            node=self._identity.node,
            operators=Operators(lambda: replica.operators, key=self._identity.card_key),
            status=self.status,
            carry_out=commands.do,
            journal=self._journal,
            is_central_reachable=lambda: uplink.is_connected,
            now=self._clock.now,
        )

    def _kiosk_url(self, listener: socket.socket | None) -> str | None:
        if listener is None:
            return None
        port = listener.getsockname()[1]
        return f"http://127.0.0.1:{port}/?{urlencode({'key': self._home.local_key()})}"

    def _note_start(self) -> None:
        started = NodeStarted(
            version=VERSION,
            pipeline=self._site.recognition.pipeline,
            pipeline_missing=self._eyes.missing,
        )
        self._journal.note(started, subject=None, now=self._clock.now())

    def _note_journal(self) -> None:
        """Tell central at once when the journal becomes unwritable, or writable again."""
        is_writable = self._journal.status.is_writable
        if is_writable != self._was_writable:
            self._was_writable = is_writable
            self._status_changed_elsewhere()

    def _status_changed_elsewhere(self) -> None:
        """Say it from another thread, which may outlive the loop."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._status_changed)

    def _status_changed(self) -> None:
        if self._uplink is not None:
            self._uplink.status_changed()
