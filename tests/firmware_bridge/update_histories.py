"""Histories of a board that is updated while everything goes wrong, and what must hold after each.

More than the tests take: ``python -m tests.firmware_bridge.update_histories --examples 2000``.
"""

import argparse
import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from config.contract.board_events import UpdateOutcome
from firmware_bridge.group import Configuration
from firmware_bridge.update import Update
from firmware_bridge.update_steps import UpdateProgress, UpdateResult
from tests.config.images import signed
from tests.firmware_bridge.virtual_board import (
    KEYS,
    NEW,
    OLD,
    RULES,
    Faults,
    VirtualBoard,
    broken,
    hash_of,
)

GOOD: Final = {"old": OLD, "new": NEW, "newest": signed(version="3.0.0", body=b"3" * 1800)}
BROKEN: Final = {
    word: broken(word) for word in ("unhealthy", "mute", "hangs", "does_not_start", "stays_safe")
}
BAD: Final = {
    "unsigned": signed(version="4.0.0", key=None),
    "foreign": signed(version="4.0.0", key="stranger"),
    "for another board": signed(version="4.0.0", hw=99),
    "cut off": NEW[:-1],
}
IMAGES: Final = GOOD | BROKEN | BAD
GOOD_HASHES: Final = {hash_of(data) for data in GOOD.values()}
TRIAL_S: Final = 10.0

SHARES: Final = st.sampled_from([0.0, 0.0, 0.0, 0.02, 0.1])
FAULTS: Final = st.builds(
    Faults,
    lost_requests=SHARES,
    lost_answers=SHARES,
    damaged=SHARES,
    repeated=SHARES,
    late=SHARES,
)
LIES: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]]] = {
    "nothing": lambda values: {},
    "silence": lambda values: None,
    "refusal": lambda values: {"err": {"group": 1, "rc": 9}},
    "other start": lambda values: values | {"boot": 77},
    "further": lambda values: values | {"off": 100_000},
    "from the beginning": lambda values: values | {"off": 0},
    "unwell": lambda values: values | {"health": 255},
    "other hash": lambda values: values | {"hash": bytes(32)},
    "no images": lambda values: values | {"images": []},
    "other serial number": lambda values: values | {"sn": "SN2"},
    "swapped": lambda values: _swapped(values),
}
PLANS: Final = st.dictionaries(
    st.integers(1, 90),
    st.sampled_from(
        ["power", "power in a write", "watchdog", "cut link", "link", "fire", "no fire"]
    )
    | st.sampled_from([f"lie: {lie}" for lie in LIES]),
    max_size=3,
)
"""What happens at which request of an update."""


def _swapped(values: dict[str, Any]) -> dict[str, Any]:
    images = values.get("images", [])
    flags = ("confirmed", "pending", "active")
    return values | {"images": [i | {flag: not i.get(flag) for flag in flags} for i in images]}


class Histories(RuleBasedStateMachine):
    """One board over many updates."""

    def __init__(self) -> None:
        super().__init__()
        self.board = VirtualBoard()
        self.board.run(lambda: self.board.client.configure(Configuration(trial_ms=10_000)))
        self.told: UpdateProgress | None = None
        self.has_lied = False
        self._is_fire = False

    @rule(name=st.sampled_from(sorted(IMAGES)), faults=FAULTS, plan=PLANS)
    def update(self, name: str, faults: Faults, plan: dict[int, str]) -> None:
        """Update it."""
        result = self._follow(lambda u: u.update(IMAGES[name], keys=KEYS), faults, plan)
        self._check(result)
        if name in BAD:
            assert result is None or result.outcome is UpdateOutcome.REFUSED

    @rule(faults=FAULTS, plan=PLANS)
    def roll_back(self, faults: Faults, plan: dict[int, str]) -> None:
        """Roll it back."""
        self._check(self._follow(lambda u: u.roll_back(), faults, plan))

    @rule(name=st.sampled_from(sorted(GOOD)), at=st.integers(1, 90), is_kept=st.booleans())
    def end_process(self, name: str, at: int, is_kept: bool) -> None:
        """Let the process end in an update, and another one go on, that may know where it was."""
        plan = {at: "end"}
        result = self._follow(lambda u: u.update(IMAGES[name], keys=KEYS), Faults(), plan)
        told = self.told if is_kept else None
        if result is None:
            result = self._follow(
                lambda u: u.update(IMAGES[name], keys=KEYS), Faults(), {}, interrupted=told
            )
        self._check(result)

    @rule()
    def switch_power(self) -> None:
        """Switch its power off and on."""
        self.board.board.power(is_on=False)
        self.board.pass_time(1.0)
        self.board.board.power(is_on=True)
        self.board.pass_time(1.0)

    @invariant()
    def runs_what_is_good(self) -> None:
        """It starts, and what stays is good; a trial that nobody follows is over by itself."""
        self.board.pass_time(2.0)
        assert not self.board.board.is_unbootable
        if self.board.is_on_trial or self.board.board.running is None:
            self.board.pass_time(2 * TRIAL_S)
        assert not self.board.is_on_trial
        assert self.board.board.running is not None
        assert self.board.board.running.hash in GOOD_HASHES

    def _check(self, result: UpdateResult | None) -> None:
        board = self.board
        assert result is not None
        assert "\n" not in result.detail
        assert bool(result.detail) == (result.outcome is not UpdateOutcome.CONFIRMED)
        if self.has_lied or board.faults.is_cut:
            return
        assert board.board.application is None or not board.is_on_trial or not result.running
        if result.running and board.runs:
            assert result.running == board.runs
        if result.outcome is UpdateOutcome.CONFIRMED:
            assert board.runs == result.running

    def _follow(
        self,
        act: Callable[[Update], Awaitable[UpdateResult]],
        faults: Faults,
        plan: dict[int, str],
        *,
        interrupted: UpdateProgress | None = None,
    ) -> UpdateResult | None:
        """Return how an update ended; None: with its process."""
        board = self.board
        board.faults = dataclasses.replace(faults)
        self.told, self._is_fire = None, False
        self.has_lied = any(what.startswith("lie") for what in plan.values())
        board.heard.clear()

        def on_progress(told: UpdateProgress) -> None:
            self.told = told

        async def doings() -> UpdateResult | None:
            update = board.update(
                may_begin=lambda: not self._is_fire,
                on_progress=on_progress,
                interrupted=interrupted,
                rules=dataclasses.replace(RULES, trial_s=TRIAL_S),
            )
            task = asyncio.ensure_future(act(update))
            loop = asyncio.get_running_loop()
            end = lambda: loop.call_soon_threadsafe(task.cancel)  # noqa: E731 - a callback
            board.happens = lambda group, command: self._happens(plan, end)
            await asyncio.wait([task])
            board.happens = lambda group, command: None
            board.lie = lambda group, command, values: values
            return None if task.cancelled() else task.result()

        return board.run(doings)

    def _happens(self, plan: dict[int, str], end: Callable[[], object]) -> None:
        number = len(self.board.heard)
        board = self.board
        board.lie = lambda group, command, values: values
        match plan.get(number, ""):
            case "power":
                board.board.power(is_on=False)
                board.board.power(is_on=True)
            case "power in a write":
                board.board.cut_power(after_operations=number % 5)
            case "watchdog":
                board.board.restart()
            case "cut link":
                board.faults.is_cut = True
            case "fire":
                self._is_fire = True
            case "no fire":
                self._is_fire = False
            case "end":
                end()
            case lie if lie.startswith("lie: "):
                word = lie.removeprefix("lie: ")
                board.lie = lambda group, command, values: LIES[word](values)
            case _:
                pass
        # What begins ends, too: nothing lasts for more than twenty requests.
        if any(plan.get(number - 20) == what for what in ("fire", "cut link")):
            self._is_fire = board.faults.is_cut = False


def run(example_count: int, *, step_count: int) -> None:
    """Let so many histories happen, with so many steps each."""
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=example_count,
            stateful_step_count=step_count,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main() -> None:
    """Take the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    run(parser.parse_args().examples, step_count=8)


if __name__ == "__main__":
    main()
