"""What the site file says of patrols: checkpoints, and the readers that guards carry.

A checkpoint is a tag on a wall that a carried reader touches, a fixed reader that the guard shows a
card to, or a gate that the guard is let through. Routes, shifts and guards are no hardware: they
are planned at central.
"""

import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config.contract.identifiers import Frozen, Slug

_SEPARATORS: Final = str.maketrans("", "", " :-")

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=256)]
"""The number of a tag, or the text of a QR code, in any way that a reader or a label gives it."""


def tag_key(text: str) -> str:
    """Return a tag's number as it is compared: ``04:a1:b2`` and ``04A1B2`` are one tag.

    What is no number, such as the text of a code, stays as it is.
    """
    digits = text.strip().translate(_SEPARATORS)
    is_number = bool(digits) and all(c in string.hexdigits or c == "," for c in digits)
    return digits.upper() if is_number else text.strip()


class CheckpointEntry(Frozen):
    """A place that a patrol must have been at: ``credential``, ``device`` or ``access_point``.

    Attributes:
        credential: Of the tag on the wall, which every patrol reader of the site knows.
        device: The reader fixed there.
        access_point: The gate there: a guard who is let through by its reader or camera was there.
        fallback: A code put up beside it for the day when the tag or the reader is broken. Whoever
            has a photograph of a code was not there: such a scan says that it is a fallback.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    zone: str = ""
    credential: Tag | None = None
    device: Slug | None = None
    access_point: Slug | None = None
    fallback: Tag | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if [self.credential, self.device, self.access_point].count(None) != 2:
            raise ValueError(
                f"checkpoint {self.id!r} has one of: a credential (its tag), a device (its reader),"
                " an access_point (its gate)"
            )
        return self


class PatrolReaderEntry(Frozen):
    """A reader that a guard carries, or that stands where guards bring what they read.

    Attributes:
        device: Of the reader.
        access_point: Whoever of the guards is let through there carries the reader from then on.
        guard_kept_min: So long after it was last used it is still carried by the same guard.
    """

    device: Slug
    access_point: Slug | None = None
    guard_kept_min: Annotated[int, Field(ge=5, le=1440)] = 720


class PatrolSettings(Frozen):
    """What holds for all patrols.

    Attributes:
        guard_profiles: Access profiles whose holders are guards; empty: whoever shows a known card
            to a patrol reader is one.
        same_scan_s: The same tag at the same reader within it is one scan, however often the reader
            repeats it.
    """

    guard_profiles: tuple[Slug, ...] = ()
    same_scan_s: Annotated[int, Field(ge=2, le=300)] = 30


def patrol_problems(
    settings: PatrolSettings,
    checkpoints: Sequence[CheckpointEntry],
    readers: Sequence[PatrolReaderEntry],
    *,
    devices: Mapping[str, str | None],
    points: Mapping[str, str],
    gates: frozenset[str],
) -> Iterator[str]:
    """Yield what cannot be, a line each.

    Args:
        settings: Of the site.
        checkpoints: All.
        readers: All.
        devices: The node of each device.
        points: The node of each access point.
        gates: Devices of access points.
    """
    fixed, tagged, passed = dict[str, str](), dict[str, str](), dict[str, str]()
    for checkpoint in checkpoints:
        where, device = f"checkpoint {checkpoint.id!r}", checkpoint.device
        for tag in filter(None, (checkpoint.credential, checkpoint.fallback)):
            if (other := tagged.setdefault(tag_key(tag), checkpoint.id)) != checkpoint.id:
                yield f"{where} and checkpoint {other!r} have the same tag"
        if (point := checkpoint.access_point) is not None:
            yield from _gate_problems(where, point, points=points, settings=settings)
            if (other := passed.setdefault(point, checkpoint.id)) != checkpoint.id:
                yield f"{where} and checkpoint {other!r} have the same access_point: {point!r}"
        if device is None:
            continue
        if device not in devices:
            yield f"{where} names no device of this file: {device!r}"
        elif device in gates:
            yield f"{where}: device {device!r} is a gate, so name its access_point instead"
        elif (other := fixed.setdefault(device, checkpoint.id)) != checkpoint.id:
            yield f"{where} and checkpoint {other!r} have the same device: {device!r}"
    for reader in readers:
        where = f"patrol_reader {reader.device!r}"
        if reader.device not in devices:
            yield f"{where} names no device of this file"
        elif reader.device in gates or reader.device in fixed:
            yield f"{where} is fixed at a gate or a checkpoint: nobody carries it"
        if reader.access_point is None:
            continue
        if points.get(reader.access_point) is None:
            yield f"{where} names no access_point of this file: {reader.access_point!r}"
        elif points[reader.access_point] != devices.get(reader.device):
            yield f"{where} needs an access_point on its own node, not {reader.access_point!r}"
        if not settings.guard_profiles:
            yield (
                f"{where}: access_point needs patrol.guard_profiles,"
                " or whoever passes there would carry it"
            )


def _gate_problems(
    where: str, point: str, *, points: Mapping[str, str], settings: PatrolSettings
) -> Iterator[str]:
    if point not in points:
        yield f"{where} names no access_point of this file: {point!r}"
    if not settings.guard_profiles:
        yield (
            f"{where}: access_point needs patrol.guard_profiles,"
            " or whoever passes there would be a guard on patrol"
        )
