"""The command ``menshen demo``."""

import asyncio
import contextlib
import json
import secrets
import signal
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from config.contract.access import DenialReason
from config.contract.event_base import EventClass
from config.contract.events import AccessDenied, AccessGranted, AccessTaken, Event
from config.demo.canteen import Lunch
from config.demo.control import CentralControl, Seen, SimulatorControl, TerminalControl
from config.demo.hardware import build_models, start_camera, start_lines, write_site
from config.demo.patrol import GUARD, GUARD_CARD, MODEL, PROFILE, Guard
from config.demo.photographs import Photograph, find_photographs, find_pictures
from config.demo.play import Lane, take_turns
from config.demo.processes import Processes
from config.demo.report import Findings

demo = typer.Typer(add_completion=False, rich_markup_mode=None)

NODE = "gate-1"
ATTACKED = "south"
SETTLE_TIMEOUT_S = 20.0
FIRE_TIMEOUT_S = 10.0
FIRE_DETECTORS = (2, 7)
CARD_HOLDER, CARD, UNKNOWN_CARD = "card holder", "0006547886", "0000000001"
EVERY_NTH_BY_CARD = 4

Headless = Annotated[bool, typer.Option(help="No browser: play, measure and end.")]
Seconds = Annotated[float, typer.Option("--for", min=20, help="Seconds to play when headless.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Camera = Annotated[str, typer.Option(help="A real camera for the east lane: a number or a URL.")]
Attacks = Annotated[
    Path | None,
    typer.Option(help="Pictures that are held up before a third lane, which asks for a live face."),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the console; 0: any.")]


@demo.command()
def run(
    *,
    headless: Headless = False,
    seconds: Seconds = 60.0,
    as_json: Json = False,
    camera: Camera = "",
    attacks: Attacks = None,
    port: Port = 0,
) -> int:
    """Show a small building at work: real photographs, real recognition, simulated hardware."""
    photographs = find_photographs()
    held_up = {} if attacks is None else find_pictures(attacks)
    console = Console(stderr=as_json, highlight=False)
    with tempfile.TemporaryDirectory(prefix="menshen-demo-") as folder:
        building = Building(
            Path(folder), photographs, console, camera=camera, port=port, held_up=held_up
        )
        findings = asyncio.run(building.run(seconds if headless else None))
    if findings is None:
        return 0
    report = findings.to_json()
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        console.print_json(data=report)
    return 1 if report["problems"] else 0


class Building:
    """The demo's building: its processes, its people, and what was seen of both."""

    def __init__(
        self,
        folder: Path,
        photographs: dict[str, Photograph],
        console: Console,
        *,
        camera: str,
        port: int,
        held_up: dict[str, Photograph],
    ) -> None:
        self._held_up = held_up
        self._folder, self._photographs, self._console = folder, photographs, console
        self._camera, self._port = camera, port
        self._seen: list[Seen] = []
        self._expected: list[str] = []
        self._stranger_refused, self._stranger_granted = asyncio.Event(), asyncio.Event()
        self._enrolled_at_s: float | None = None
        self._enrolled_to_passage_s: float | None = None
        self._holders: dict[str, str] = {}
        self._lunch = Lunch(folder)

    async def run(self, seconds: float | None) -> Findings | None:
        """Play for some seconds and return the findings; without seconds, play until Ctrl-C.

        A machine that is too slow to show everything in that time gets at most as much again.
        """
        async with Processes(self._folder) as processes:
            await self._start(processes)
            watching = asyncio.create_task(self._watch())
            try:
                await self._play(seconds, processes)
                return None if seconds is None else await self._find()
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching
                await self._let_go()

    async def _let_go(self) -> None:
        for hand in (self._gates, self._panel, *self._hands.values()):
            await hand.close()
        await self._lunch.close()
        await self._central.close()
        await self._terminal.close()

    async def _start(self, processes: Processes) -> None:
        say = self._console.print
        say("1/4 building the recognition networks (once) and the hardware's simulators")
        await build_models()
        lines, (gates, panel) = await start_lines(processes, self._folder)
        cameras = {
            name: await start_camera(processes, name, self._photographs)
            for name in ("camera_east", "camera_west")
            if not (name == "camera_east" and self._camera)
        }
        if self._held_up:
            cameras["camera_south"] = await start_camera(
                processes, "camera_south", self._held_up, setting="sheet"
            )
        cameras["camera_till"] = await start_camera(processes, "camera_till", self._photographs)
        await self._lunch.set_the_table(processes, cameras["camera_till"])
        parts = [
            "demo.toml",
            "demo_canteen.toml",
            *(["demo_attacks.toml"] if self._held_up else []),
        ]
        values = {
            **lines,
            "camera_east": self._camera,
            **self._lunch.ports,
            **{name: c.ready["tcp"] for name, c in cameras.items()},
        }
        site = write_site(self._folder / "site.toml", parts, values)
        say("2/4 starting central")
        service = await processes.start(
            "central", "central", "--site", str(site), "--home", str(self._folder / "central"),
            "--port", str(self._port), "--json",
        )  # fmt: skip
        self._central = CentralControl(service.ready["url"])
        password = secrets.token_urlsafe(18)
        await self._central.accept_invitation(
            service.ready["invitation_link"], username="demo", password=password
        )
        say("3/4 enrolling people: one by face, one by card; the other remains a stranger")
        await self._enrol_people()
        say("4/4 starting the terminal and the canteen's till")
        self._edge = await processes.start(
            "edge", "edge", "--site", str(site), "--node", NODE,
            "--home", str(self._folder / "edge"),
            "--token", await self._central.node_token(NODE), "--json",
        )  # fmt: skip
        self._terminal = TerminalControl.from_ready(self._edge.ready)
        self._diners = {key: self._holders[key] for key in self._photographs}
        await self._lunch.open(processes, self._central, site, list(self._diners.values()))
        self._gates = SimulatorControl(gates.ready)
        self._panel = SimulatorControl(panel.ready)
        hands = self._hands = {
            name: SimulatorControl(process.ready) for name, process in cameras.items()
        }
        self._lanes = [
            Lane("east", unit_id=1, gates=self._gates, camera=hands.get("camera_east")),
            Lane("west", unit_id=2, gates=self._gates, camera=hands["camera_west"]),
        ]
        if self._held_up:
            south = hands["camera_south"]
            self._lanes.append(Lane(ATTACKED, unit_id=3, gates=self._gates, camera=south))

    async def _enrol_people(self) -> None:
        for number, photograph in enumerate(self._photographs.values(), start=1001):
            self._holders[photograph.key] = await self._central.add_person(
                photograph.name, str(number)
            )
        holder = await self._central.add_person("李梅", "1003")
        await self._central.add_card(holder, CARD)
        await self._plan_a_patrol()
        astronaut = self._photographs["astronaut"]
        await self._central.enrol_face(self._holders["astronaut"], astronaut.path)
        # The worst case: whoever is shown is enrolled by the very picture that is held up.
        for number, picture in enumerate(self._held_up.values(), start=2001):
            holder = await self._central.add_person(picture.name, str(number))
            self._holders[picture.key] = holder
            if not await self._central.enrol_face(holder, picture.path):
                # Two pictures of one person: who is shown is enrolled by the other one.
                self._console.print(f"{picture.name} resembles somebody who is enrolled already")

    async def _plan_a_patrol(self) -> None:
        await self._central.put("/access-model", made_from=0, model=MODEL)
        guard = await self._central.add_person("王建国", "1004", profiles=[PROFILE])
        await self._central.add_card(guard, GUARD_CARD)
        self._guard = Guard.from_next_minute(datetime.now(UTC))
        plan = self._guard.plan(guard, zone=ZoneInfo("Asia/Shanghai"))
        await self._central.put("/patrol/routes", made_from=0, plan=plan)

    async def _play(self, seconds: float | None, processes: Processes) -> None:
        began_s = time.monotonic()
        enrol_at_s = time.monotonic() + (20.0 if seconds is None else seconds / 2)
        if seconds is None:
            await self._welcome_the_viewer()
        async with asyncio.TaskGroup() as group:
            stopping = asyncio.Event()
            for lane in self._lanes:
                group.create_task(self._play_lane(lane, stopping))
            enrolling = group.create_task(self._enrol_the_stranger(enrol_at_s))
            group.create_task(
                self._lunch.serve(stopping, self._console.print, is_short=seconds is not None)
            )
            group.create_task(self._mind(processes, stopping))
            if seconds is None:
                await self._until_interrupted()
            else:
                await asyncio.sleep(max(0.0, began_s + seconds - time.monotonic()))
                await _within(seconds, self._stranger_granted, self._lunch.is_over)
            stopping.set()
            enrolling.cancel()

    async def _play_lane(self, lane: Lane, stopping: asyncio.Event) -> None:
        if self._camera and lane.name == "east":
            watcher = asyncio.create_task(lane.wait_and_walk())
            await stopping.wait()
            watcher.cancel()
            return
        order = ["astronaut", "admiral"] if lane.name == "east" else ["admiral", "astronaut"]
        if lane.name == ATTACKED:
            order = list(self._held_up)
        for turn, person in enumerate(take_turns(order), start=1):
            if stopping.is_set():
                return
            # By the third turn the terminal has heard of everybody.
            if turn > 2 and self._guard.is_due(lane.name, datetime.now(UTC)):
                await lane.card_holder_walks_up(GUARD, GUARD_CARD, self._terminal)
            if lane.name == "west" and turn % EVERY_NTH_BY_CARD == 0:
                await lane.card_holder_walks_up(CARD_HOLDER, CARD, self._terminal)
            elif lane.name == "west" and turn == EVERY_NTH_BY_CARD + 1:
                await self._terminal.present_card(lane.name, UNKNOWN_CARD)
            else:
                await lane.face_walks_up(person)
                if lane.name == ATTACKED:
                    await lane.wait_until_empty()

    async def _enrol_the_stranger(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - time.monotonic()))
        # On a slow machine nobody may have been judged yet.
        await self._stranger_refused.wait()
        stranger = self._photographs["admiral"]
        await self._central.enrol_face(self._holders[stranger.key], stranger.path)
        self._enrolled_at_s = time.monotonic()
        self._console.print(f"[bold]{stranger.name} is enrolled now[/bold]")

    async def _mind(self, processes: Processes, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if died := processes.died():
                raise typer.TyperException("; ".join(died))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=1.0)

    async def _until_interrupted(self) -> None:
        interrupted = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted.set)
        await interrupted.wait()

    async def _welcome_the_viewer(self) -> None:
        link = await self._central.invite("administrator")
        say = self._console.print
        say("\nOpen the console with this one-time link (15 minutes):", style="bold")
        say(f"  {link}", soft_wrap=True)
        # Who makes accounts has no hand in the money: another person, so another window.
        office = await self._central.invite("canteen_manager")
        say("The canteen's office, in a private window (another person's link):", style="bold")
        say(f"  {office}", soft_wrap=True)
        say("The terminal's own pages:", style="bold")
        say(f"  {self._edge.ready['kiosk']}", soft_wrap=True)
        say(f"  {self._lunch.page}", soft_wrap=True)
        say("East and west show photographs as people, so there liveness=off.")
        say("For demonstration. Ctrl-C ends it.\n")

    async def _watch(self) -> None:
        people = {**self._photographs, **self._held_up}
        names = {holder: people[key].name for key, holder in self._holders.items()}
        async for seen in self._central.watch():
            self._seen.append(seen)
            data, at = seen.event.parsed(), f"{seen.seen_at.astimezone():%H:%M:%S}"
            if isinstance(data, AccessGranted):
                name = names.get(data.holder_id or "", CARD_HOLDER)
                if name == self._photographs["admiral"].name and self._enrolled_at_s is not None:
                    self._enrolled_to_passage_s = self._enrolled_to_passage_s or round(
                        time.monotonic() - self._enrolled_at_s, 2
                    )
                    self._stranger_granted.set()
                self._console.print(f"{at} {data.access_point:9} granted {name}")
            elif isinstance(data, AccessDenied):
                if data.reason is DenialReason.UNKNOWN_FACE:
                    self._stranger_refused.set()
                self._console.print(f"{at} {data.access_point:9} denied  {data.reason.value}")
            elif isinstance(data, AccessTaken):
                self._console.print(f"{at} {data.access_point:9} passed")

    async def _find(self) -> Findings:
        for lane in self._lanes:
            await lane.wait_until_closed()
        await self._look_for_false_alarms()
        fire_to_open_s = await self._burn()
        last, events = await self._wait_until_central_has_all()
        passages = await self._gates.state()
        lunch = await self._lunch.find(self._diners)
        self._expected += lunch.problems()
        denied = [d for e in events if isinstance(d := e.parsed(), AccessDenied)]
        expected = list(self._expected)
        for lane in self._lanes:
            if lane.name == ATTACKED:
                expected += [
                    f"the picture {name} passed the lane that asks for a live face"
                    for name in lane.tally.let_through
                ]
                if not any(d.access_point == ATTACKED for d in denied):
                    expected.append("no picture was refused by the lane that asks for a live face")
            elif lane.tally.let_through.get("astronaut", 0) == 0 and not self._camera:
                expected.append(f"the enrolled person never passed the {lane.name} lane")
        if sum(lane.tally.let_through.get("admiral", 0) for lane in self._lanes) == 0:
            expected.append("the stranger did not pass after being enrolled")
        if sum(lane.tally.let_through.get(CARD_HOLDER, 0) for lane in self._lanes) == 0:
            expected.append("nobody passed by card")
        if not any(d.reason is DenialReason.UNKNOWN_CARD for d in denied):
            expected.append("the unknown card was not refused")
        snapshot = await self._central.snapshot()
        return Findings(
            gate_passages=sum(unit["passages_in"] for unit in passages["units"].values()),
            edge_last_sequences=last,
            central_events=events,
            gap_count=sum(len(node["gaps"]) for node in snapshot["nodes"]),
            seen=self._seen,
            cycle_s=[cycle for lane in self._lanes for cycle in lane.tally.cycle_s],
            edge_rss_mb=self._edge.resident_mb(),
            enrolled_to_passage_s=self._enrolled_to_passage_s,
            fire_to_open_s=fire_to_open_s,
            lunch=lunch.to_json(),
            expected=expected,
        )

    async def _look_for_false_alarms(self) -> None:
        """Nothing was lost here, and no clock is wrong: an alarm that says so is a false one."""
        alarms = (await self._central.ask("/alarms"))["items"]
        false = {a["kind"] for a in alarms} & {"device_lost", "clock"}
        self._expected += [f"a false alarm was given: {kind}" for kind in sorted(false)]

    async def _burn(self) -> float | None:
        """Let two detectors signal; returns when all lanes stand open, None where they do not."""
        self._console.print("[bold]fire: two detectors signal[/bold]")
        began_s = time.monotonic()
        for number in FIRE_DETECTORS:
            text = "A区1层走廊"
            await self._panel.act("fire", zone=10, number=number, text=text, on=True, is_test=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRE_TIMEOUT_S):
                for lane in self._lanes:
                    await lane.wait_until_open()
                return round(time.monotonic() - began_s, 2)
        self._expected.append("a fire did not open every lane")
        return None

    async def _wait_until_central_has_all(self) -> tuple[dict[str, int], list[Event]]:
        deadline_s = time.monotonic() + SETTLE_TIMEOUT_S
        while True:
            statuses = {
                NODE: await self._terminal.status(),
                self._lunch.node: await self._lunch.terminal.status(),
            }
            # What somebody eats and pays is shown to the canteen alone; lunch looks after it.
            last = {
                f"{node}/{kind}": int(sequence)
                for node, status in statuses.items()
                for kind, sequence in status["last_sequences"].items()
                if kind != EventClass.MONEY
            }
            events = [event async for event in self._central.all_events()]
            unsent = sum(status["unsent_count"] for status in statuses.values())
            is_settled = unsent == 0 and sum(last.values()) == len(events)
            if is_settled or time.monotonic() > deadline_s:
                return last, events
            await asyncio.sleep(0.2)


async def _within(limit_s: float, *events: asyncio.Event) -> None:
    """Wait for all of some events, but not longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            for event in events:
                await event.wait()
