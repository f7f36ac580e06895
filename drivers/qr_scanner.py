"""QR and bar code scanner with a serial output, 9600 baud 8N1.

Whoever shows a code decides its bytes, so each is taken to be hostile: only a whole line of the
allowed alphabet becomes an observation, and what is refused is counted, never shown or logged.

Source: none is needed for the bytes, see ``drivers.protocols.line_text``. The terminator and the
line's rate are set up on each scanner with its maker's codes. CVE-2023-3938 is what this is about.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers.base import CredentialKind, CredentialRead, Observation
from drivers.bus import Bus
from drivers.protocols.line_text import Alphabet, LineDecoder, Terminator
from drivers.readings import DatingDecoder, Holding, Listener, Reading, check_hold
from drivers.registry import register

PAUSE_S: Final = 0.1
"""Nobody shows two codes within it; a scanner sends one without such a pause."""
LENGTH_MAX: Final = 4296
"""ISO/IEC 18004, table 1: no QR code has more characters but of digits alone."""
MANY_LINES: Final = "one code made several lines"


@register("qr_scanner")
class QrScanner:
    """One scanner; satisfies ``Driver`` and ``Closeable``.

    Nothing is ever sent: no request is in flight. A dead scanner cannot be told from an idle one;
    only the loss of the line is seen. The line has no check sum: what it damages may still be text
    of the alphabet, so a code must be checked by who understands it. A code is reported a tenth of
    a second after its last byte: one that hides several lines, to try many codes at once, is
    refused as a whole.
    """

    credential_kinds = frozenset({CredentialKind.QR})

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What may come.

        Attributes:
            terminator: What ends a code: ``cr``, ``lf``, ``crlf``, or ``any`` of them.
            alphabet: Its characters: ``digits``, ``code`` (letters, digits, ``-._~``), ``uri``,
                ``ascii`` or ``text``.
            length_max: How many, 1..4296.
            idle_s: A code that was not ended within it is dropped, 0.1..10.
            hold_s: A code that was not read for longer was taken away, 0.2..60.
        """

        terminator: str = "any"
        alphabet: str = "code"
        length_max: int = 256
        idle_s: float = 0.5
        hold_s: float = 1.5

        def __post_init__(self) -> None:
            for name, value, choices in (
                ("terminator", self.terminator, list(Terminator)),
                ("alphabet", self.alphabet, list(Alphabet)),
            ):
                if value not in choices:
                    known = ", ".join(choices)
                    raise ValueError(f"qr_scanner: {name} is one of {known}, not {value!r}")
            if not 1 <= self.length_max <= LENGTH_MAX:
                raise ValueError(
                    f"qr_scanner: length_max is 1..{LENGTH_MAX}, not {self.length_max}"
                )
            if not PAUSE_S <= self.idle_s <= 10:
                raise ValueError(f"qr_scanner: idle_s is {PAUSE_S}..10, not {self.idle_s}")
            check_hold("qr_scanner", self.hold_s)

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        lines = LineDecoder(
            terminator=Terminator(settings.terminator),
            alphabet=Alphabet(settings.alphabet),
            length_max=settings.length_max,
        )

        def forget_when_idle(pause_s: float) -> None:
            if pause_s > settings.idle_s:
                lines.forget_incomplete()

        self._decoder = DatingDecoder(
            lines, monotonic=monotonic, pause_s=PAUSE_S, on_pause=forget_when_idle
        )
        self._listener = Listener(bus, self._decoder, unit_id="qr_scanner", monotonic=monotonic)
        self._holding, self._monotonic = Holding(settings.hold_s), monotonic
        self._codes = Codes()

    async def start(self) -> None:
        """Begin to listen; there is nothing to set up. Raises when the line is not there."""
        await self._listener.start()

    async def poll(self) -> Sequence[Observation]:
        """Return the codes that were shown since the last poll; see ``Driver.poll``."""
        for reading in self._listener.take():
            self._codes.add(reading)
        is_quiet = self._monotonic() - self._decoder.last_byte_at_s > PAUSE_S
        return [
            CredentialRead(CredentialKind.QR, reading.frame)
            for reading in self._codes.take(is_quiet=is_quiet)
            if self._holding.is_new(reading.frame, now_s=reading.at_s)
        ]

    @property
    def findings(self) -> list[str]:
        """What was read and not reported, with how often; never its text."""
        refused_count = self._codes.refused_count
        several = [f"{refused_count} x {MANY_LINES}"] if refused_count else []
        return self._listener.findings + several

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._listener.close()


class Codes:
    """Makes codes of lines: the lines of one run are one code.

    Attributes:
        refused_count: Codes that were several different lines.
    """

    def __init__(self) -> None:
        self._runs: dict[int, list[Reading[str]]] = {}
        self._last_run_over = -1
        self.refused_count = 0

    def add(self, line: Reading[str]) -> None:
        """Take a line; a repeated one is the same code, sent twice."""
        if line.run <= self._last_run_over:
            self.refused_count += 1
            return
        lines = self._runs.setdefault(line.run, [])
        if len(lines) < 2 and all(line.frame != other.frame for other in lines):
            lines.append(line)

    def take(self, *, is_quiet: bool) -> list[Reading[str]]:
        """Return the codes that are complete.

        Args:
            is_quiet: Whether the last run is over too.
        """
        open_run = None if is_quiet else max(self._runs, default=None)
        runs_over = [run for run in sorted(self._runs) if run != open_run]
        self._last_run_over = max(runs_over, default=self._last_run_over)
        over = [self._runs.pop(run) for run in runs_over]
        self.refused_count += sum(len(lines) > 1 for lines in over)
        return [lines[0] for lines in over if len(lines) == 1]
