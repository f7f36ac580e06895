"""What bytes on a line mean, in words: the type that interpreters return."""

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Meaning:
    """One frame, or bytes that are none.

    Attributes:
        at_s: When its last byte was seen; on the clock of who called.
        is_sent: By us; None on a line that is only listened to.
        data: Its bytes; none where the meaning is that nothing came.
        text: For people.
        is_noise: The bytes are no frame.
        latency_s: Of a reply, from its request on.
    """

    at_s: float
    is_sent: bool | None
    data: bytes
    text: str
    is_noise: bool = False
    latency_s: float | None = None


class Interpreter(Protocol):
    """Says what bytes mean; bounded in what it keeps, and raises nothing whatever comes."""

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """Take bytes in their order; returns what is complete now.

        Args:
            data: As they came.
            at_s: On a clock that never goes back.
            is_sent: Whether we sent them; None where nobody knows who did.
        """
        ...

    def flush(self, *, at_s: float) -> list[Meaning]:
        """Return what waits for more, as noise: the line has been silent for longer than a gap."""
        ...
