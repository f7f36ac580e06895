"""OSDP readers, with the secure channel enforced; several may share one line.

Every reader has its own key (SCBK), in a file that nobody else may read. Outside install mode a
reader without it is not heard at all, and no key is ever sent: a reader that was swapped, or
forgot its key, needs somebody who switches install mode on.

What can still be lost: a reader that does not repeat its last reply when it is asked again (the
standard demands it, libosdp's own device does not) loses what stood in a damaged reply. One that
does not keep an event until it is acknowledged loses a card whose reply was cut off when the line
went away for longer than libosdp waits, 8.3 s; one that does may report that card twice. What a
reader kept while it was away comes when it is back, and OSDP does not say how old it is.

Source: SIA OSDP / IEC 60839-11-5, version 2.2 (unconfirmed), as libosdp 3.2.9 implements it.
"""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    DriverError,
    FaultsChanged,
    InputChanged,
    KeysPressed,
    Observation,
    PowerFaultChanged,
    SecureChannelChanged,
    TamperChanged,
)
from drivers.bus import Bus
from drivers.osdp_keys import load_key
from drivers.osdp_line import OsdpLine
from drivers.osdp_line_reader import Heard, LineReader
from drivers.protocols import FrameError, wiegand
from drivers.readings import READING_AGE_S_MAX
from drivers.registry import register

_log = logging.getLogger("drivers.osdp")

KEYS: Final[Mapping[int, str]] = {0x7F: "*", 0x0D: "#"}
TEXT_LENGTH_MAX: Final = 32
OUTPUT_ON, OUTPUT_OFF, OUTPUT_PULSE = 2, 1, 5
PERMANENT_TEXT: Final = 1
LED_SET, LED_TEMPORARY_SET = 1, 2
DEFAULT_TONE: Final = 2
STEP_S: Final = 0.1
STEPS_MAX: Final = 0xFFFF
COUNT_MAX: Final = 0xFF
WAIT_STEP_S: Final = 0.02


class LedColour(IntEnum):
    """The colours of the standard; a reader may show fewer."""

    OFF = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4
    MAGENTA = 5
    CYAN = 6
    WHITE = 7


@register("osdp_reader")
class OsdpReader:
    """One reader; satisfies ``Driver``, ``OutputBoard``, ``Display`` and ``Closeable``.

    Commands are confirmed by the reader's acknowledgement; OSDP reads nothing back. One command is
    on the line at a time; one that the reader refuses costs the secure channel for a moment, which
    is libosdp's way. Absence is reported by ``poll`` within a second. Inputs are known from their
    first report on.

    Attributes:
        line_reader: The reader on its line; None once it was closed.
    """

    credential_kinds = frozenset({CredentialKind.WIEGAND})

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the reader is reached.

        Attributes:
            address: 0..126.
            key_file: Path of the reader's key: 32 hexadecimal digits, readable by its owner alone.
            install_mode: Give the key to a reader that has none (it speaks with the key that
                everybody knows until then), and make the file if it is missing. For the minutes
                of commissioning.
            timeout_s: Longest wait for the secure channel at start, and for a confirmation.
        """

        address: int = 0
        key_file: str
        install_mode: bool = False
        timeout_s: float = 3.0

        def __post_init__(self) -> None:
            if not 0 <= self.address <= 126:
                raise ValueError(f"osdp_reader: address is 0..126, not {self.address}")
            if not self.key_file:
                raise ValueError("osdp_reader: key_file is the path of the reader's key")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"osdp_reader: timeout_s is above 0 and at most 5, not {self.timeout_s}"
                )

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self.line_reader: LineReader | None = None
        self._line = self._join()
        self._session = self._old_count = 0
        self._known: dict[str, Any] = {}
        # Only who has OSDP readers loads the library, which publishes no types.
        self._osdp: Any = import_module("osdp")

    async def start(self) -> None:
        """Wait for the secure channel; the first reader of a line begins it with all of them.

        Raises:
            DeviceUnreachableError: No secure channel in time, or no key for it.
        """
        settings = self._settings
        self._line = self._join()
        reader = self._joined()
        self._line.start()
        deadline_s = self._monotonic() + settings.timeout_s
        while (problem := reader.problem) is not None:
            # Asked for anew: the line's thread may have found it since.
            if (key_problem := reader.key_problem) is not None:
                raise DeviceUnreachableError(key_problem)
            if self._monotonic() >= deadline_s:
                raise DeviceUnreachableError(problem)
            await asyncio.sleep(WAIT_STEP_S)
        if self._session != reader.session_count:
            self._session = reader.session_count
            self._known.clear()
            # The first poll shall know it.
            with contextlib.suppress(DriverError):
                await self._confirmed(reader, self._ask_local_status(reader))

    async def poll(self) -> Sequence[Observation]:
        """Return what the reader said; see ``Driver.poll``."""
        reader = self._joined()
        events = reader.take()
        if not events and (problem := reader.problem) is not None:
            self._known.clear()
            self._session = 0
            raise DeviceUnreachableError(problem)
        found = self._session_observations(reader)
        for heard in events:
            found += self._observations(heard)
        return found

    def _session_observations(self, reader: LineReader) -> list[Observation]:
        """Return what there is to say about the secure channel; asks for states in a new one."""
        found: list[Observation] = []
        if reader.session_count != self._session and self._known:
            found.append(SecureChannelChanged(active=False))
            self._known.clear()
        if not self._known:
            self._known["secure"] = True
            found.append(SecureChannelChanged(active=True))
            if self._settings.install_mode:
                found.append(FaultsChanged(("install_mode",)))
        if reader.session_count != self._session:
            self._ask_local_status(reader)
        self._session = reader.session_count
        return found

    def _ask_local_status(self, reader: LineReader) -> "Future[None]":
        """Ask for tamper and power."""
        local = self._osdp.StatusReportType.Local
        return reader.submit({"command": self._osdp.Command.Status, "type": local, "report": b""})

    @property
    def findings(self) -> list[str]:
        """What the line survived, for a technician."""
        counts = self._line.exchanges.counts
        texts = {
            "a damaged reply was asked for again": counts.damaged,
            "no reply came in 0.2 s": counts.silent,
            "a reply that nobody waited for was passed over": counts.copies,
            f"a reading waited longer than {READING_AGE_S_MAX:g} s": self._old_count,
        }
        return [f"{count} x {text}" for text, count in texts.items() if count]

    async def close(self) -> None:
        """Leave the line; idempotent."""
        if self.line_reader is not None:
            await asyncio.to_thread(self.line_reader.close)
            self.line_reader = None
            self._known.clear()
            self._session = 0

    async def set_output(self, channel: int, *, on: bool) -> CommandReceipt:
        """See ``OutputBoard.set_output``."""
        return await self._output(channel, OUTPUT_ON if on else OUTPUT_OFF, 0)

    async def pulse_output(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """See ``OutputBoard.pulse_output``; in steps of 0.1 s, at most 6553.5 s."""
        return await self._output(channel, OUTPUT_PULSE, _steps(duration_s, STEPS_MAX))

    async def show(self, text: str) -> CommandReceipt:
        """See ``Display.show``; up to 32 characters of ASCII, an empty text clears."""
        if len(text) > TEXT_LENGTH_MAX or not text.isascii() or not (text or " ").isprintable():
            raise ValueError("a reader shows up to 32 printable ASCII characters")
        return await self._command(
            self._osdp.Capability.TextOutput,
            "text",
            command=self._osdp.Command.Text,
            reader=0,
            control_code=PERMANENT_TEXT,
            temp_time=0,
            offset_row=1,
            offset_col=1,
            data=text or " ",
        )

    async def set_led(
        self, colour: LedColour, *, duration_s: float | None = None, led: int = 0
    ) -> CommandReceipt:
        """Light the LED, for good or for a time after which the old colour comes back.

        Args:
            colour: Of the LED.
            duration_s: 0.1..6553.5, in steps of 0.1; None is for good.
            led: 0-based.
        """
        is_temporary = duration_s is not None
        return await self._command(
            self._osdp.Capability.LEDControl,
            "LED",
            command=self._osdp.Command.LED,
            reader=0,
            led_number=led,
            control_code=LED_TEMPORARY_SET if is_temporary else LED_SET,
            on_color=int(colour),
            off_color=int(colour),
            on_count=1,
            off_count=0,
            timer_count=0 if duration_s is None else _steps(duration_s, STEPS_MAX),
            temporary=is_temporary,
        )

    async def beep(
        self, *, count: int = 1, on_s: float = 0.1, off_s: float = 0.1
    ) -> CommandReceipt:
        """Sound the buzzer.

        Args:
            count: 1..255 times.
            on_s: Of each, 0.1..25.5.
            off_s: Between them, 0.1..25.5.
        """
        if not 1 <= count <= COUNT_MAX:
            raise ValueError(f"count is 1..255, not {count}")
        return await self._command(
            self._osdp.Capability.AudibleControl,
            "buzzer",
            command=self._osdp.Command.Buzzer,
            reader=0,
            control_code=DEFAULT_TONE,
            on_count=_steps(on_s, COUNT_MAX),
            off_count=_steps(off_s, COUNT_MAX),
            rep_count=count,
        )

    async def _output(self, channel: int, control_code: int, steps: int) -> CommandReceipt:
        capability = self._osdp.Capability.OutputControl
        _, count = self._joined().capability(capability)
        if not 0 <= channel < max(1, count):
            raise ValueError(f"channel is 0..{max(1, count) - 1}, not {channel}")
        return await self._command(
            capability,
            "output",
            command=self._osdp.Command.Output,
            output_no=channel,
            control_code=control_code,
            timer_count=steps,
        )

    async def _command(self, capability: int, what: str, **fields: object) -> CommandReceipt:
        """Send a command and wait for its confirmation.

        Raises:
            CommandRejectedError: The reader has no such thing, or refuses.
            DeviceUnreachableError: It did not confirm: whether it obeyed is unknown.
        """
        reader = self._joined()
        if (problem := reader.problem) is not None:
            raise DeviceUnreachableError(problem)
        # A refusal costs the secure channel in libosdp, so what it surely refuses is not sent.
        if reader.capability(capability) == (0, 0):
            raise CommandRejectedError(f"reader {reader.address} has no {what}")
        await self._confirmed(reader, reader.submit(fields))
        return CommandReceipt(attempts=1)

    async def _confirmed(self, reader: LineReader, future: "Future[None]") -> None:
        """Wait for a command's confirmation.

        Raises:
            DriverError: It was refused, or not confirmed in time.
        """
        timeout_s = self._settings.timeout_s
        waited = asyncio.wrap_future(future)
        # Who was cancelled does not look at the outcome.
        waited.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(timeout_s):
                # A caller that is cancelled leaves; the command goes on.
                await asyncio.shield(waited)
        except TimeoutError as error:
            reader.withdraw()
            message = f"reader {reader.address} did not confirm within {timeout_s} s"
            raise DeviceUnreachableError(message) from error

    def _join(self) -> OsdpLine:
        """Return the line, with the reader on it."""
        settings = self._settings
        if self.line_reader is not None:
            return self._line
        if settings.install_mode:
            _log.warning(
                "reader %d on %s is in install mode: end it once the reader has its key",
                settings.address,
                self._bus.port,
            )
        line = OsdpLine.of(self._bus)
        self.line_reader = line.add(
            settings.address,
            load_key=lambda: load_key(Path(settings.key_file), may_create=settings.install_mode),
            is_install_mode=settings.install_mode,
        )
        return line

    def _joined(self) -> LineReader:
        if self.line_reader is None:
            raise DeviceUnreachableError("the reader was closed")
        return self.line_reader

    def _observations(self, heard: Heard) -> list[Observation]:
        """Return what an event of libosdp says."""
        kinds, event = self._osdp.Event, heard.event
        if event["event"] == kinds.Status:
            return self._status(event["type"], bytes(event["report"]))
        if self._monotonic() - heard.at_s > READING_AGE_S_MAX:
            self._old_count += 1
            return []
        if event["event"] == kinds.CardRead:
            return self._card(event)
        if event["event"] == kinds.KeyPress:
            return _keys(event)
        return []

    def _card(self, event: Mapping[str, Any]) -> list[Observation]:
        """Return a card; a reader that counts its bits wrongly is not believed."""
        data, bit_length = bytes(event["data"]), int(event["length"])
        try:
            bits = wiegand.decode_left_aligned(data, bit_length)
        except FrameError as error:
            _log.warning("reader %d sent no card: %s", self._settings.address, error)
            return []
        return [
            CredentialRead(
                CredentialKind.WIEGAND,
                bits.number,
                bit_length=bits.bit_length,
                reader=int(event["reader_no"]),
            )
        ]

    def _status(self, kind: int, report: bytes) -> list[Observation]:
        types = self._osdp.StatusReportType
        found: list[Observation] = []
        if kind == types.Local and len(report) >= 2:
            if self._is_new("tamper", report[0] != 0):
                found.append(TamperChanged(active=report[0] != 0))
            if self._is_new("power", report[1] != 0):
                found.append(PowerFaultChanged(active=report[1] != 0))
        elif kind == types.Input:
            found += [
                InputChanged(channel, active=value != 0)
                for channel, value in enumerate(report)
                if self._is_new(f"input {channel}", value != 0)
            ]
        return found

    def _is_new(self, name: str, value: bool) -> bool:
        is_new = self._known.get(name) is not value
        self._known[name] = value
        return is_new


def _keys(event: Mapping[str, Any]) -> list[Observation]:
    digits = "".join(
        KEYS.get(key, chr(key) if 0x30 <= key <= 0x39 else "") for key in bytes(event["data"])
    )
    return [KeysPressed(digits, reader=int(event["reader_no"]))] if digits else []


def _steps(duration_s: float, steps_max: int) -> int:
    steps = round(duration_s / STEP_S) if duration_s == duration_s else 0
    if not 1 <= steps <= steps_max:
        raise ValueError(f"a time is 0.1..{steps_max / 10} s, not {duration_s}")
    return steps
