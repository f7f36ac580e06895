"""What a guard's desk puts first, and what it leaves where it is, before the real central."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from config.contract.access import CredentialKind, Direction
from config.contract.events import (
    AccessGranted,
    DuressDetected,
    EventData,
    FireConfirmed,
    FirePointChanged,
)
from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.identifiers import new_id
from tests.browser import Visitors
from tests.central.alarms.raising import tell
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building

pytestmark = pytest.mark.browser
Happen = Callable[[EventData], None]
DURESS = DuressDetected(holder_id="anna", access_point="west")


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@pytest.fixture
def happen(building: Bench) -> Happen:
    """Something happens at the terminal, now."""
    node, sequences = building.node(), itertools.count(1)
    return lambda fact: tell(node, next(sequences), fact)


def signal(point: str) -> FirePointChanged:
    """A detector of the panel has seen a fire."""
    return FirePointChanged(
        device="gate", zone="building", point=point, text=f"D-{point}", conditions=("fire",)
    )


def fire(*points: str) -> FireConfirmed:
    """Those detectors have confirmed it."""
    return FireConfirmed(
        fire_id=uuid4(),
        zone="building",
        confirmed_by=FireConfirmation.TWO_DEVICES,
        points=tuple(FirePoint(device="gate", point=each) for each in points),
        access_points=("east", "west"),
    )


def passes(holder_id: str) -> AccessGranted:
    """A person is let in."""
    return AccessGranted(
        decision_id=new_id(),
        access_point="east",
        direction=Direction.IN,
        holder_id=holder_id,
        credential=CredentialKind.CARD,
    )


def test_a_confirmed_fire_stands_first_and_its_line_is_that_of_its_detectors(
    building: Bench, happen: Happen, visitors: Visitors
) -> None:
    page = opened(visitors.meet(language="en"), building, "/")
    rows, panel = page.locator("alarm-list li"), page.locator("article.alarm")
    happen(signal("10-2"))
    expect(rows).to_contain_text(["Fire signal of a detector D-10-2"])
    happen(signal("10-7"))
    happen(fire("10-2", "10-7"))
    happen(DURESS)

    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2 signals: D-10-2 + D-10-7")
    expect(page.locator("[data-priority='1'] b")).to_have_text("4")
    expect(panel.locator(".signals li")).to_have_count(2)

    page.keyboard.press("a")
    page.keyboard.press("a")
    expect(panel).to_contain_text("Acknowledged by admin")
    expect(rows.last).to_contain_text("2 signals")
    happen(signal("10-9"))
    expect(rows.filter(has_text="D-10-9")).to_have_class("p1 is-unacknowledged")
