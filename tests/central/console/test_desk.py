"""What a guard's desk puts first, and what it leaves where it is, before the real central."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from central.security import COOKIE
from config.contract.access import CredentialKind, Direction
from config.contract.alarms_events import PanicPressed
from config.contract.board_events import UpdateOutcome, UpdateReason
from config.contract.events import (
    AccessGranted,
    BoardHealthChanged,
    BoardUpdateEnded,
    DeviceLost,
    DoorForcedOpen,
    DuressDetected,
    EventData,
    FireConfirmed,
    FirePointChanged,
)
from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.identifiers import new_id
from tests.browser import Visitor, Visitors
from tests.central.alarms.raising import tell
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.duty.desks import CARD, with_card

pytestmark = pytest.mark.browser
Happen = Callable[[EventData], None]
NO_CONNECTION = re.compile(r"No connection since \d\d:\d\d:\d\d")
ALARM = re.compile(r"/api/v1/alarms/[0-9a-f]{8}-[0-9a-f-]{27}$")
"""What central tells in full about one alarm."""
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
    expect(panel.locator(".of-fire li")).to_have_count(2)

    page.keyboard.press("a")
    page.keyboard.press("a")
    expect(panel).to_contain_text("Acknowledged by admin")
    expect(rows.last).to_contain_text("2 signals")
    happen(signal("10-9"))
    expect(rows.filter(has_text="D-10-9")).to_have_class("p1 is-unacknowledged")


@pytest.mark.parametrize(
    ("fact", "language", "cause"),
    [
        (BoardHealthChanged(device="gate", faults=("flash",)), "zh-CN", "存储异常"),
        (
            BoardUpdateEnded(
                update_id=uuid4(), device="gate", outcome=UpdateOutcome.REFUSED, image="a" * 64,
                reason=UpdateReason.TOO_LARGE,
            ),
            "en", "The image does not fit into the board.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_board_is_said_with_its_alarm(
    building: Bench, happen: Happen, visitors: Visitors, fact: EventData, language: str, cause: str
) -> None:
    page = opened(visitors.meet(language=language), building, "/")

    happen(fact)

    expect(page.locator("article.alarm .cause")).to_have_text(cause)


def test_a_late_answer_about_another_alarm_takes_nothing_from_the_chosen_one(
    building: Bench, happen: Happen, visitors: Visitors
) -> None:
    happen(DoorForcedOpen(device="gate"))
    visitor, held = visitors.meet(language="en"), list[Route]()
    visitor.context.route(ALARM, lambda route: held.append(route), times=1)
    with visitor.context.expect_event(
        "request", lambda request: ALARM.search(request.url) is not None
    ):
        page = opened(visitor, building, "/")
    rows, procedure = page.locator("alarm-list li"), page.locator("article.alarm .procedure li")
    happen(DURESS)
    expect(rows).to_have_count(2)
    page.keyboard.press("j")
    expect(procedure).not_to_have_count(0)

    with page.expect_event(
        "requestfinished", lambda request: ALARM.search(request.url) is not None
    ):
        held[0].continue_()
    happen(passes("anna"))

    expect(page.locator("section.events")).to_contain_text("Granted")
    expect(page.locator("article.alarm h2")).to_contain_text("Duress")
    expect(procedure).not_to_have_count(0)


def test_what_central_could_not_tell_about_an_alarm_is_asked_again(
    building: Bench, happen: Happen, visitors: Visitors
) -> None:
    happen(DURESS)
    visitor = visitors.meet(language="en")
    visitor.context.route(ALARM, lambda route: route.fulfill(status=503, json={}), times=1)

    page = opened(visitor, building, "/")
    page.locator("alarm-list li").click()

    expect(page.locator("article.alarm .procedure li")).not_to_have_count(0)


def test_nothing_moves_under_a_hand_while_a_fire_comes(
    building: Bench, happen: Happen, visitors: Visitors
) -> None:
    page = opened(visitors.meet(), building, "/")
    happen(DoorForcedOpen(device="gate"))
    row = page.locator("alarm-list li").first
    expect(row).to_contain_text("强行开门")
    row.hover()
    before = row.bounding_box()

    happen(fire("10-2", "10-7"))

    expect(page.locator(".fire-strip")).to_be_visible()
    expect(page.get_by_role("button", name="1 条新")).to_be_visible()
    assert (row.bounding_box(), row.inner_text().count("强行开门")) == (before, 1)

    page.locator(".site").hover()

    expect(row).to_contain_text("火警")
    assert row.bounding_box() != before, "the strip has its room now"


def test_a_flood_is_one_line_and_hides_no_fire_no_duress_and_no_panic(
    building: Bench, visitors: Visitors
) -> None:
    node, numbers = building.node(), itertools.count(1)

    def at_once(*facts: EventData) -> None:
        node.send(*(node.event(next(numbers), fact=f, time=node.clock()) for f in facts))

    page = opened(visitors.meet(language="en"), building, "/")
    at_once(*(DeviceLost(device=f"reader-{n}", detail="timeout") for n in range(60)))
    at_once(PanicPressed(button="desk", active=True), DURESS, fire("10-2", "10-7"))

    flood, rows = page.locator(".flood"), page.locator("alarm-list li")
    expect(flood).to_contain_text("29 more in a flood: Device lost 29")
    expect(rows.nth(0)).to_contain_text("Fire")
    for said in ("Duress", "Panic"):
        expect(rows.filter(has_text=said)).to_have_count(1)
    expect(page.locator("[data-priority='1'] b")).to_have_text("3")

    flood.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()

    expect(flood).to_be_hidden()
    expect(rows.nth(2)).to_have_class("p1 is-unacknowledged")


def test_the_list_survives_a_restart_of_central_and_says_since_when_it_knows_nothing(
    tmp_path: Path, visitors: Visitors
) -> None:
    with running_building(tmp_path / "home") as before:
        page = opened(visitors.meet(language="en"), before, "/")
        expect(page.locator(".all-quiet")).to_have_text("No alarms")
        page.evaluate("window.isSamePage = true")
        node = before.node()
        port = int(before.url.rpartition(":")[2])

    expect(page.locator(".all-quiet")).to_have_text(NO_CONNECTION)
    expect(page.locator(".alarms h2").first).to_have_text(re.compile(r"Alarms as of [\d:]{8}"))

    with running_building(tmp_path / "home", port=port) as after:
        node.http, node.clock = after.client(), after.clock
        tell(node, 1, DURESS)
        row = page.locator("alarm-list li").first
        expect(row).to_contain_text("Duress West gate", timeout=20_000)
        expect(page.locator(".alarms h2").first).to_have_text("Alarms")
        page.keyboard.press("a")
        page.keyboard.press("a")
        expect(page.locator(".all-quiet")).to_have_text("No alarms")
    assert page.evaluate("window.isSamePage") is True


def at_the_desk(building: Bench, visitor: Visitor) -> Page:
    """Return the console of a guard on duty."""
    cookie = building.planted("guard", username="li.ming").client.cookies[COOKIE]
    visitor.context.add_cookies([{"name": COOKIE, "value": cookie, "url": building.url}])
    with visitor.context.expect_event("response", lambda reply: reply.url.endswith("/v1/desk")):
        page = visitor.open(building.url)
    expect(page.locator(".user")).to_have_text("On duty: l***")
    return page


def test_a_session_that_timed_out_locks_acts_alone_and_the_next_guard_is_there_in_three_seconds(
    building: Bench, happen: Happen, visitors: Visitors
) -> None:
    visitor = visitors.meet(language="en")
    page = at_the_desk(building, visitor)
    row, lock = page.locator("alarm-list li").first, page.locator(".duty-lock")
    with_card(building)
    building.clock.advance(hours=13)
    page.evaluate("window.isSamePage = true")

    happen(DURESS)
    expect(row).to_contain_text("Duress")
    page.keyboard.press("a")
    page.keyboard.press("a")

    expect(lock).to_contain_text("Last on duty: l***")
    expect(lock.locator("[name=number]")).to_be_focused()
    expect(page.locator(".user")).to_have_text("Nobody on duty")
    expect(row).to_have_class("p1 is-unacknowledged")
    page.keyboard.type(CARD["number"])
    page.keyboard.press("Enter")
    page.keyboard.type(CARD["pin"])
    page.keyboard.press("Enter")

    expect(page.locator(".user")).to_have_text("On duty: g***")
    expect(lock).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator("[data-priority='1'] b")).to_have_text("0")
    (seen,) = building.auditor.get("/api/v1/alarms?state=closed").json()["items"]
    assert seen["acknowledged_by"].startswith("guard-")
    assert page.evaluate("window.isSamePage") is True
