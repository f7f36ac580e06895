"""What operators, central and other nodes tell of access points, and what the state makes of it."""

from config.contract.areas import AreaFact, AreasForgiven, CodeUsed
from edge.access.facts import Fact
from edge.access.happenings import (
    DegradedChanged,
    FireChanged,
    FireReleasesChanged,
    Forgiven,
    Heard,
    HoldsChanged,
    LinkChanged,
    LockdownChanged,
    RefusalsForgiven,
)
from edge.access.moves import after_known, next_sequence, shared
from edge.access.world import World


def take_forgiven(world: World, happening: Forgiven) -> list[Fact]:
    """Let everybody, or one person, come in or go out next, wherever they were."""
    state = world.state
    at, node, sequence = happening.at, state.node, next_sequence(state)
    if happening.holder_id is None:
        return shared(state, AreasForgiven(at=at, node=node, sequence=sequence))
    at = after_known(state, happening.holder_id, at)
    return shared(
        state,
        AreaFact(
            holder_id=happening.holder_id, is_forgiven=True, at=at, node=node, sequence=sequence
        ),
    )


def take_refusals_forgiven(world: World, happening: RefusalsForgiven) -> list[Fact]:
    """Forget how often people were refused at a point."""
    world.state.refusals.pop(happening.point, None)
    return []


def take_lockdown(world: World, happening: LockdownChanged) -> list[Fact]:
    """Begin or end a level of lockdown."""
    state, level = world.state, frozenset({happening.level})
    state.lockdowns = state.lockdowns | level if happening.is_active else state.lockdowns - level
    # Whoever waits was judged by another level.
    state.second, state.escorted, state.escorts = {}, {}, {}
    return []


def take_fire(world: World, happening: FireChanged) -> list[Fact]:
    """Begin or end a fire in a zone."""
    state, zone = world.state, frozenset({happening.zone})
    state.fires = state.fires | zone if happening.is_active else state.fires - zone
    return []


def take_fire_releases(world: World, happening: FireReleasesChanged) -> list[Fact]:
    """Take over which points fires, or drills, release."""
    world.state.released = happening.points
    return []


def take_holds(world: World, happening: HoldsChanged) -> list[Fact]:
    """Take over which points operators hold open."""
    world.state.held = happening.points
    return []


def take_degraded(world: World, happening: DegradedChanged) -> list[Fact]:
    """Take over by what rule people pass while this node's knowledge is old."""
    world.state.degraded = happening.rule
    return []


def take_heard(world: World, happening: Heard) -> list[Fact]:
    """Take over facts of other nodes, and of this one from before it was started."""
    state = world.state
    for fact in happening.facts:
        if isinstance(fact, CodeUsed):
            state.used_codes[fact.nonce] = fact
        else:
            state.areas.merge([fact])
        if fact.node == state.node:
            state.sequence = max(state.sequence, fact.sequence)
    return []


def take_link(world: World, happening: LinkChanged) -> list[Fact]:
    """Note whether used codes are shared with other nodes from now on."""
    world.state.is_link_up = happening.is_up
    return []
