"""Operators' commands through a real lane and a simulated gate: what opens, and what never does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.contract import access_events as events
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import (
    HoldOpen,
    NodeCommand,
    OpenOnce,
    ReconnectDevice,
    Secure,
    Wanted,
)
from config.contract.events import AccessGranted, AccessTaken
from drivers.base import Side
from drivers.simulators.speed_gate import CONTROLLED, FREE
from edge.access.happenings import FireChanged
from edge.access.question import Granted, Override
from edge.commands.carrying import DONE, Hands
from edge.commands.desk import Carried
from edge.commands.holds import Holds
from edge.commands.store import CommandsStore
from tests.config.contract.test_commands import command
from tests.edge.conftest import eventually
from tests.system.access_terminal import Terminal, play

LOCKED: dict[str, Any] = {"lockdown_levels": [{"id": "night", "priority": 10}]}
REFUSED = Carried(CommandOutcome.REFUSED, CommandRefusal.LOCKED_DOWN)
STILL_RELEASED = Carried(CommandOutcome.REFUSED, CommandRefusal.FIRE_RELEASE)
Script = Callable[[Terminal, "Guard"], Awaitable[None]]


class Guard:
    """Somebody at central, whose commands arrive."""

    def __init__(self, terminal: Terminal, store: CommandsStore) -> None:
        self.terminal = terminal
        lanes, devices = terminal.made.lanes, terminal.made.devices
        self.holds = Holds(
            lanes, store, take=terminal.keeper.take, now=lambda: terminal.now, check_interval_s=0.01
        )
        terminal.keeper.when_shared(self.holds.wake)
        self.holds.resume(store.load().holds)
        self._hands = Hands(lanes, devices, self.holds, lambda: None)

    async def asks(self, what: Wanted) -> Carried:
        return await self._hands.carry_out(self.command(what))

    def command(self, what: Wanted) -> NodeCommand:
        return command(what=what)

    def hold(self, point: str = "front", minutes: int = 10) -> HoldOpen:
        return HoldOpen(access_point=point, until=self.terminal.now + timedelta(minutes=minutes))


@contextlib.asynccontextmanager
async def guarded(terminal: Terminal) -> AsyncIterator[Guard]:
    store = CommandsStore(terminal.folder / "commands.sqlite3")
    guard = Guard(terminal, store)
    task = asyncio.create_task(guard.holds.run())
    try:
        yield guard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        store.close()


def guarded_play(folder: Path, script: Script, model: dict[str, Any] | None = None) -> None:
    async def act(terminal: Terminal) -> None:
        async with guarded(terminal) as guard:
            await script(terminal, guard)

    play(folder, act, model or {})


def mode(terminal: Terminal, side: Side = Side.IN) -> int:
    return int(terminal.gates[1].modes[side])


def test_a_guard_lets_one_person_through(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        answer = await guard.asks(OpenOnce(access_point="front"))
        await t.pass_()

        assert (answer, t.gates[1].authorised[Side.IN]) == (DONE, 1)
        granted, taken = await t.has(AccessGranted), await t.has(AccessTaken)
        assert granted.holder_id is None
        assert granted.decision_id == taken.decision_id
        assert await t.facts(events.UnauthorisedPassage) == []

    guarded_play(tmp_path, script)


def test_a_lockdown_stands_above_a_guard_but_not_on_the_way_out(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        t.hear(lockdown="night")

        assert await guard.asks(OpenOnce(access_point="front")) == REFUSED
        assert await guard.asks(guard.hold()) == REFUSED
        assert await guard.asks(OpenOnce(access_point="exit")) == DONE

    guarded_play(tmp_path, script, LOCKED)


def test_a_point_is_held_open_until_its_time(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        assert await guard.asks(guard.hold()) == DONE
        assert mode(t) == FREE
        assert await t.card("nobody known") == Granted(None, override=Override.HELD_OPEN)
        await t.pass_(count=2)

        t.wait(600)
        await eventually(lambda: mode(t) == CONTROLLED)
        assert await t.facts(events.UnauthorisedPassage, events.TailgatingDetected) == []

    guarded_play(tmp_path, script)


def test_a_lockdown_closes_what_is_held_open_while_it_lasts(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        await guard.asks(guard.hold())

        t.hear(lockdown="night")
        await eventually(lambda: mode(t) == CONTROLLED)
        t.hear()
        await eventually(lambda: mode(t) == FREE)

    guarded_play(tmp_path, script, LOCKED)


def test_a_hold_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def first(t: Terminal, guard: Guard) -> None:
        await guard.asks(guard.hold())

    async def second(t: Terminal, guard: Guard) -> None:
        await eventually(lambda: mode(t) == FREE)

    guarded_play(tmp_path, first)
    guarded_play(tmp_path, second)


def test_secure_ends_a_hold_and_no_way_out_or_fire_release(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        await guard.asks(guard.hold())
        t.keeper.take(FireChanged("zone-1", is_active=True))

        answers = [await guard.asks(Secure(access_point=p)) for p in ("front", "exit")]

        assert answers == [STILL_RELEASED, STILL_RELEASED]
        assert mode(t) == CONTROLLED
        assert await t.card("nobody", at="exit") == Granted(None, override=Override.EGRESS)
        assert await t.card("nobody") == Granted(None, override=Override.FIRE)

    guarded_play(tmp_path, script)


def test_a_device_is_set_up_anew(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        t.gates[1].open_time_s = 0

        answer = await guard.asks(ReconnectDevice(device="front-gate"))

        assert (answer, t.gates[1].open_time_s) == (DONE, 5)

    guarded_play(tmp_path, script)


def test_what_this_terminal_lacks_is_refused(tmp_path: Path) -> None:
    async def script(t: Terminal, guard: Guard) -> None:
        refused = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)

        assert await guard.asks(OpenOnce(access_point="elsewhere")) == refused
        assert await guard.asks(Secure(access_point="elsewhere")) == refused
        assert await guard.asks(ReconnectDevice(device="elsewhere")) == refused

    guarded_play(tmp_path, script)
