"""The canteen of the histories: who eats, where, and what holds."""

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from config.contract.money import CanteenPlan, ChargeMode, MealPeriod, MerchantPlan, SpendingLimits
from config.site import Site

ZONE: Final = ZoneInfo("Asia/Shanghai")
NOON: Final = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
MERCHANT: Final = "canteen"
LANE: Final = "lane-1"
LANE_FEN: Final = 350
GATE: Final = "tripod-1"
GATE_POINT: Final = "entrance-1"
OFFLINE_FEN: Final = 3_000
"""So much may one person spend at one till without central."""
PASSAGE_S: Final = 0.25
"""So long the gate of the lane stands open."""
TILLS: Final = ("till-1", "till-2", "till-3")
PLACES: Final = (*TILLS, LANE)
NODES: Final = {"till-1": "counter-1", "till-2": "counter-2", "till-3": "counter-3", LANE: "gate-1"}
HOLDERS: Final = tuple(f"diner-{number}" for number in range(1, 9))
PLAN: Final = CanteenPlan(
    version=1,
    merchants=(
        MerchantPlan(
            merchant=MERCHANT,
            periods=(
                MealPeriod(
                    id="open",
                    name={"en": "Open"},
                    begins=time(0, 0),
                    ends=time(23, 59, 59),
                    fixed_fen={"": LANE_FEN},
                ),
            ),
        ),
    ),
    limits=SpendingLimits(
        repeat_s=60, offline_person_fen=OFFLINE_FEN, offline_till_fen=1_000_000,
        offline_overdraft_fen=3_000,
    ),
)  # fmt: skip


def site_of(node: str | None) -> Site:
    """Return the site, or the part of it that stands at one node."""
    tills = [
        {
            "id": till,
            "node": NODES[till],
            "merchant": MERCHANT,
            "mode": ChargeMode.KEYED,
            "confirm_s": 0,
        }
        for till in TILLS
        if node in (None, NODES[till])
    ]
    lane = {
        "id": LANE,
        "node": NODES[LANE],
        "merchant": MERCHANT,
        "mode": ChargeMode.LANE,
        "access_point": GATE_POINT,
    }
    point = {
        "id": GATE_POINT,
        "node": NODES[LANE],
        "device": GATE,
        "passage_timeout_s": PASSAGE_S,
    }
    has_lane = node in (None, NODES[LANE])
    return Site.model_validate(
        {
            "site": {"id": "test", "name": {"en": "Test"}},
            "node": [{"id": each} for each in NODES.values() if node in (None, each)],
            "merchant": [{"id": MERCHANT}],
            "till": [*tills, lane] if has_lane else tills,
            "bus": [{"id": "rs485-1", "node": NODES[LANE], "port": "/dev/null"}]
            if has_lane
            else [],
            "device": [{"id": GATE, "driver": "eb_tripod", "bus": "rs485-1"}] if has_lane else [],
            "access_point": [point] if has_lane else [],
        }
    )
