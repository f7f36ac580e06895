"""A fire to report of: three gates, of which one was released late and one told nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from central.fire.report import (
    Answered,
    Expected,
    FireFacts,
    InsideSeen,
    PanelSeen,
    PersonSeen,
    PointSeen,
    Report,
    compose,
)

BEGAN = datetime(2026, 11, 29, 3, 12, 41, 120_000, tzinfo=UTC)
MADE = BEGAN + timedelta(hours=1)


def gate(name: str) -> Expected:
    names = {"en": f"Lane {name}", "zh-CN": f"通道{name}"}
    return Expected(access_point=name, device=f"gate-{name}", node="gate-1", name=names)


def answer(name: str, confirmed_ms: float | None = 120.0, **more: Any) -> Answered:  # noqa: ANN401 - fields
    values = {
        "access_point": name, "device": f"gate-{name}", "node": "gate-1", "heard": "here",
        "told_ms": 10.0, "confirmed_ms": confirmed_ms, "attempts": 1,
        "outcome": "unreachable" if confirmed_ms is None else "confirmed",
    }  # fmt: skip
    return Answered.model_validate(values | more)


def facts(**more: Any) -> FireFacts:  # noqa: ANN401 - fields
    values: dict[str, Any] = {
        "fire_id": "0199-fire",
        "zone": "building",
        "zone_name": {"en": "Building", "zh-CN": "整栋楼"},
        "is_drill": False,
        "confirmed_by": "two_devices",
        "points": (PointSeen(device="panel", point="1.10.2", text="A区<1>"),),
        "node": "gate-1",
        "began_at": BEGAN,
        "heard_at": BEGAN + timedelta(seconds=2),
        "expected": (gate("a"), gate("b"), gate("c")),
        "answered": (answer("a"), answer("b", 1_400.0)),
        "panels": (PanelSeen(device="panel", mode="auto", conditions=("fire",)),),
        "inside": InsideSeen(
            taken_at=BEGAN,
            count=1,
            unnamed_count=2,
            people=(PersonSeen(holder_id="h", name="王**", area="hall", since=BEGAN),),
        ),
    }
    return FireFacts.model_validate(values | more)


def report(**more: Any) -> Report:  # noqa: ANN401 - fields
    names = {"en": "Town hall", "zh-CN": "市行政中心"}
    return compose(
        facts(**more), site="demo", site_name=names, time_zone="Asia/Shanghai", made_at=MADE
    )
