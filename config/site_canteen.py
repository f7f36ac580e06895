"""What the site file says of paying: merchants, and the tills that stand at them.

Prices, meal periods, dishes and limits are no hardware: the canteen's manager keeps them at central
(``contract.money.CanteenPlan``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from config.contract.identifiers import Frozen, Slug
from config.contract.money import ChargeMode


class MerchantEntry(Frozen):
    """Who is paid: a canteen, a shop, a takeaway window. Each has a day close of its own."""

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    kind: Literal["canteen", "shop", "takeaway"] = "canteen"


class Loudness(Frozen):
    """How loud a till is from a time of day on. Attributes: percent: 0 is silent."""

    begins: time
    percent: Annotated[int, Field(ge=0, le=100)]


BY_HOUR: Final = (
    Loudness(begins=time(6), percent=60),
    Loudness(begins=time(11), percent=90),
    Loudness(begins=time(13, 30), percent=60),
    Loudness(begins=time(21), percent=25),
)
"""Lunch is loud, and at night people live next door."""


class TillEntry(Frozen):
    """A place where people pay.

    Attributes:
        mode: What it does after a start; the cashier may change to another of ``modes``.
        modes: What it can do; ``mode`` is always among them.
        camera: Finds diners by face; a till without one takes cards, codes and numbers.
        readers: Of cards and codes.
        scale: Of the mode ``weighed``.
        printer: Of receipts.
        display: Two lines that the diner reads.
        access_point: The gate of a canteen lane (mode ``lane``), whose camera and readers it uses.
        attended: A cashier stands here; otherwise diners serve themselves.
        threshold_margin: So much more alike than at a gate must a face be.
        confirm_s: How long somebody found by face has to say *not me* before it is paid; a key says
            yes sooner. What is shown on purpose, a card or a code, needs no such moment.
        sound: By the site's wall clock, in the order of the day; the last holds over midnight. None
            is silence.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    node: Slug
    merchant: Slug
    mode: ChargeMode = ChargeMode.FIXED
    modes: tuple[ChargeMode, ...] = ()
    camera: Slug | None = None
    readers: tuple[Slug, ...] = ()
    scale: Slug | None = None
    printer: Slug | None = None
    display: Slug | None = None
    access_point: Slug | None = None
    attended: bool = True
    liveness: Literal["off", "passive", "passive_step_up", "challenge"] = "passive_step_up"
    threshold_margin: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    confirm_s: Annotated[float, Field(ge=0, le=10)] = 2.0
    sound: tuple[Loudness, ...] = BY_HOUR

    @field_validator("sound")
    @classmethod
    def _in_order(cls, steps: tuple[Loudness, ...]) -> tuple[Loudness, ...]:
        times = [step.begins for step in steps]
        if times != sorted(set(times)):
            raise ValueError("sound: each step begins after the one before")
        return steps


def canteen_problems(
    merchants: Sequence[MerchantEntry],
    tills: Sequence[TillEntry],
    *,
    nodes: frozenset[str],
    devices: Mapping[str, str | None],
    cameras: Mapping[str, str],
    points: Mapping[str, str],
) -> Iterator[str]:
    """Yield what cannot be, a line each.

    Args:
        merchants: All.
        tills: All.
        nodes: Of this file.
        devices: The node of each device.
        cameras: The node of each camera.
        points: The node of each access point.
    """
    known = {merchant.id for merchant in merchants}
    lanes = dict[str, str]()
    for till in tills:
        where = f"till {till.id!r}"
        if till.node not in nodes:
            yield f"{where} names no node of this file: {till.node!r}"
        if till.merchant not in known:
            yield f"{where} names no merchant of this file: {till.merchant!r}"
        parts = [("scale", till.scale), ("printer", till.printer), ("display", till.display)]
        parts += [("reader", reader) for reader in till.readers]
        for part, device in parts:
            if device is not None and devices.get(device) != till.node:
                yield f"{where} needs a {part} on its own node, not {device!r}"
        if till.camera is not None and cameras.get(till.camera) != till.node:
            yield f"{where} needs a camera on its own node, not {till.camera!r}"
        yield from _lane_problems(where, till, points=points)
        if till.access_point is not None:
            other = lanes.setdefault(till.access_point, till.id)
            if other != till.id:
                yield f"{where} and till {other!r} have the same access_point: one meal, one till"
        if ChargeMode.WEIGHED in {till.mode, *till.modes} and till.scale is None:
            yield f"{where}: mode 'weighed' needs a scale"


def _lane_problems(where: str, till: TillEntry, *, points: Mapping[str, str]) -> Iterator[str]:
    is_lane = ChargeMode.LANE in {till.mode, *till.modes}
    if not is_lane and till.access_point is not None:
        yield f"{where}: an access_point is for mode 'lane'"
    if not is_lane:
        return
    if till.mode is not ChargeMode.LANE or set(till.modes) - {ChargeMode.LANE}:
        yield f"{where}: a lane is nothing else: it has no other mode"
    if till.access_point is None or points.get(till.access_point) != till.node:
        yield f"{where}: mode 'lane' needs an access_point on its own node"
