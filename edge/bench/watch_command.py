"""``menshen device watch``: what goes over a line now, as hexadecimal digits and in words."""

import asyncio
import json
import queue
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from drivers.base import DriverError, Observation
from drivers.decoding import codecs, interpreter, protocols_of
from drivers.meaning import Interpreter, Meaning
from drivers.recorder import observation_fields
from edge.bench.line_options import (
    Baud,
    Parity,
    Setting,
    Stopbits,
    checked_parity,
    driver_settings,
)
from edge.bench.live_line import Line, Live, ended_by_signal
from edge.bench.record_command import (
    Driver,
    PollSeconds,
    Protocol,
    RequiredPort,
    Seconds,
    meaning_line,
)

GAP_CHARACTERS = 30
GAP_S_MIN = 0.05
"""An adapter may hold bytes for 16 ms; a longer silence ends whatever was begun."""
LISTEN_STEP_S = 0.02
JsonLines = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]


def watch(
    *,
    port: RequiredPort,
    driver: Driver = "",
    protocol: Protocol = "",
    setting: Setting = None,
    baud: Baud = 9600,
    parity: Parity = "N",
    stopbits: Stopbits = 1,
    seconds: Seconds = None,
    poll_seconds: PollSeconds = 0.5,
    as_json: JsonLines = False,
) -> None:
    """Show frames live: on a line that is listened to, or of a driver that is run on it.

    Numbers of cards are shown as they are; `menshen device record` replaces them.
    """
    try:
        line = Line(port=port, baudrate=baud, parity=checked_parity(parity), stopbits=stopbits)
        settings = driver_settings(driver, setting or []) if driver else {}
        if setting and not driver:
            raise ValueError("--set is for a --driver")
        watched = Watched(_interpreter(driver, protocol), gap_s=gap_s(baud), as_json=as_json)
        line.check()
        poll_s = poll_seconds if driver else LISTEN_STEP_S
        with ended_by_signal() as ended:
            live = Live(
                tap=watched.tap,
                tell=watched.tell,
                tick=watched.tick,
                is_over=lambda: (
                    ended.is_set() or (seconds is not None and watched.elapsed_s() >= seconds)
                ),
                poll_s=poll_s,
            )
            asyncio.run(live.run(line, driver, settings))
        watched.end()
    except (ValueError, TypeError) as error:
        raise typer.TyperException(str(error)) from error


def gap_s(baudrate: int) -> float:
    """Return the silence after which what was begun is not a frame."""
    return max(GAP_S_MIN, GAP_CHARACTERS * 11 / baudrate)


class Plain:
    """An interpreter that knows no frames: bytes are shown as they came."""

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """See ``Interpreter.hear``."""
        return [Meaning(at_s, is_sent, data, "")]

    def flush(self, *, at_s: float) -> list[Meaning]:
        """See ``Interpreter.flush``."""
        return []


class Watched:
    """Prints what happens on a line, in its order; times are seconds after the start."""

    def __init__(
        self,
        listener: Interpreter,
        *,
        gap_s: float,
        as_json: bool,
        say: Callable[[str], None] = typer.echo,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            listener: Puts bytes into words.
            gap_s: A silence that ends a frame.
            as_json: Lines for programs.
            say: Takes a line.
            monotonic: The bus's clock.
        """
        self._listener, self._gap_s, self._as_json = listener, gap_s, as_json
        self._say, self._monotonic = say, monotonic
        self._began_s = monotonic()
        self._queue: queue.SimpleQueue[tuple[float, bool, bytes]] = queue.SimpleQueue()
        self._last_byte_s = float("inf")
        self._problem: str | None = None
        self._has_sent = False

    def elapsed_s(self) -> float:
        """Return seconds since the start."""
        return self._monotonic() - self._began_s

    def tap(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """See ``bus.Tap``."""
        self._queue.put((at_s - self._began_s, is_sent, data))

    def tell(self, what: Observation | DriverError) -> None:
        """Show what a driver made of it."""
        self._show_frames()
        self._flush_after(0.0)
        if isinstance(what, DriverError):
            self._event("error", f"{type(what).__name__}: {what}")
        else:
            kind, fields = type(what).__name__, observation_fields(what)
            words = ", ".join(f"{name} {value}" for name, value in fields.items())
            self._event("observed", f"{kind}: {words}", observed=kind, fields=fields)

    def tick(self, problem: str | None) -> None:
        """Show what has come, and whether the line was lost or is back."""
        # What was heard came before a loss, and after a return.
        before, self._problem = self._problem, problem
        if before is not None and problem is None:
            self._event("line", "the line is back")
        self._show_frames()
        self._flush_after(self._gap_s)
        if problem is not None and problem != before:
            self._event("line", problem)

    def end(self) -> None:
        """Show the rest."""
        self._show_frames()
        self._flush_after(0.0)

    def _show_frames(self) -> None:
        while not self._queue.empty():
            at_s, is_sent, data = self._queue.get()
            self._has_sent = self._has_sent or is_sent
            if at_s - self._last_byte_s > self._gap_s:
                self._show(self._listener.flush(at_s=self._last_byte_s))
            self._last_byte_s = at_s
            # On a line where we say nothing, nobody knows who spoke.
            known = is_sent if self._has_sent else None
            self._show(self._listener.hear(data, at_s=at_s, is_sent=known))

    def _flush_after(self, silence_s: float) -> None:
        if self.elapsed_s() - self._last_byte_s >= silence_s:
            self._show(self._listener.flush(at_s=self._last_byte_s))
            self._last_byte_s = float("inf")

    def _show(self, meanings: list[Meaning]) -> None:
        for meaning in meanings:
            self._say(meaning_line(meaning, as_json=self._as_json))

    def _event(self, kind: str, text: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        at_s = self.elapsed_s()
        if self._as_json:
            event = {"t": round(at_s, 4), "event": kind, "text": text, **fields}
            self._say(json.dumps(event, ensure_ascii=False))
        else:
            self._say(f"{at_s:10.3f} * {text}")


def _interpreter(driver: str, protocol: str) -> Interpreter:
    """Return what puts a line into words.

    Raises:
        ValueError: No such driver or protocol.
    """
    if protocol:
        return interpreter(protocol)
    known = codecs()
    for spoken in protocols_of(driver) if driver else ("modbus",):
        if spoken in known:
            return known[spoken]()
    return Plain()
