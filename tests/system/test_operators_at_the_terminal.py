"""Operators at the terminal itself with the network cut: real lanes, desk, journal and replica."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from config.contract.command_events import CommandAnswered, CommandAskedHere
from config.contract.commands import NodeCommand, SignedCommand, SignedCommands
from config.contract.events import AccessGranted, ClockQuality
from config.contract.nodes import NodeStatus, ReplicaPage
from config.contract.operators import OperatorRecord
from drivers.base import Side
from edge.central_client import CentralUnreachableError
from edge.commands.carrying import Hands
from edge.commands.desk import Desk
from edge.commands.holds import Holds
from edge.commands.store import CommandsStore
from edge.journal import NO_EPOCH
from edge.kiosk.guard import LoopbackGuard
from edge.operator_api import OperatorDeeds, operator_api
from edge.operators import Operators
from tests.config.contract.test_commands import read
from tests.edge.test_operators import KEY, operator
from tests.system.access_terminal import Terminal, play

LOCAL_KEY = "k" * 43
LOCKED: dict[str, Any] = {"lockdown_levels": [{"id": "night", "priority": 10}]}
DELIVERY = {"reason": "delivery"}


class NoCentral:
    """The network is cut."""

    async def commands(self) -> SignedCommands:
        raise CentralUnreachableError("no route")


class Panel:
    """The terminal's local API, and a guard before it."""

    def __init__(self, terminal: Terminal, desk: Desk) -> None:
        self.terminal = terminal
        app = FastAPI()
        app.include_router(
            operator_api(
                OperatorDeeds(
                    node="gate-1",
                    operators=Operators(lambda: terminal.replica.operators, key=KEY),
                    status=self._status,
                    carry_out=desk.do,
                    journal=terminal.journal,
                    is_central_reachable=lambda: False,
                    now=lambda: terminal.now,
                )
            )
        )
        app.add_middleware(LoopbackGuard, local_key=LOCAL_KEY, node="gate-1")
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1:8180/api/operators",
            headers={"Authorization": f"Bearer {LOCAL_KEY}"},
        )

    def _status(self) -> NodeStatus:
        return NodeStatus(
            at=self.terminal.now, version="0", epoch=NO_EPOCH, clockquality=ClockQuality.UNSURE,
            replica_version=self.terminal.replica.version, last_sequences={}, unsent_count=0,
            is_journal_writable=True, pipeline="builtin",
        )  # fmt: skip

    def hear(self, *operators: OperatorRecord) -> None:
        """Take what central says of operators, while it can still be heard."""
        replica = self.terminal.replica
        replica.apply(ReplicaPage(version=replica.version + 1, operators=operators))

    async def enter(self, pin: str = "2580") -> int:
        """Hold the card to the reader and type the PIN; returns the answer's status."""
        wish = {"number": "card of wang", "pin": pin}
        reply = await self.http.post("/sessions", json=wish)
        if reply.is_success:
            self.http.headers["Operator-Session"] = reply.json()["token"]
        return reply.status_code

    async def open(self, point: str = "front", **wish: str) -> httpx.Response:
        return await self.http.post(f"/access-points/{point}/open", json=wish or DELIVERY)


@contextlib.asynccontextmanager
async def panel(terminal: Terminal, *, is_started: bool = True) -> AsyncIterator[Panel]:
    store = CommandsStore(terminal.folder / "commands.sqlite3")
    lanes = terminal.made.lanes
    holds = Holds(lanes, store, take=terminal.keeper.take, now=lambda: terminal.now)
    hands = Hands(lanes, terminal.made.devices, holds, lambda: None)
    desk = Desk(
        NoCentral(), store, read=_read, carry_out=hands.carry_out, journal=terminal.journal,
        now=lambda: terminal.now,
    )  # fmt: skip
    if is_started:
        await desk.start()
    made = Panel(terminal, desk)
    try:
        yield made
    finally:
        await made.http.aclose()
        store.close()


def _read(signed: SignedCommand) -> NodeCommand:
    command = read(signed)
    assert isinstance(command, NodeCommand)
    return command


def play_panel(
    folder: Path,
    script: Callable[[Terminal, Panel], Awaitable[None]],
    model: dict[str, Any] | None = None,
    who: OperatorRecord | None = None,
) -> None:
    async def act(terminal: Terminal) -> None:
        async with panel(terminal) as made:
            made.hear(who or operator())
            await script(terminal, made)

    play(folder, act, model or {})


def test_an_operator_lets_somebody_through_and_it_is_recorded_as_done_there(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        assert await panel.enter() == 201
        answer = await panel.open()
        await t.pass_()

        assert (answer.json()["outcome"], t.gates[1].authorised[Side.IN]) == ("done", 1)
        asked, done = await t.has(CommandAskedHere), await t.has(CommandAnswered)
        granted = await t.has(AccessGranted)
        assert (asked.asked_by, asked.reason, asked.is_central_reachable) == (
            "id of wang", "delivery", False,
        )  # fmt: skip
        assert done.asked_by == "id of wang"
        assert asked.command_id == done.command_id == granted.decision_id

    play_panel(tmp_path, script)


def test_the_status_is_read_in_a_session_alone(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        statuses = [(await panel.http.get("/status")).status_code]
        statuses.append(await panel.enter())
        read = await panel.http.get("/status")
        await panel.http.delete("/sessions/current")
        after = await panel.http.get("/status")

        assert [*statuses, read.status_code, after.status_code] == [422, 201, 200, 401]
        assert read.json()["replica_version"] == t.replica.version

    play_panel(tmp_path, script)


def test_nobody_opens_without_card_and_pin_or_without_a_reason(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        statuses = [await panel.enter("2581"), (await panel.open()).status_code]
        panel.http.headers["Operator-Session"] = "guessed"
        statuses.append((await panel.open()).status_code)
        await panel.enter()
        statuses.append((await panel.open(reason="for Mr Wang")).status_code)
        del panel.http.headers["Authorization"]
        statuses.append((await panel.open()).status_code)

        assert statuses == [401, 422, 401, 422, 401]
        assert t.gates[1].commands_executed == 0
        assert await t.facts(CommandAskedHere, CommandAnswered) == []

    play_panel(tmp_path, script)


def test_a_lockdown_stands_above_an_operator_but_not_on_the_way_out(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        await panel.enter()
        t.hear(lockdown="night")
        panel.hear(operator())

        answers = [(await panel.open(point)).json() for point in ("front", "exit", "elsewhere")]

        assert answers == [
            {"outcome": "refused", "refusal": "locked_down"},
            {"outcome": "done", "refusal": None},
            {"outcome": "refused", "refusal": "not_here"},
        ]

    play_panel(tmp_path, script, LOCKED)


def test_whoever_was_struck_off_is_refused_once_the_terminal_has_heard(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        await panel.enter()
        panel.hear()

        assert [(await panel.open()).status_code, await panel.enter()] == [401, 401]
        assert t.gates[1].commands_executed == 0

    play_panel(tmp_path, script)


def test_rights_that_end_at_a_date_end_with_nobody_to_say_so(tmp_path: Path) -> None:
    async def script(t: Terminal, panel: Panel) -> None:
        who = operator(valid_until=t.now + timedelta(hours=1))
        panel.hear(who)
        await panel.enter()
        t.wait(3600)

        late = await panel.open()

        assert (late.status_code, await panel.enter()) == (403, 403)
        assert "administrator" in late.json()["detail"]

    play_panel(tmp_path, script)


def test_before_commands_are_read_from_the_disk_nothing_is_opened(tmp_path: Path) -> None:
    async def act(t: Terminal) -> None:
        async with panel(t, is_started=False) as made:
            made.hear(operator())
            await made.enter()

            early = await made.open()

            assert (early.status_code, t.gates[1].commands_executed) == (503, 0)

    play(tmp_path, act)
