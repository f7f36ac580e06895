"""What people lose by a changed site file, and what cannot be undone afterwards. Pure.

Leaving and fire come first: whoever takes a way out or a release away says that they mean it.
"""

import dataclasses
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from config.contract.access import Direction
from config.site import AccessPointEntry, Site


class Weight(StrEnum):
    """What a loss asks for."""

    NOTED = "noted"
    """It is said."""
    TO_ACCEPT = "to_accept"
    """People may be kept in, or data is gone for good: somebody says that it is meant."""
    REFUSED = "refused"
    """It can never be right for this installation."""


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """One of them."""

    weight: Weight
    message: str


_LIVENESS: Final = ("off", "passive", "passive_step_up", "challenge")
_LAXER_UP: Final = ("strangers", "step_up_strangers")
_COVERS: Final = ("masks", "dark_glasses", "caps", "sun_behind")


def losses(before: Site, after: Site) -> Iterator[Loss]:
    """Yield what is lost, the gravest kinds of it first."""
    if before.site.id != after.site.id:
        yield Loss(
            Weight.REFUSED,
            f"this is the file of another site: {after.site.id!r} instead of {before.site.id!r}",
        )
    yield from _ways(before, after)
    yield from _fire(before, after)
    yield from _data(before, after)
    yield from _strictness(before, after)
    yield from _places(before, after)


def _ways(before: Site, after: Site) -> Iterator[Loss]:
    old = {point.id: point for point in before.access_point}
    new = {point.id: point for point in after.access_point}
    for name, point in old.items():
        is_out = point.direction is Direction.OUT
        weight = Weight.TO_ACCEPT if is_out else Weight.NOTED
        now = new.get(name)
        if now is None or now.direction is not point.direction:
            yield Loss(weight, f"nobody {'leaves' if is_out else 'comes in'} at {name} any more")
            continue
        if point.free_egress and not now.free_egress:
            said = f"leaving at {name} needs a face or a credential from now on (free_egress)"
            yield Loss(Weight.TO_ACCEPT, said)
        yield from _means(name, point, now)
    for gate in sorted({point.device for point in new.values()}):
        if _leaves(before, gate) and not _leaves(after, gate):
            yield Loss(Weight.TO_ACCEPT, f"no way out is left through the gate {gate}")
    if _leaves(before) and not _leaves(after):
        yield Loss(Weight.TO_ACCEPT, "no way out is left at the whole site")


def _leaves(site: Site, gate: str | None = None) -> bool:
    return any(
        point.direction is Direction.OUT and gate in (None, point.device)
        for point in site.access_point
    )


def _means(name: str, before: AccessPointEntry, after: AccessPointEntry) -> Iterator[Loss]:
    if before.camera is not None and after.camera is None:
        yield Loss(Weight.NOTED, f"no face opens {name} any more")
    if before.readers and not after.readers:
        yield Loss(Weight.NOTED, f"no card or code at a reader of its own opens {name} any more")
    if before.assistance is not None and after.assistance is None:
        yield Loss(Weight.NOTED, f"no button at {name} asks for assistance any more")
    if _LIVENESS.index(after.liveness) < _LIVENESS.index(before.liveness):
        said = f"a photograph is less likely told from a face at {name} ({after.liveness})"
        yield Loss(Weight.NOTED, said)
    if before.node != after.node:
        yield Loss(
            Weight.NOTED, f"{name} is terminal {after.node}'s, and no longer {before.node}'s"
        )


def _fire(before: Site, after: Site) -> Iterator[Loss]:
    new_points = {point.id for point in after.access_point}
    for name in sorted((_released(before) - _released(after)) & new_points):
        yield Loss(Weight.TO_ACCEPT, f"no fire releases {name} any more")
    opened = {(zone.id, o.device, o.channel) for zone in after.fire_zone for o in zone.outputs}
    for zone in before.fire_zone:
        for output in zone.outputs:
            if (zone.id, output.device, output.channel) not in opened:
                where = f"relay {output.channel} of {output.device}"
                yield Loss(Weight.TO_ACCEPT, f"a fire in {zone.id} closes {where} no longer")
    heard = {
        (entry.zone, entry.device, point) for entry in after.fire_input for point in entry.points
    }
    for entry in before.fire_input:
        for point in entry.points:
            if (entry.zone, entry.device, point) not in heard:
                said = f"points {point!r} of {entry.device} are no fire in {entry.zone} any more"
                yield Loss(Weight.TO_ACCEPT, said)
    zones = {zone.id: zone for zone in after.fire_zone}
    for zone in before.fire_zone:
        now = zones.get(zone.id)
        if now is None:
            continue
        for means in zone.confirm_by:
            if means not in now.confirm_by:
                yield Loss(
                    Weight.TO_ACCEPT, f"{means} does not confirm a fire in {zone.id} any more"
                )
        if zone.on_loss == "release" and now.on_loss != "release":
            said = f"{zone.id} is not released when its panel falls silent any more"
            yield Loss(Weight.TO_ACCEPT, said)


def _released(site: Site) -> set[str]:
    every = {point.id for point in site.access_point}
    return {point for zone in site.fire_zone for point in (zone.releases or every)}


def _data(before: Site, after: Site) -> Iterator[Loss]:
    gone = "is erased soon, and going back does not bring it back"
    for setting in type(before.retention).model_fields:
        old, new = getattr(before.retention, setting), getattr(after.retention, setting)
        if new < old:
            said = f"retention.{setting} {old} -> {new}: what is older {gone}"
            yield Loss(Weight.TO_ACCEPT, said)
    old, new = before.policy.audit_kept_days, after.policy.audit_kept_days
    if new < old:
        said = f"policy.audit_kept_days {old} -> {new}: what is older {gone}"
        yield Loss(Weight.TO_ACCEPT, said)
    if before.policy.keep_enrolment_pictures and not after.policy.keep_enrolment_pictures:
        said = f"policy.keep_enrolment_pictures = false: every enrolment picture {gone}"
        yield Loss(Weight.TO_ACCEPT, said)
    if after.policy.has_separate_administrators and not before.policy.has_separate_administrators:
        said = (
            "policy.has_separate_administrators: every administrator is a security administrator"
            " from central's next start on, and going back does not change that"
        )
        yield Loss(Weight.TO_ACCEPT, said)


def _strictness(before: Site, after: Site) -> Iterator[Loss]:
    for setting in _LAXER_UP:
        old, new = getattr(before.recognition, setting), getattr(after.recognition, setting)
        if new > old:
            said = f"recognition.{setting} {old} -> {new}: more strangers are taken for somebody"
            yield Loss(Weight.NOTED, said)
    for setting in _COVERS:
        old, new = getattr(before.recognition, setting), getattr(after.recognition, setting)
        if new == "ignore" and old != "ignore":
            yield Loss(Weight.NOTED, f"recognition.{setting}: nobody looks for it any more")
    if before.recognition.pipeline != after.recognition.pipeline:
        said = (
            f"recognition.pipeline {before.recognition.pipeline} -> {after.recognition.pipeline}:"
            " faces of the network before are not recognised (`menshen people migrate`)"
        )
        yield Loss(Weight.NOTED, said)
    dropped = set(before.policy.second_factor_roles) - set(after.policy.second_factor_roles)
    for role in sorted(dropped):
        yield Loss(Weight.NOTED, f"a {role} needs no second factor any more")
    for deed in sorted(set(before.policy.four_eyes) - set(after.policy.four_eyes)):
        yield Loss(Weight.NOTED, f"{deed} needs no second operator any more")


def _places(before: Site, after: Site) -> Iterator[Loss]:
    for table, said in (
        ("node", "terminal {} has no place here any more: it does not start with this file"),
        ("till", "nobody pays at till {} any more"),
        ("checkpoint", "checkpoint {} is none any more: rounds that name it miss it"),
        ("panic_button", "nobody hears the panic button {} any more"),
        ("sounder", "the sounder {} is silent from now on"),
    ):
        left = {entry.id for entry in getattr(after, table)}
        for entry in getattr(before, table):
            if entry.id not in left:
                yield Loss(Weight.NOTED, said.format(entry.id))
