"""The conformance run: each step, what was sent, what came, pass or fail and why.

What makes the device unusable fails; what the driver survived passes with a finding.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from drivers.base import (
    Closeable,
    CommandRejectedError,
    Driver,
    DriverError,
    Observation,
)
from drivers.bus import Bus
from drivers.conformance.commands import commands_of
from drivers.conformance.evidence import Evidence, Exchange
from drivers.conformance.hints import hints, network_hints
from drivers.conformance.report import Report, Step, shortened
from drivers.protocols import spaced_hex
from drivers.registry import create, simulated_line
from drivers.simulation import Simulation
from drivers.turns import UnitCounts

IDLE_POLL_COUNT: Final = 20
POLL_PAUSE_S: Final = 0.02
SETTLE_S: Final = 2.0
QUIET_POLL_COUNT: Final = 6
TRY_COUNT: Final = 5
TRY_PAUSE_S: Final = 0.3
TRY_S_MAX: Final = 8.0
"""A device that has failed for so long is not tried again: somebody waits for the verdict."""
STIMULUS_S: Final = 2.0
"""For each of ``TRY_COUNT`` times that a hand does something."""
NOTICE_S: Final = 15.0
RETURN_S: Final = 20.0
SHARE_FAILING_MAX: Final = 0.5
NETWORK_SCHEMES: Final = ("http://", "https://")
"""What goes over them is text, and the network repairs what is damaged."""

_Result = TypeVar("_Result")
Say = Callable[[Step], None]


class _Failed(Exception):  # noqa: N818 - an outcome of a step, never seen outside
    """The step did not pass; the text says why."""


class Run:
    """One run with one device; see ``run``."""

    def __init__(
        self,
        report: Report,
        bus: Bus,
        driver: Driver,
        say: Say | None,
        simulation: Simulation | None,
    ) -> None:
        self.report, self.bus, self.driver = report, bus, driver
        self.evidence = Evidence()
        self.errors: list[str] = []
        self.first_kinds: frozenset[str] = frozenset()
        self._simulation = simulation
        self._struck = {} if simulation is None else dict(simulation.struck)
        self._say, self._is_disturbed = say, False
        self._is_network = bus.port.startswith(NETWORK_SCHEMES)
        bus.tap(self.evidence)

    async def step(self, name: str, work: Callable[[], Awaitable[str]]) -> bool:
        """Do one step; its work returns a finding, or raises. Returns whether it passed."""
        begin, passed = self.evidence.count, True
        try:
            finding = await work()
        except (_Failed, DriverError) as error:
            passed, finding = False, str(error)
        exchanges = self.evidence.since(begin)
        if not passed and (known := self._hints(exchanges, [finding])):
            finding = f"{finding}; {known[0]}"
        sent = self._shown(e.request for e in exchanges)
        self._add(Step(name, passed, sent, self._shown(e.received for e in exchanges), finding))
        return passed

    def skip(self, name: str, why: str) -> None:
        """Say that a step was not tried."""
        self._add(Step(name, passed=True, finding=why, is_skipped=True))

    async def tried(self, work: Callable[[], Awaitable[_Result]]) -> tuple[_Result, int]:
        """Return what the work returns and how often it failed before.

        Raises:
            DriverError: It failed every time.
        """
        began_s = time.monotonic()
        for attempt in range(TRY_COUNT):
            try:
                return await work(), attempt
            except CommandRejectedError:
                raise
            except DriverError as error:
                self.errors.append(str(error))
                if attempt == TRY_COUNT - 1 or time.monotonic() - began_s > TRY_S_MAX:
                    raise
                await asyncio.sleep(TRY_PAUSE_S)
        raise AssertionError("unreachable")

    async def start_and_poll(self) -> list[Observation]:
        """Set the device up and read it once."""
        await self.driver.start()
        return list(await self.driver.poll())

    async def settle(self) -> list[Observation]:
        """Poll until all that a device says when it is set up has come."""
        found: list[Observation] = []
        quiet_count, deadline_s = 0, time.monotonic() + SETTLE_S
        while quiet_count < QUIET_POLL_COUNT and time.monotonic() < deadline_s:
            try:
                new = list(await self.driver.poll())
            except DriverError as error:
                self.errors.append(str(error))
                await self._again()
                continue
            found += new
            quiet_count = 0 if new else quiet_count + 1
            await asyncio.sleep(POLL_PAUSE_S)
        return found

    async def poll_until(self, wanted: str, limit_s: float) -> list[Observation]:
        """Poll until an observation of a kind is reported.

        Raises:
            _Failed: It was not, in time.
        """
        deadline_s = time.monotonic() + limit_s
        seen: list[Observation] = []
        while time.monotonic() < deadline_s:
            try:
                seen += await self.driver.poll()
            except DriverError as error:
                self.errors.append(str(error))
                await self._again()
            if any(type(observation).__name__ == wanted for observation in seen):
                return seen
            await asyncio.sleep(POLL_PAUSE_S)
        last = f"; last error: {self.errors[-1]}" if self.errors else ""
        raise _Failed(f"no {wanted} was reported in {limit_s:.0f} s{last}")

    async def _again(self) -> None:
        """Set a device up anew after an error, as the edge does."""
        await asyncio.sleep(TRY_PAUSE_S)
        try:
            await self.driver.start()
        except DriverError as error:
            self.errors.append(str(error))

    def _of_simulated_line(self) -> list[str]:
        """Return what the simulated line did in this run, if nothing else has named it."""
        if self._simulation is None:
            return []
        said = {finding.partition(":")[0] for finding in self.report.findings}
        active = self._simulation.active_faults
        return [
            _of_fault(kind, count, passed=self.report.passed)
            for kind, total in sorted(self._simulation.struck.items())
            if (count := total - self._struck.get(kind, 0)) or kind in active
            if kind not in said
        ]

    def _hints(
        self, exchanges: Sequence[Exchange], errors: Sequence[str], **known: bool
    ) -> list[str]:
        of_line = network_hints if self._is_network else hints
        return of_line(exchanges, errors, **known)

    def _shown(self, pieces: Iterable[bytes]) -> str:
        """Return bytes for people: hexadecimal, or the words of a protocol that is text."""
        in_words = _text if self._is_network else spaced_hex
        return shortened(" | ".join(in_words(piece) for piece in pieces if piece))

    def _add(self, step: Step) -> None:
        self.report.steps.append(step)
        if self._say is not None:
            self._say(step)

    def note_disturbances(self) -> None:
        """Remember whether any exchange has failed, before we pull the cable ourselves."""
        counts = [self.bus.counts(unit_id) for unit_id in self.bus.units]
        self._is_disturbed = bool(self.errors) or any(map(_has_failed, counts))

    def finish(self) -> None:
        """Add what the evidence of the whole run means, and what a simulated line did to it."""
        exchanges = list(self.evidence.exchanges)
        self.report.findings += self._hints(
            exchanges,
            self.errors,
            is_understood=self.report.passed,
            is_disturbed=self._is_disturbed,
        )
        self.report.findings += getattr(self.driver, "findings", [])
        self.report.findings += self._of_simulated_line()
        answered = sorted(
            exchange.pieces[-1][0] * 1000
            for exchange in exchanges
            if exchange.request and exchange.pieces
        )
        if answered:
            self.report.latency_ms = {
                "least": round(answered[0], 1),
                "median": round(statistics.median(answered), 1),
                "longest": round(answered[-1], 1),
            }
        if self.errors and not self.report.findings:
            self.report.findings.append(
                f"errors: {len(self.errors)} calls failed and were repeated; the last: "
                f"{self.errors[-1]}"
            )


async def run(
    driver_name: str,
    bus: Bus,
    settings: Mapping[str, object],
    *,
    began_at: str,
    simulation: Simulation | None = None,
    has_commands: bool = False,
    say: Say | None = None,
) -> Report:
    """Test a device.

    Args:
        driver_name: Of the registry.
        bus: The line, used by nobody else; not closed here.
        settings: Of the driver.
        began_at: For the report.
        simulation: The far end, when it is one of ours: then hands and faults are tried too.
        has_commands: Try what moves something or opens a door; a simulator always does.
        say: Told of every step when it is done.

    Raises:
        ValueError: No such driver, or a setting is wrong; one line.
    """
    driver = create(driver_name, bus, settings)
    report = Report(driver_name, bus.port, began_at, settings=dict(settings))
    this = Run(report, bus, driver, say, simulation)
    try:
        if await this.step("the device answers and is set up", lambda: _answers(this)):
            await this.step("an idle device reports nothing", lambda: _idles(this, simulation))
            if simulation is not None:
                await _stimulate(this, simulation)
            await _command(this, simulation, has_commands=has_commands)
            this.note_disturbances()
            if simulation is not None:
                await _lose(this, simulation)
        else:
            this.note_disturbances()
    finally:
        if isinstance(driver, Closeable):
            await driver.close()
    this.finish()
    return report


async def _answers(this: Run) -> str:
    found, failed_count = await this.tried(this.start_and_poll)
    found += await this.settle()
    this.first_kinds = _kinds(found)
    words = ", ".join(sorted(this.first_kinds)) or "nothing"
    tries = f"; it took {failed_count + 1} tries" if failed_count else ""
    return f"the first poll reports {words}{tries}"


async def _idles(this: Run, simulation: Simulation | None) -> str:
    failed_count, seen = 0, list[Observation]()
    for _ in range(IDLE_POLL_COUNT):
        try:
            seen += await this.driver.poll()
        except DriverError as error:
            failed_count += 1
            this.errors.append(str(error))
            await this._again()  # noqa: SLF001 - the same module's own object
        await asyncio.sleep(POLL_PAUSE_S)
    if failed_count > SHARE_FAILING_MAX * IDLE_POLL_COUNT:
        raise _Failed(f"{failed_count} of {IDLE_POLL_COUNT} polls failed: {this.errors[-1]}")
    # After an error a driver may report all again: what it knew was stale.
    if seen and simulation is not None and not failed_count:
        raise _Failed(f"the driver reports {seen[0]} although nothing happened")
    moved = f"{len(seen)} changes were seen meanwhile" if seen else ""
    failing = f"{failed_count} of {IDLE_POLL_COUNT} polls failed" if failed_count else ""
    return "; ".join(text for text in (failing, moved) if text)


async def _stimulate(this: Run, simulation: Simulation) -> None:
    is_hopeful = True
    for action, arguments, wanted in getattr(simulation.simulator, "STIMULI", ()):

        async def work(
            action: str = action,
            arguments: Mapping[str, Any] = arguments,
            wanted: str = wanted,
            tries: int = TRY_COUNT if is_hopeful else 1,
        ) -> str:
            simulation.act(action, arguments)
            # A reader's frame that noise ate is shown again, as a person would; not for each of
            # the things that a mute device does not say.
            for _ in range(tries):
                try:
                    await this.poll_until(wanted, STIMULUS_S)
                except _Failed as error:
                    failure = error
                    simulation.act(action, arguments)
                else:
                    return ""
            raise failure

        words = ", ".join(f"{key} {value}" for key, value in arguments.items())
        name = f"{action}{f' ({words})' if words else ''} is reported"
        is_hopeful = await this.step(name, work) and is_hopeful


async def _command(this: Run, simulation: Simulation | None, *, has_commands: bool) -> None:
    for name, command in commands_of(this.driver).items():
        if simulation is None and not has_commands:
            this.skip(name, "not asked for: it moves something")
            continue

        async def work(command: Callable[[], Awaitable[object]] = command) -> str:
            before = None if simulation is None else simulation.state()
            _, failed_count = await this.tried(command)
            if simulation is not None:
                await _until_changed(simulation, before)
            return f"it took {failed_count + 1} tries" if failed_count else ""

        await this.step(name, work)


async def _until_changed(simulation: Simulation, before: object) -> None:
    """Wait until the device has done something.

    Raises:
        _Failed: Its state is as it was: it has not heard the command, or does not obey it.
    """
    deadline_s = time.monotonic() + 2.0
    while simulation.state() == before:
        if time.monotonic() >= deadline_s:
            raise _Failed("the device did nothing: mute, or the command did not reach it")
        await asyncio.sleep(POLL_PAUSE_S)


async def _lose(this: Run, simulation: Simulation) -> None:
    """Pull the cable, and plug it in again."""

    async def notice() -> str:
        began_s = time.monotonic()
        simulation.set_fault({"kind": "unplug", "on": True})
        while time.monotonic() < began_s + NOTICE_S:
            try:
                await this.driver.poll()
            except DriverError:
                return f"after {time.monotonic() - began_s:.1f} s"
            await asyncio.sleep(POLL_PAUSE_S)
        raise _Failed(f"polls still succeed {NOTICE_S:.0f} s after the cable was pulled")

    async def come_back() -> str:
        began_s = time.monotonic()
        simulation.set_fault({"kind": "unplug", "on": False})
        while True:
            try:
                found = await this.start_and_poll()
            except DriverError:
                if time.monotonic() > began_s + RETURN_S:
                    raise
                await asyncio.sleep(TRY_PAUSE_S)
            else:
                break
        returned_s = time.monotonic() - began_s
        missing = this.first_kinds - _kinds(found)
        if missing and (missing := missing - _kinds(await this.settle())):
            raise _Failed(f"what the driver knew before is taken for current: {', '.join(missing)}")
        return f"after {returned_s:.1f} s"

    name = "a pulled cable is noticed"
    # Who dials in may hang up: only its heartbeat, minutes apart, tells that it has gone.
    if not this.bus.port.startswith("listen://"):
        await this.step(name, notice)
    else:
        this.skip(name, "over this transport nobody can tell a silent device from an absent one")
        simulation.set_fault({"kind": "unplug", "on": True})
    await this.step("the device comes back", come_back)


def _kinds(found: Iterable[Observation]) -> frozenset[str]:
    return frozenset(type(observation).__name__ for observation in found)


def _of_fault(kind: str, count: int, *, passed: bool) -> str:
    """Return what a fault that was asked for has done."""
    text = simulated_line().FAULTS[kind].text
    if not count:
        return f"{kind}: it struck nothing: the device said too little; --fault {kind}:1 is surer"
    survived = ", and the driver lived with it" if passed else ""
    return f"{kind}: {text}; the simulated line did that {count} times{survived}"


def _has_failed(counts: UnitCounts) -> bool:
    return bool(counts.noise or counts.timed_out)


def _text(data: bytes) -> str:
    return " ".join(data.decode("utf-8", "replace").split())
