"""What the doctor says of controller boards."""

from typing import Any

import pytest

from config.doctor.findings import Level
from config.site import BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_board import BoardRules
from config.site_fire import FireInputEntry, FireZoneEntry, OutputEntry
from edge.doctor.boards import judge_boards
from tests.config.images import public_pem

RULES = BoardRules(keys=(public_pem(),))
FIRE: dict[str, Any] = {"fire_input": 2, "fire_on": [1]}
ZONE = FireZoneEntry(id="hall", outputs=(OutputEntry(device="board", channel=1),))
INPUT = FireInputEntry(zone="hall", device="board")


def site(
    settings: dict[str, Any] | None = None,
    *,
    rules: BoardRules = RULES,
    driver: str = "board",
    nodes: tuple[str, ...] = ("east",),
    **tables: Any,  # noqa: ANN401 - of the site's own
) -> Site:
    device = DeviceEntry(id="board", driver=driver, bus="line", settings=settings or {})
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        boards=rules,
        node=tuple(Node(id=name) for name in nodes),
        bus=(BusEntry(id="line", node="east", port="p"),),
        device=(device,),
        **tables,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (site(rules=BoardRules()), "no controller board takes an image"),
        (site(rules=RULES.model_copy(update={"claims": False})), "nobody has claimed"),
        (site(nodes=("east", "west")), "no node hears"),
        (site({"watchdog_s": 0.0}), "never goes into its safe state"),
        (site({"watchdog_s": 60.0}), "waits for 60 s anyhow"),
        (site({"watchdog_s": 1.0}), "as soon as one answer of it is lost"),
        (site(FIRE, fire_zone=(ZONE,)), "is told, and releases nothing but its own"),
        (site({"fire_on": [0, 1]}, fire_zone=(ZONE,)), "switches output 0 for a fire at its own"),
    ],
)
def test_what_may_not_be_wanted_is_a_warning(given: Site, said: str) -> None:
    (found,) = judge_boards(given)

    assert (found.check, found.level) == ("boards", Level.WARNING)
    assert said in found.message
    assert found.advice


@pytest.mark.parametrize(
    "given",
    [
        site(),
        site({"watchdog_s": 1.0, "timeout_s": 0.2}),
        site(FIRE, fire_zone=(ZONE,), fire_input=(INPUT,)),
        site(rules=BoardRules(), driver="waveshare_relay"),
    ],
)
def test_a_site_without_boards_or_doubts_has_nothing_to_say(given: Site) -> None:
    assert list(judge_boards(given)) == []


def test_only_the_boards_of_the_node_that_is_asked_for_are_looked_at() -> None:
    given = site({"watchdog_s": 0.0}, nodes=("east", "west"))

    assert list(judge_boards(given, node="west")) == []
