"""How the site file says a controller board is reached and set up; checked here. Pure.

Source: docs/board.md, sections 1 and 3.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from firmware_bridge.group import NO_FIRE_INPUT, Configuration, SafeOutput

NONE: Final = -1
CHANNEL_COUNT_MAX: Final = 32
SAFE_WORDS: Final[Mapping[str, SafeOutput]] = {
    "off": SafeOutput.OFF,
    "on": SafeOutput.ON,
    "keep": SafeOutput.AS_IT_IS,
}
BEATS: Final = 4
"""Heartbeats that fit into the watchdog's time where the site file says nothing."""
BEATS_MIN: Final = 2
HEARTBEAT_S_MAX: Final = 2.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """How a board is reached, and what it does by itself.

    Attributes:
        address: On a line with several boards 1..247; 0 is a board that is alone of its kind.
        timeout_s: Longest wait for one answer.
        attempt_count: Times that a request is sent before giving up, 1..10.
        model: What the board must call itself; empty takes any.
        hw: Number of the board's type that it must have; 0 takes any.
        input_count, output_count: How many it has at least, 0..32.
        watchdog_s: Without a heartbeat for so long the board goes into its safe state, 0.5..60; 0
            is never.
        heartbeat_s: From one heartbeat to the next; 0 is a quarter of ``watchdog_s``.
        safe: What each output does in the safe state, by channel: ``off``, ``on`` or ``keep``;
            outputs that are not named are off.
        fire_input: 0-based channel of the fire panel's contact at the board; -1 is none.
        is_fire_open: The fire is signalled by an open contact, so that a cut wire is a fire.
        fire_on, fire_off: Outputs that the board itself switches on and off then.
        inverted_inputs: Inputs that are active when open.
        debounce_s: How long an input must be stable, 0..1.
        input_tamper: Input of the housing's contact, where the board has none of its own; -1 is
            none.
        trial_s: After so long a new image that nobody confirmed goes back, 10..3600.
    """

    NAME: ClassVar[str] = "board"

    address: int = 0
    timeout_s: float = 0.5
    attempt_count: int = 3
    model: str = ""
    hw: int = 0
    input_count: int = 4
    output_count: int = 2
    watchdog_s: float = 3.0
    heartbeat_s: float = 0.0
    safe: Sequence[str] = ()
    fire_input: int = NONE
    is_fire_open: bool = True
    fire_on: Sequence[int] = ()
    fire_off: Sequence[int] = ()
    inverted_inputs: Sequence[int] = ()
    debounce_s: float = 0.02
    input_tamper: int = NONE
    trial_s: float = 300.0

    def __post_init__(self) -> None:
        self._check_reach()
        self._check_channels()
        self._check_times()

    def _check_reach(self) -> None:
        if not 0 <= self.address <= 247:
            raise self.refusal(f"address is 0..247, not {self.address}")
        if not 0 < self.timeout_s <= 5:
            raise self.refusal(f"timeout_s is above 0 and at most 5: {self.timeout_s}")
        if not 1 <= self.attempt_count <= 10:
            raise self.refusal(f"attempt_count is 1..10, not {self.attempt_count}")
        if not 0 <= self.hw < 1 << 32:
            raise self.refusal(f"hw is 0..4294967295, not {self.hw}")

    def _check_channels(self) -> None:
        for name in ("input_count", "output_count"):
            if not 0 <= getattr(self, name) <= CHANNEL_COUNT_MAX:
                raise self.refusal(f"{name} is 0..{CHANNEL_COUNT_MAX}, not {getattr(self, name)}")
        for name in ("fire_input", "input_tamper"):
            if not NONE <= getattr(self, name) < self.input_count:
                last = self.input_count - 1
                raise self.refusal(f"{name} is 0..{last} or -1, not {getattr(self, name)}")
        if NONE != self.fire_input == self.input_tamper:
            raise self.refusal("fire_input and input_tamper are the same input")
        for name, count in (
            ("fire_on", self.output_count),
            ("fire_off", self.output_count),
            ("inverted_inputs", self.input_count),
        ):
            self._check_list(name, getattr(self, name), count)
        if both := set(self.fire_on) & set(self.fire_off):
            raise self.refusal(f"a fire cannot switch output {min(both)} on and off")
        is_list = isinstance(self.safe, list | tuple)
        if not is_list or not all(word in SAFE_WORDS for word in self.safe):
            raise self.refusal(f"safe is a list of {', '.join(SAFE_WORDS)}, not {self.safe!r}")
        if len(self.safe) > self.output_count:
            raise self.refusal(f"safe names {len(self.safe)} outputs, output_count is less")

    def _check_list(self, name: str, channels: object, count: int) -> None:
        is_sound = isinstance(channels, list | tuple) and all(
            type(channel) is int and 0 <= channel < count for channel in channels
        )
        if not is_sound:
            raise self.refusal(f"{name} is a list of channels 0..{count - 1}, not {channels!r}")

    def _check_times(self) -> None:
        if self.watchdog_s != 0 and not 0.5 <= self.watchdog_s <= 60:
            raise self.refusal(f"watchdog_s is 0.5..60, or 0 for never, not {self.watchdog_s}")
        if not 0 <= self.heartbeat_s <= 60:
            raise self.refusal(f"heartbeat_s is 0..60, not {self.heartbeat_s}")
        if self.watchdog_s and self.heartbeat_s * BEATS_MIN > self.watchdog_s:
            raise self.refusal(
                f"heartbeat_s is at most {self.watchdog_s / BEATS_MIN:g}, half of watchdog_s, so"
                f" that one may be lost, not {self.heartbeat_s}"
            )
        if not 0 <= self.debounce_s <= 1:
            raise self.refusal(f"debounce_s is 0..1, not {self.debounce_s}")
        if not 10 <= self.trial_s <= 3600:
            raise self.refusal(f"trial_s is 10..3600, not {self.trial_s}")

    def refusal(self, text: str) -> ValueError:
        """Return the error of a setting that is nonsense."""
        return ValueError(f"{self.NAME}: {text}")

    @property
    def beat_s(self) -> float:
        """From one heartbeat to the next."""
        usual_s = self.watchdog_s / BEATS if self.watchdog_s else HEARTBEAT_S_MAX
        return self.heartbeat_s or min(HEARTBEAT_S_MAX, usual_s)

    def safe_words(self) -> dict[int, str]:
        """Return what outputs do in the safe state, by channel; the others are off."""
        return dict(enumerate(self.safe))

    def fire_outputs(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the outputs that the board itself switches on at a fire, and those off."""
        return frozenset(self.fire_on), frozenset(self.fire_off)

    def configuration(self, output_count: int) -> Configuration:
        """Return what the board's own configuration must be.

        Args:
            output_count: Of the board.
        """
        words, (on, off) = self.safe_words(), self.fire_outputs()
        return Configuration(
            watchdog_ms=round(self.watchdog_s * 1000),
            safe=tuple(SAFE_WORDS[words.get(channel, "off")] for channel in range(output_count)),
            fire_input=NO_FIRE_INPUT if self.fire_input == NONE else self.fire_input,
            is_fire_inverted=self.is_fire_open,
            fire_on=_bits(on),
            fire_off=_bits(off),
            inverted_inputs=_bits(self.inverted_inputs),
            stable_ms=round(self.debounce_s * 1000),
            trial_ms=round(self.trial_s * 1000),
        )

    @property
    def free_inputs(self) -> frozenset[int]:
        """Inputs that mean nothing to the driver itself."""
        return frozenset(range(self.input_count)) - {self.fire_input, self.input_tamper}


def _bits(channels: Iterable[int]) -> int:
    """Return channels as bits, bit 0 is channel 0."""
    return sum(1 << channel for channel in set(channels))
