"""How long the simulated board takes: an answer that waited for an erase comes when it is over."""


class Pace:
    """What is being done, and the answer to it."""

    def __init__(self, erase_s: float) -> None:
        self._erase_s = erase_s
        self.clear()

    def clear(self) -> None:
        """Forget what was being done: the board restarts."""
        self._until_s, self._answer = 0.0, b""

    def is_busy(self, now_s: float) -> bool:
        """Return whether the board hears nothing now."""
        return now_s < self._until_s

    def busy_s(self, erase_count: int) -> float:
        """Return how long so many erases take."""
        return self._erase_s * erase_count

    def keep(self, answer: bytes, until_s: float) -> None:
        """Keep an answer until then."""
        self._until_s, self._answer = until_s, answer

    def due(self, now_s: float) -> bytes | None:
        """Return the answer once, when it is due."""
        if not self._answer or self.is_busy(now_s):
            return None
        answer, self._answer = self._answer, b""
        return answer
