"""Who is where, and how many: told by passages, merged with what other nodes tell.

Merging is commutative, associative and idempotent: of every person, and of every node's count, the
fact that stands last in the order (time, node, sequence) holds. A late fact is kept only if it is
the last; it moves nobody backwards.
"""

from collections.abc import Iterable
from datetime import datetime

from config.contract.areas import AreaFact, AreasForgiven, NodeFact, UnnamedCount

SharedFact = AreaFact | UnnamedCount | AreasForgiven


class Areas:
    """The areas of a site as one node, or central, knows them."""

    def __init__(self) -> None:
        self._last: dict[str, AreaFact] = {}
        self._inside: dict[str, set[str]] = {}
        self._unnamed: dict[str, dict[str, UnnamedCount]] = {}  # by area, then node
        self._first: dict[str, AreaFact] = {}
        self._forgiven: AreasForgiven | None = None

    def whereabouts(self, holder_id: str) -> AreaFact | None:
        """Return the passage after which somebody's place is known, or None when it is not."""
        fact = self._last.get(holder_id)
        return fact if fact is not None and self._counts(fact) else None

    def count(self, area: str) -> int:
        """Return how many people are in an area, those without a name included."""
        return max(0, len(self._inside.get(area, ())) + self.unnamed_count(area))

    def unnamed_count(self, area: str) -> int:
        """Return how many more people without a name came than left, as all nodes counted."""
        return sum(self.unnamed(node, area) for node in self._unnamed.get(area, ()))

    @property
    def occupied(self) -> list[str]:
        """The areas in which somebody is, in order."""
        return sorted(area for area in {*self._inside, *self._unnamed} if self.count(area))

    def people(self, area: str) -> list[AreaFact]:
        """Return those known to be in an area, the longest there first: the muster list."""
        return sorted(
            (self._last[key] for key in self._inside.get(area, ())), key=lambda fact: fact.order
        )

    def unnamed(self, node: str, area: str) -> int:
        """Return one node's count of people without a name; 0 before it has told."""
        fact = self._unnamed.get(area, {}).get(node)
        is_counted = fact is not None and (self._forgiven is None or fact.at > self._forgiven.at)
        return fact.count if fact is not None and is_counted else 0

    def first_arrived_at(self, area: str) -> datetime | None:
        """Return when last somebody who may open an area has entered it."""
        fact = self._first.get(area)
        return None if fact is None else fact.at

    def facts(self) -> list[SharedFact]:
        """Return what another node must hear to know the same."""
        forgiven = [] if self._forgiven is None else [self._forgiven]
        unnamed = (fact for by_node in self._unnamed.values() for fact in by_node.values())
        return [*self._last.values(), *self._first.values(), *unnamed, *forgiven]

    def merge(self, facts: Iterable[SharedFact]) -> None:
        """Take facts over, own or another node's, in any order and any number of times."""
        for fact in facts:
            match fact:
                case AreaFact():
                    self._take_person(fact)
                case UnnamedCount():
                    by_node = self._unnamed.setdefault(fact.area, {})
                    known = by_node.get(fact.node)
                    if known is None or is_later(fact, known):
                        by_node[fact.node] = fact
                case AreasForgiven():
                    if self._forgiven is None or is_later(fact, self._forgiven):
                        self._forgive(fact)

    def _take_person(self, fact: AreaFact) -> None:
        if fact.is_first_person and fact.area is not None:
            first = self._first.get(fact.area)
            if first is None or is_later(fact, first):
                self._first[fact.area] = fact
        known = self._last.get(fact.holder_id)
        if known is not None and not is_later(fact, known):
            return
        if known is not None and known.area is not None:
            self._inside.get(known.area, set()).discard(fact.holder_id)
        self._last[fact.holder_id] = fact
        if fact.area is not None and self._counts(fact):
            self._inside.setdefault(fact.area, set()).add(fact.holder_id)

    def _counts(self, fact: AreaFact) -> bool:
        is_over = self._forgiven is not None and fact.at <= self._forgiven.at
        return not fact.is_forgiven and not is_over

    def _forgive(self, forgiven: AreasForgiven) -> None:
        self._forgiven = forgiven
        for inside in self._inside.values():
            inside.difference_update([k for k in inside if not self._counts(self._last[k])])


def is_later(fact: NodeFact, known: NodeFact) -> bool:
    """Return whether, of two facts about the same thing, this one holds."""
    if fact.order != known.order:
        return fact.order > known.order
    # Even two facts that wrongly have one place must agree everywhere.
    return fact.model_dump_json() > known.model_dump_json()
