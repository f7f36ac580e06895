"""Whether what another node says is fresh: nothing recorded earlier is ever believed again.

Each side gives the other a challenge and believes only who answers it, with a rising counter and by
the process that answered first. Another process of the same node (it was started again) has to
answer a new challenge, so neither's recorded messages pass for the other's. No clock is compared.
What is not believed changes nothing here; whoever sent it is sent the challenge.

Source: the idea of RFC 9147 (DTLS 1.3), sections 5.1 "Denial-of-Service Countermeasures" and 4.5.1
    "Anti-Replay", for two sides that know each other's keys.
"""

from collections.abc import Callable
from typing import Final

from edge.link.message import Message

SILENT_S_MAX: Final = 5.0
"""Whoever was not heard for so long is away: five heartbeats."""


class Session:
    """One other node, as this one hears it."""

    def __init__(self, *, nonce: Callable[[], str]) -> None:
        """Begin; ``nonce`` gives 128 random bits as hex, another each time."""
        self._nonce = nonce
        self.challenge = nonce()
        self._answer: str | None = None
        self._boot: str | None = None
        self._counter = 0
        self._heard_at_s: float | None = None
        self._sent_count = 0

    @property
    def answer(self) -> str | None:
        """The challenge last heard from this node; None before any was believed."""
        return self._answer

    def next_counter(self) -> int:
        """Return the number of the next message to this node."""
        self._sent_count += 1
        return self._sent_count

    def is_fresh(self, message: Message, *, now_s: float) -> bool:
        """Take note of a message of this node, and return whether it is to be believed.

        Args:
            message: With this node's signature.
            now_s: Monotonic.
        """
        if message.answer != self.challenge:
            return False
        if self._boot is None:
            self._boot, self._counter = message.boot, 0
        if message.boot != self._boot:
            self._boot, self._heard_at_s = None, None
            self.challenge = self._nonce()
            return False
        if message.counter <= self._counter:
            return False
        self._counter, self._heard_at_s = message.counter, now_s
        self._answer = message.challenge
        return True

    def is_up(self, *, now_s: float) -> bool:
        """Return whether this node was believed a moment ago."""
        age_s = self.age_s(now_s=now_s)
        return age_s is not None and age_s <= SILENT_S_MAX

    def age_s(self, *, now_s: float) -> float | None:
        """Return for how long this node was not believed; None is not since either was started."""
        return None if self._heard_at_s is None else now_s - self._heard_at_s
