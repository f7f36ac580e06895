"""Where people are, changed by what happens here: the facts that other nodes are told, too."""

from datetime import datetime, timedelta
from typing import Final

from config.contract.areas import AreaFact, UnnamedCount
from edge.access.areas import SharedFact
from edge.access.compiled import CompiledPoint
from edge.access.facts import Fact
from edge.access.state import State, Traveller

_LATER: Final = timedelta(microseconds=1)


def move(state: State, here: CompiledPoint, traveller: Traveller, at: datetime) -> list[Fact]:
    """Bring where somebody is up to date; returns what other nodes are told of it."""
    entered, holder_id = here.rules.to_area, traveller.holder_id
    if holder_id is None or (entered is None and here.rules.from_area is None):
        return []
    return shared(
        state,
        AreaFact(
            holder_id=holder_id,
            area=entered,
            at=after_known(state, holder_id, at),
            node=state.node,
            sequence=next_sequence(state),
            is_first_person=traveller.is_first_person and entered is not None,
        ),
    )


def after_known(state: State, holder_id: str, at: datetime) -> datetime:
    """Return a time for what is seen now that is later than what was known before.

    Clocks of nodes differ by a little; a person who has just passed here is here.
    """
    known = state.areas.whereabouts(holder_id)
    return at if known is None or known.at < at else known.at + _LATER


def count_unnamed(state: State, here: CompiledPoint, count: int, at: datetime) -> list[Fact]:
    """Count people whom nobody knows out of one area and into another; fewer are negative."""
    found = list[Fact]()
    for area, change in ((here.rules.from_area, -count), (here.rules.to_area, count)):
        if area is not None:
            now = state.areas.unnamed(state.node, area) + change
            found += shared(
                state,
                UnnamedCount(
                    area=area, count=now, at=at, node=state.node, sequence=next_sequence(state)
                ),
            )
    return found


def shared(state: State, fact: SharedFact) -> list[Fact]:
    """Take a fact over here as other nodes will; returns it."""
    state.areas.merge([fact])
    return [fact]


def next_sequence(state: State) -> int:
    """Return the number of this node's next fact."""
    state.sequence += 1
    return state.sequence
