"""A small building at work and a browser before its pages."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from config.contract.access import DenialReason, DoorCommandOutcome, DoorState
from tests.browser import Visitor, Visitors, chromium, visitors
from tests.central.console.site_data import SITE, Story, make_device, make_node
from tests.central.console.stand_in import StandIn, make_person
from tests.serving import serving

__all__ = ["chromium", "visitors"]


@dataclasses.dataclass(slots=True)
class Central:
    """Central at an address, and the story that goes on at it."""

    stand_in: StandIn
    story: Story
    url: str = ""


def make_central() -> Central:
    """Return a building with two gates at one node, after one passage and one refusal."""
    story = Story(at=datetime.now(UTC) - timedelta(minutes=2))
    since = story.at
    events = [
        story.granted("王小明"),
        story.answered(DoorCommandOutcome.CONFIRMED),
        story.passed(),
        story.denied(DenialReason.UNKNOWN_FACE, point="west"),
    ]
    gates = (
        make_device("gate-east", DoorState.CLOSED, since=since),
        make_device("gate-west", DoorState.CLOSED, since=since),
    )
    stand_in = StandIn(site=SITE, nodes=[make_node("gate-1", gates)], events=events)
    stand_in.people = [
        make_person("王小明", "1001", has_face=True),
        make_person("李梅", "1002", card_count=1, access_points=["east"]),
    ]
    return Central(stand_in, story)


@pytest.fixture
def central() -> Iterator[Central]:
    """A building, served."""
    made = make_central()
    with serving(made.stand_in.app) as made.url:
        yield made


@pytest.fixture
def guard(visitors: Visitors) -> Visitor:
    """A person who reads Chinese."""
    return visitors.meet()


@pytest.fixture
def console(central: Central, guard: Visitor) -> Page:
    """The console, which has shown the newest event."""
    page = guard.open(central.url)
    expect(page.locator(".rows li")).to_have_count(2)
    return page
