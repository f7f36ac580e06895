"""Connections that are held open, streams and long polls: no account takes all that there are."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from central.problems import RefusedError

COUNT_MAX: Final = 100
"""Of one account, with all of its screens and programs. A process has 65,536 files at most."""
RETRY_AFTER_S: Final = 60


class Held:
    """Who holds how many connections of this process; for one event loop."""

    def __init__(self, *, count_max: int = COUNT_MAX) -> None:
        self._count_max, self._counts = count_max, Counter[str]()

    @contextlib.contextmanager
    def by(self, owner: str) -> Iterator[None]:
        """Count one more connection of somebody while inside; refuses with 429."""
        if self._counts[owner] >= self._count_max:
            raise RefusedError(
                429,
                "too_many_open",
                f"this account has {self._count_max} streams open: close some first",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        self._counts[owner] += 1
        try:
            yield
        finally:
            self._counts[owner] -= 1
            if not self._counts[owner]:
                del self._counts[owner]
