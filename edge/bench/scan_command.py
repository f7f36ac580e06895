"""``menshen device scan``: who is on a line, at which address, baud rate and parity."""

import asyncio
import dataclasses
import json
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from drivers import scan as scanning
from drivers.decoding import drivers_of
from drivers.scan import Found, LineSetting, Plan, Tally
from drivers.scan_probes import BITS_PER_CHARACTER, KINDS, Probe, behind_answer, modbus
from drivers.transport import LineError, Transport, open_transport
from edge.bench.line_options import Json
from edge.bench.live_line import ended_by_signal

SILENCE_CHARACTERS: Final = 3.5
SILENCE_S_MIN: Final = 0.002
ANNOUNCED_S: Final = 15.0
SETTLE_S_MAX: Final = 0.2
"""Somebody who talks all the time must not stop a scan."""
RECEIVED_SIZE_BYTES_MAX: Final = 4096
LISTEN_STEP_S: Final = 0.2

ONVIF: Final = "onvif"
Protocol = Annotated[
    str, typer.Option("--protocol", help=f"One of: {', '.join([*KINDS, ONVIF])} (cameras here).")
]
WantedPort = Annotated[
    str,
    typer.Option(
        "--port", help="As of `menshen device test`; with onvif HOST:PORT, or nothing for all."
    ),
]
Bauds = Annotated[
    list[int] | None, typer.Option("--baud", help="Try only this; repeatable. Else usual ones.")
]
Parities = Annotated[
    list[str] | None, typer.Option("--parity", help="Try only N, E or O; repeatable.")
]
Units = Annotated[str, typer.Option("--units", help="Addresses to ask, as 1-32,40.")]
Patience = Annotated[
    float | None,
    typer.Option("--patience-ms", min=5, max=5000, help="A device's longest time to answer."),
]
ListenSeconds = Annotated[
    float, typer.Option("--listen-seconds", min=0.1, max=3600, help="With listen: per setting.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="Go on after the first baud rate that is answered at.")
]


def scan(
    *,
    port: WantedPort = "",
    protocol: Protocol = "modbus",
    baud: Bauds = None,
    parity: Parities = None,
    units: Units = "",
    patience_ms: Patience = None,
    listen_seconds: ListenSeconds = 3.0,
    everything: Everything = False,
    as_json: Json = False,
) -> None:
    """Find devices: every question only reads. Ctrl-C ends it with what was found until then.

    Exit code 0 only if somebody was found.
    """
    if protocol == ONVIF:
        _find_cameras(port, listen_seconds, as_json=as_json)
    if not port:
        raise typer.BadParameter(
            "give the line's --port; `menshen device list` shows what there is"
        )
    is_serial = "://" not in port or port.startswith("rfc2217://")
    try:
        plan = scanning.plan(
            protocol,
            baudrates=baud or (),
            parities=parity or (),
            units=units,
            is_serial=is_serial,
            patience_s=None if patience_ms is None else patience_ms / 1000,
        )
        console = Console(stderr=True, highlight=False)
        with (
            ended_by_signal() as ended,
            Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ):
            task = progress.add_task(protocol, total=plan.step_count)
            scanner = Scanner(
                port,
                plan,
                ended,
                listen_s=listen_seconds,
                is_thorough=everything,
                begin=lambda: _announce(console, plan),
                step=lambda words: progress.update(task, advance=1, description=words),
            )
            tallies = scanner.run()
    except (LineError, ValueError) as error:
        raise typer.TyperException(str(error)) from error
    found = [one for tally in tallies for one in tally.found]
    conclusions = scanning.judge(tallies)
    if scanner.problem:
        conclusions.insert(0, f"the scan ended early: {scanner.problem}")
    elif ended.is_set():
        conclusions.insert(0, "the scan was ended before it was done")
    _print(port, found, conclusions, is_serial=is_serial, as_json=as_json)
    raise typer.Exit(0 if found else 1)


def _find_cameras(where: str, listen_s: float, *, as_json: bool) -> NoReturn:
    """Ask all cameras of the network, or one address, and say who answered."""
    host, colon, number = where.rpartition(":")
    if where and (not colon or not host or not number.isdecimal() or int(number) > 65_535):
        raise typer.BadParameter(f"with onvif a --port is HOST:PORT, not {where!r}")
    asked = {"group": host, "port": int(number)} if where else {}
    # Not at the top: the driver's library takes a second to load.
    discover = import_module("drivers.onvif").discover
    try:
        found = asyncio.run(discover(listen_s, **asked))
    except OSError as error:
        why = error.strerror or error
        raise typer.TyperException(
            f"no camera can be asked for: {why}; is a network up?"
        ) from error
    if as_json:
        rows = [{"protocol": ONVIF, "address": url, "likely": [ONVIF]} for url in found]
        typer.echo(json.dumps({"port": where, "found": rows, "conclusions": []}))
    for url in [] if as_json else found:
        typer.echo(f"{url} (onvif); likely drivers: onvif")
    if not found and not as_json:
        typer.echo("* no camera answered: is it in this network, and ONVIF switched on in it?")
    raise typer.Exit(0 if found else 1)


class Scanner:
    """Carries a plan out on a real line.

    Attributes:
        problem: Why it ended early, other than by hand; empty if it did not.
    """

    def __init__(
        self,
        port: str,
        plan: Plan,
        ended: threading.Event,
        *,
        listen_s: float,
        is_thorough: bool,
        begin: Callable[[], None] = lambda: None,
        step: Callable[[str], None] = lambda words: None,
    ) -> None:
        """Prepare a scan.

        Args:
            port: As of ``drivers.transport.open_transport``.
            plan: What to try.
            ended: Looked at before each question.
            listen_s: At each setting, where the plan has no questions.
            is_thorough: Go on after the first setting that is answered at.
            begin: Called once, when the port is open.
            step: Told after each question where it stands.
        """
        self._port, self._plan, self._ended = port, plan, ended
        self._listen_s, self._is_thorough = listen_s, is_thorough
        self._begin, self._step = begin, step
        self._answered = ""
        self.problem = ""

    def run(self) -> list[Tally]:
        """Return what happened at each setting that was tried.

        Raises:
            LineError: The port cannot be opened at all.
        """
        tallies = list[Tally]()
        for setting in self._plan.settings:
            if self._ended.is_set():
                break
            try:
                transport = open_transport(
                    self._port, baudrate=setting.baudrate, parity=setting.parity
                )
            except LineError as error:
                if not tallies:
                    raise
                self.problem = str(error)
                break
            if not tallies:
                self._begin()
            tally = Tally(setting)
            tallies.append(tally)
            try:
                self._try(transport, setting, tally)
            except LineError as error:
                self.problem = str(error)
                break
            finally:
                transport.close()
            if tally.found and not self._is_thorough:
                break
        return tallies

    def _try(self, transport: Transport, setting: LineSetting, tally: Tally) -> None:
        if not self._plan.probes:
            self._listen(transport, setting, tally)
            return
        for probe in self._plan.probes:
            if self._ended.is_set():
                return
            received = self._ask(transport, tally, probe)
            answer = tally.add(self._plan, probe, received)
            if answer is not None:
                tally.found[-1] = self._identified(transport, tally, tally.found[-1])
                self._settle(transport, tally)
            count = len(tally.found)
            self._step(f"{setting}, {probe.address}: {count} found")

    def _ask(self, transport: Transport, tally: Tally, probe: Probe) -> bytes:
        """Return all that came until the answer was whole or its time was over."""
        self._settle(transport, tally)
        transport.send(probe.request)
        deadline_s = time.monotonic() + self._plan.timeout_s(probe, tally.setting)
        received = b""
        while (left_s := deadline_s - time.monotonic()) > 0:
            received = (received + transport.receive(timeout_s=left_s))[-RECEIVED_SIZE_BYTES_MAX:]
            rest = received.removeprefix(probe.request)
            if probe.recognise(rest) is not None:
                self._answered = probe.address
                self._note_behind(tally, behind_answer(probe, rest))
                break
        return received

    def _settle(self, transport: Transport, tally: Tally) -> None:
        """Wait for silence: what still comes stands behind the last answer."""
        silence_s = SILENCE_CHARACTERS * BITS_PER_CHARACTER / tally.setting.baudrate
        settled_s = time.monotonic() + SETTLE_S_MAX
        while time.monotonic() < settled_s and (
            data := transport.receive(timeout_s=max(SILENCE_S_MIN, silence_s))
        ):
            self._note_behind(tally, data)
        self._answered = ""

    def _note_behind(self, tally: Tally, data: bytes) -> None:
        if self._answered and data:
            tally.behind[self._answered] = tally.behind.get(self._answered, b"") + data

    def _identified(self, transport: Transport, tally: Tally, found: Found) -> Found:
        """Return what was found with the drivers that it may be for."""
        if self._plan.protocol != "modbus":
            likely = drivers_of(self._plan.protocol)
            return dataclasses.replace(found, likely=tuple(likely))
        unit_id = int(found.address.removeprefix("unit "))
        replies = [
            scanning.modbus_reply(
                unit_id, function, self._ask(transport, tally, modbus(unit_id, function))
            )
            for function in scanning.READ_FUNCTIONS
        ]
        pattern = scanning.modbus_pattern(replies)
        names = ("coils", "inputs", "holding registers", "input registers")
        words = ", ".join(f"{name}: {how}" for name, how in zip(names, pattern, strict=True))
        likely = scanning.likely_modbus_drivers(pattern)
        return dataclasses.replace(found, text=words, likely=tuple(likely))

    def _listen(self, transport: Transport, setting: LineSetting, tally: Tally) -> None:
        pieces = list[tuple[float, bytes]]()
        ends_s = time.monotonic() + self._listen_s
        while (now_s := time.monotonic()) < ends_s and not self._ended.is_set():
            if data := transport.receive(timeout_s=min(LISTEN_STEP_S, ends_s - now_s)):
                pieces.append((now_s, data))
        heard = scanning.heard(setting, pieces)
        tally.found, tally.garbled = heard.found, heard.garbled
        tally.silent_count = heard.silent_count
        self._step(f"{setting}: {len(tally.found)} found")


def _announce(console: Console, plan: Plan) -> None:
    if plan.longest_s > ANNOUNCED_S:
        words = f"{plan.step_count} questions, at most {plan.longest_s / 60:.1f} minutes"
        console.print(f"{words}; Ctrl-C ends with what was found")


def _print(
    port: str, found: list[Found], conclusions: list[str], *, is_serial: bool, as_json: bool
) -> None:
    if as_json:
        rows = [
            {
                "protocol": one.protocol,
                "address": one.address,
                "baud": one.setting.baudrate if is_serial else None,
                "parity": one.setting.parity if is_serial else None,
                "text": one.text,
                "likely": list(one.likely),
            }
            for one in found
        ]
        answer = {"port": port, "found": rows, "conclusions": conclusions}
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for one in found:
        setting = f" at {one.setting}" if is_serial else ""
        likely = f"; likely drivers: {', '.join(one.likely)}" if one.likely else ""
        typer.echo(f"{one.address}{setting} ({one.protocol}): {one.text}{likely}")
    for conclusion in conclusions:
        typer.echo(f"* {conclusion}")
