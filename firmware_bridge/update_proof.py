"""Whether a board is well with a new image: the pure part. Time is monotonic seconds."""

import dataclasses
from enum import Enum, auto
from typing import Final

HEALTH: Final = ("supply", "temperature", "flash", "self-test", "an output that does not follow")
"""What the bits of a board's health say, from bit 0; see docs/board.md, section 4."""


class Verdict(Enum):
    """What is known by now."""

    OPEN = auto()
    WELL = auto()
    UNWELL = auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """What a board answered when it was asked everything.

    Attributes:
        hash: Of the image that runs.
        boot: Number of this start.
        is_safe: It is in its safe state, although it was sent a heartbeat before.
        health: 0 is well.
    """

    hash: bytes
    boot: int
    is_safe: bool
    health: int


class Proof:
    """Follows one start of a board: it must be well without a break for ``prove_s``.

    Right after its start it may be unwell, or silent, for ``settle_s`` in all; then it is over.
    """

    def __init__(
        self, *, target: bytes, boot: int, prove_s: float, settle_s: float, now_s: float
    ) -> None:
        """Begin.

        Args:
            target: Hash of the image that must run.
            boot: Of the start that is followed.
            prove_s: So long without a break.
            settle_s: So much longer in all.
            now_s: When the board was seen with the image first.
        """
        self._target, self._prove_s = target, prove_s
        self.boot = boot
        self._until_s = now_s + prove_s + settle_s
        self._well_since_s: float | None = None
        self._last_s = now_s
        self.flaw = ""

    def saw(self, probe: Probe, *, now_s: float) -> Verdict:
        """Take an answer."""
        if probe.boot != self.boot or probe.hash != self._target:
            self.flaw = "it restarted by itself while it was on trial"
            return Verdict.UNWELL
        if probe.health:
            return self._unwell(f"it says that something is wrong: {_faults(probe.health)}", now_s)
        if probe.is_safe:
            return self._unwell("it stays in its safe state although it gets heartbeats", now_s)
        if self._well_since_s is None:
            self._well_since_s = now_s
        if now_s - self._well_since_s >= self._prove_s:
            return Verdict.WELL
        return self._in_time(now_s)

    def failed(self, what: str, *, now_s: float) -> Verdict:
        """Take that something was not answered, or wrongly. ``what``: half a line that says so."""
        return self._unwell(what, now_s)

    def _unwell(self, flaw: str, now_s: float) -> Verdict:
        self.flaw, self._well_since_s = flaw, None
        return self._in_time(now_s)

    def _in_time(self, now_s: float) -> Verdict:
        well_at_s = (now_s if self._well_since_s is None else self._well_since_s) + self._prove_s
        return Verdict.UNWELL if well_at_s > self._until_s else Verdict.OPEN


def _faults(health: int) -> str:
    """Return what is wrong in words; bits that nobody knows as their number."""
    known = [word for bit, word in enumerate(HEALTH) if health >> bit & 1]
    unknown = health >> len(HEALTH) << len(HEALTH)
    return ", ".join([*known, *([f"0x{unknown:X}"] if unknown else [])])
