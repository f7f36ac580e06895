"""How many an area holds, and who has to be in it first."""

from datetime import datetime, time, timedelta

from config.contract.access import DenialReason
from edge.access.parties import companions
from edge.access.question import Question
from edge.access.world import World


def area_full(question: Question) -> DenialReason | None:
    """Refuse those for whom there is no room, people on their way in included."""
    world = question.world
    if world is None:
        return None
    area = world.model.point(question.point).to_area
    if area is None or area.occupancy_max is None:
        return None
    party = {question.person.holder_id, *(w.holder_id for w in companions(question))}
    inside = sum(_is_in(world, holder_id, area.id) for holder_id in party)
    on_their_way = sum(
        traveller.holder_id not in party and not _is_in(world, traveller.holder_id, area.id)
        for grant in world.state.open_grants(question.now)
        if grant.to_area == area.id
        for traveller in grant.people
    )
    expected = world.state.areas.count(area.id) + on_their_way + len(party) - inside
    return DenialReason.AREA_FULL if expected > area.occupancy_max else None


def first_person_needed(question: Question) -> DenialReason | None:
    """Refuse all others until somebody who may open the area has entered it this day."""
    world, person = question.world, question.person
    if world is None or person.is_first_person:
        return None
    area = world.model.point(question.point).to_area
    if area is None or area.first_person_in is None:
        return None
    arrived_at = world.state.areas.first_arrived_at(area.id)
    resets_at_h = area.first_person_in.resets_at_h
    is_open = arrived_at is not None and _working_day(
        world, arrived_at, resets_at_h
    ) == _working_day(world, question.now, resets_at_h)
    return None if is_open else DenialReason.FIRST_PERSON_NEEDED


def _is_in(world: World, holder_id: str | None, area: str) -> bool:
    known = None if holder_id is None else world.state.areas.whereabouts(holder_id)
    return known is not None and known.area == area


def _working_day(world: World, now: datetime, resets_at_h: int) -> datetime:
    local = world.model.local(now)
    began = local.day if local.minute >= resets_at_h * 60 else local.day - timedelta(days=1)
    return datetime.combine(began, time(resets_at_h))  # a wall-clock time
