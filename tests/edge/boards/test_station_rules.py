"""What a node's station makes of its lanes, its rules and its canteen, without a wire."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.money import CanteenPlan, ChargeMode, MealPeriod, MerchantPlan
from config.site import Site
from config.site_board import BoardRules, QuietTime
from config.site_canteen import MerchantEntry, TillEntry
from edge.access.lane import Lane
from edge.boards.hindrance import Hindrance
from edge.boards.images import Images
from edge.boards.records import Records
from edge.boards.station import BoardStation
from edge.boards.store import UpdatesStore
from firmware_bridge.signing import KeySigner
from tests.edge.boards.test_neighbours_told import SITE, Journal, NoCentral

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""
LUNCH = MealPeriod(id="lunch", name={"en": "Lunch"}, begins=time(11), ends=time(13))
PLAN = CanteenPlan(version=1, merchants=(MerchantPlan(merchant="canteen", periods=(LUNCH,)),))
TILL = TillEntry(id="till-1", node="gate-1", merchant="canteen", mode=ChargeMode.FIXED)


@dataclasses.dataclass(slots=True)
class StuckLane:
    """A lane, as far as it is looked at. Attributes: deciding_since_s: See ``Lane``."""

    deciding_since_s: float | None = None


@dataclasses.dataclass(slots=True)
class World:
    """What the station is told. Attributes: now_s: monotonic."""

    now_s: float = 0.0
    has_fire: bool = False
    is_locked_down: bool = False
    plan: CanteenPlan | None = None


def station(folder: Path, world: World, site: Site = SITE) -> BoardStation:
    journal = Journal()
    return BoardStation(
        site.for_node("gate-1"),
        signer=KeySigner(Ed25519PrivateKey.generate()),
        records=Records(UpdatesStore(folder / "boards"), journal, now=lambda: NOON),
        images=Images(NoCentral(), folder),
        recorder=journal,
        boards_elsewhere={},
        has_fire=lambda: world.has_fire,
        is_locked_down=lambda: world.is_locked_down,
        plan=lambda: world.plan,
        zone=ZoneInfo("Asia/Shanghai"),
        now=lambda: NOON,
        monotonic=lambda: world.now_s,
    )


async def forever() -> None:
    await asyncio.Event().wait()


def alive(
    folder: Path, world: World, lane: StuckLane, look: Callable[[BoardStation], bool]
) -> bool:
    """Return what the station says while the lane's task runs."""

    async def act() -> bool:
        made = station(folder, world)
        tasks = made.lanes_watched(
            {"access point east": forever, "device gate": forever},
            {"east": cast(Lane, lane)},
        )
        running = [asyncio.ensure_future(run()) for run in tasks.values()]
        await asyncio.sleep(0)
        found = look(made)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return found and not made.is_alive()

    return asyncio.run(act())


def test_a_node_lives_as_long_as_its_lanes_run(tmp_path: Path) -> None:
    assert alive(tmp_path, World(), StuckLane(), BoardStation.is_alive)


def test_a_lane_that_is_stuck_is_the_nodes_death(tmp_path: Path) -> None:
    world = World(now_s=131.0)

    assert alive(tmp_path, world, StuckLane(100.0), lambda made: not made.is_alive())


@pytest.mark.parametrize(
    ("world", "found"),
    [
        (World(), None),
        (World(has_fire=True), Hindrance.FIRE),
        (World(is_locked_down=True), Hindrance.LOCKDOWN),
        (World(plan=PLAN), None),
    ],
)
def test_a_node_without_tills_waits_for_fires_and_lockdowns(
    tmp_path: Path, world: World, found: Hindrance | None
) -> None:
    assert station(tmp_path, world).hindrance() is found


@pytest.mark.parametrize(("plan", "found"), [(None, None), (PLAN, Hindrance.QUIET)])
def test_a_node_with_a_till_waits_for_its_meals(
    tmp_path: Path, plan: CanteenPlan | None, found: Hindrance | None
) -> None:
    merchant = MerchantEntry(id="canteen", name={"en": "Canteen"})
    site = SITE.model_copy(update={"merchant": (merchant,), "till": (TILL,)})

    assert station(tmp_path, World(plan=plan), site).hindrance() is found


def test_a_quiet_time_of_the_site_holds_at_every_node(tmp_path: Path) -> None:
    quiet = QuietTime(begins=time(11, 30), ends=time(12, 30))
    site = SITE.model_copy(update={"boards": BoardRules(quiet=(quiet,))})

    assert station(tmp_path, World(), site).hindrance() is Hindrance.QUIET
