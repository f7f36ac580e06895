"""What readers share: when a reading came, whether it is a new one, and what was no reading.

Readers that talk by themselves are heard, not asked. A reading is dated by the bus's thread when it
arrives, so a slow poll neither joins two visits nor splits one, and one that waited too long is not
reported at all: a door must not open for somebody who has left.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from drivers.bus import Bus, Decoder, Priority
from drivers.protocols import FrameError, NeedData
from drivers.subscription import Subscription

_Frame = TypeVar("_Frame")

READING_AGE_S_MAX: Final = 5.0
HOLD_S_MIN, HOLD_S_MAX = 0.2, 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Reading(Generic[_Frame]):
    """A frame and when it came.

    Attributes:
        at_s: Monotonic.
        run: Frames of the same run came without a pause between any of their bytes.
    """

    at_s: float
    run: int
    frame: _Frame = dataclasses.field(repr=False)


class Holding:
    """Tells a new reading from the same one, repeated because something is held to the reader."""

    def __init__(self, hold_s: float) -> None:
        """Begin with nothing held.

        Args:
            hold_s: What was not read for longer has left; its next reading is a new one.
        """
        self._hold_s = hold_s
        self._read_at_s: dict[str, float] = {}

    def is_new(self, number: str, *, now_s: float) -> bool:
        """Return whether this begins a visit; call it for every reading, in their order."""
        held = {
            other: at_s for other, at_s in self._read_at_s.items() if now_s - at_s <= self._hold_s
        }
        is_new = number not in held
        held[number] = now_s
        self._read_at_s = held
        return is_new


def check_hold(driver: str, hold_s: float) -> None:
    """Check a driver's setting.

    Raises:
        ValueError: It is out of its range.
    """
    if not HOLD_S_MIN <= hold_s <= HOLD_S_MAX:
        raise ValueError(f"{driver}: hold_s is {HOLD_S_MIN}..{HOLD_S_MAX:g}, not {hold_s}")


class DatingDecoder(Generic[_Frame]):
    """Puts the time to a decoder's frames; used by the bus's thread.

    Attributes:
        last_byte_at_s: When anything came; ``-inf`` before.
        refusals: How often which kind of bytes was thrown away. The decoder's messages must be a
            few fixed sentences.
    """

    def __init__(
        self,
        decoder: Decoder[_Frame],
        *,
        monotonic: Callable[[], float],
        pause_s: float,
        on_pause: Callable[[float], None] = lambda pause_s: None,
    ) -> None:
        """Date a decoder's frames.

        Args:
            decoder: Finds the frames.
            monotonic: The clock.
            pause_s: A longer pause between two bytes begins another run.
            on_pause: Told how long a pause was, before the bytes that end it.
        """
        self._decoder, self._monotonic = decoder, monotonic
        self._pause_s, self._on_pause = pause_s, on_pause
        self._run = 0
        self.last_byte_at_s = float("-inf")
        self.refusals: Counter[str] = Counter()

    def receive_data(self, data: bytes) -> None:
        """Take bytes that have come just now."""
        now_s = self._monotonic()
        pause_s = now_s - self.last_byte_at_s
        if pause_s > self._pause_s:
            self._run += 1
            self._on_pause(pause_s)
        self.last_byte_at_s = now_s
        self._decoder.receive_data(data)

    def next_frame(self) -> Reading[_Frame] | NeedData:
        """Return the next reading, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        try:
            frame = self._decoder.next_frame()
        except FrameError as error:
            self.refusals[str(error)] += 1
            raise
        if isinstance(frame, NeedData):
            return frame
        return Reading(self.last_byte_at_s, self._run, frame)


class Listener(Generic[_Frame]):
    """Hears a reader that talks by itself."""

    def __init__(
        self,
        bus: Bus,
        decoder: DatingDecoder[_Frame],
        *,
        unit_id: str,
        monotonic: Callable[[], float],
    ) -> None:
        """Hear a reader; nothing is opened before ``start`` or ``take``.

        Args:
            bus: The line.
            decoder: Finds and dates its readings.
            unit_id: Names it on the bus.
            monotonic: The decoder's clock.
        """
        self._bus, self._decoder, self._unit_id = bus, decoder, unit_id
        self._monotonic = monotonic
        self._subscription: Subscription[Reading[_Frame]] | None = None
        self._old_count = 0

    async def start(self) -> None:
        """Begin to hear.

        Raises:
            DeviceUnreachableError: The line is not there.
        """
        self._subscribed()
        await self._bus.send(b"", unit_id=self._unit_id, priority=Priority.POLL)

    def take(self) -> list[Reading[_Frame]]:
        """Return what was read since the last call and is not too old to be true any more.

        Raises:
            DeviceUnreachableError: The line is not there.
        """
        readings = self._subscribed().take()
        oldest_s = self._monotonic() - READING_AGE_S_MAX
        news = [reading for reading in readings if reading.at_s >= oldest_s]
        self._old_count += len(readings) - len(news)
        return news

    @property
    def findings(self) -> list[str]:
        """What was heard and not reported, with how often; never its bytes."""
        counts = dict(self._decoder.refusals)
        if self._old_count:
            counts[f"a reading waited longer than {READING_AGE_S_MAX:g} s"] = self._old_count
        if self._subscription is not None and self._subscription.overflow_count:
            counts["a reading was dropped: too many at once"] = self._subscription.overflow_count
        return [f"{count} x {text}" for text, count in sorted(counts.items())]

    def close(self) -> None:
        """Hear no more; idempotent."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _subscribed(self) -> Subscription[Reading[_Frame]]:
        if self._subscription is None:
            self._subscription = self._bus.subscribe(self._decoder)
        return self._subscription
