"""Interlock: one door of a group at a time."""

from config.contract.access import DenialReason
from edge.access.question import Question


def interlocked(question: Question) -> DenialReason | None:
    """Refuse while another door of the group is open, or somebody was just let through it."""
    world = question.world
    if world is None:
        return None
    others = world.model.point(question.point).interlocked
    if not others:
        return None
    is_open = not others.isdisjoint(world.state.open_doors)
    is_about_to = any(grant.door in others for grant in world.state.open_grants(question.now))
    return DenialReason.INTERLOCK if is_open or is_about_to else None
