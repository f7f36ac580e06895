"""What went over a line, cut into requests and what came after each; pure but for being a tap."""

import dataclasses
import threading
from collections import deque
from typing import Final

EXCHANGE_COUNT_MAX: Final = 2000


@dataclasses.dataclass(slots=True)
class Exchange:
    """One request, or none at the beginning, and all that came before the next one.

    Attributes:
        pieces: Seconds after the request, and bytes, as the system gave them.
    """

    sent_at_s: float
    request: bytes
    pieces: list[tuple[float, bytes]] = dataclasses.field(default_factory=list)

    @property
    def received(self) -> bytes:
        """All that came."""
        return b"".join(data for _, data in self.pieces)


class Evidence:
    """A tap of a bus; its newest exchanges are kept."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque([Exchange(0.0, b"")], maxlen=EXCHANGE_COUNT_MAX)
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """See ``bus.Tap``."""
        with self._lock:
            if is_sent:
                self.exchanges.append(Exchange(at_s, data))
                self.count += 1
            else:
                last = self.exchanges[-1]
                last.pieces.append((at_s - (last.sent_at_s or at_s), data))

    def since(self, count: int) -> list[Exchange]:
        """Return the exchanges after the first ``count``, and what came since then unasked."""
        with self._lock:
            new = self.count - count
            return list(self.exchanges)[-new - 1 :] if new else [self.exchanges[-1]]
