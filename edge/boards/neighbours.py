"""Which other nodes are gone from the site link, and whether it is this one that is. Pure.

A node that dies leaves the others talking; one whose own cable is out hears nobody any more, all of
them from the same moment on. Of a single neighbour nobody can tell, so its silence is always told.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from edge.link.session import SILENT_S_MAX

FRESH_S_MAX: Final = 3.0
"""Whoever was heard this short a time ago proves that our own link works: three heartbeats."""


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """What is new. Attributes: is_us: it is our own link that is down; None is no news of that."""

    lost: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    is_us: bool | None = None


class NeighbourWatch:
    """Of one node. Times are monotonic seconds."""

    def __init__(self) -> None:
        """Begin with nodes that were never heard: whoever was not is not missed."""
        self._heard_at_s: dict[str, float] = {}
        self._lost = frozenset[str]()
        self._is_us, self._patient_until_s = False, float("-inf")

    @property
    def lost(self) -> frozenset[str]:
        """Nodes that are told lost."""
        return self._lost

    def look(self, ages_s: Mapping[str, float | None], *, now_s: float) -> Changed:
        """Take for how long each node has not been heard, and return what is new.

        Args:
            ages_s: By node, since it was last believed; None is not since it or this process was
                started. A node that is left out belongs to the site no more and is forgotten.
            now_s: Monotonic.
        """
        self._heard_at_s = {n: at_s for n, at_s in self._heard_at_s.items() if n in ages_s}
        self._heard_at_s |= {n: now_s - age_s for n, age_s in ages_s.items() if age_s is not None}
        silent = frozenset(n for n in self._heard_at_s if self._age_s(n, now_s) > SILENT_S_MAX)
        returned = self._lost - silent
        self._lost &= silent
        is_us = self._is_our_link(silent - self._lost, now_s)
        if self._is_us and not is_us:
            # The others are heard again one after the other.
            self._patient_until_s = now_s + SILENT_S_MAX
        news = is_us if is_us != self._is_us else None
        self._is_us = is_us
        is_patient = is_us or now_s < self._patient_until_s
        lost = frozenset[str]() if is_patient else silent - self._lost
        self._lost |= lost
        here = frozenset(ages_s)
        return Changed(tuple(sorted(lost)), tuple(sorted(returned & here)), news)

    def _age_s(self, node: str, now_s: float) -> float:
        return now_s - self._heard_at_s[node]

    def _is_our_link(self, silent: frozenset[str], now_s: float) -> bool:
        """Return whether all nodes that were heard until now fell silent together."""
        missed = frozenset(self._heard_at_s) - self._lost
        if not silent or len(missed) < 2:
            return False
        return all(self._age_s(node, now_s) > FRESH_S_MAX for node in missed)
