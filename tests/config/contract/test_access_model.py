import dataclasses
from datetime import date
from typing import Any

import pytest

from config.contract.access import Direction
from config.contract.access_check import site_problems, warnings
from config.contract.access_model import AccessModel, AccessModelError, parse_access_model

FACE_OR_CARD = {"any_of": [["face"], ["card"]]}
SPAN = {"valid_from": "2026-11-23T08:00Z", "valid_until": "2026-11-23T18:00Z"}
EXIT: dict[str, Any] = {"id": "exit", "is_egress": True}


@dataclasses.dataclass(frozen=True)
class SitePoint:
    id: str
    direction: Direction = Direction.IN
    free_egress: bool = False


def mistakes(document: dict[str, Any]) -> list[str]:
    with pytest.raises(AccessModelError) as refused:
        parse_access_model(document)
    return str(refused.value).splitlines()


def test_an_empty_model_is_a_model() -> None:
    assert parse_access_model({}) == AccessModel()


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {"points": [EXIT | {"credentials": [{"require": FACE_OR_CARD}]}]},
            "access point 'exit' is an exit: nobody is asked for credentials on the way out;"
            " remove 'credentials'",
        ),
        (
            {"points": [EXIT | {"two_person": {}}]},
            "access point 'exit' is an exit: nobody waits for a second person on the way out;"
            " remove 'two_person'",
        ),
        (
            {"points": [EXIT | {"passback": {"mode": "hard"}}]},
            "access point 'exit' is an exit: anti-passback is recorded on the way out and never"
            " enforced; use 'soft' or 'off'",
        ),
        (
            {"points": [EXIT], "interlocks": [{"id": "trap", "points": ["exit", "east"]}]},
            "interlock 'trap' would hold people in at the exit 'exit': leave it out",
        ),
        (
            {
                "points": [EXIT],
                "profiles": [
                    {"id": "p", "permissions": [{"points": ["exit"], "require": FACE_OR_CARD}]}
                ],
            },
            "profile 'p' requires credentials at the exit 'exit', and no rule refuses exit:"
            " leave it out",
        ),
        (
            {
                "points": [EXIT],
                "groups": [{"id": "all", "points": ["east", "exit"]}],
                "temporary_rules": [{"id": "t", "effect": "refuse", "groups": ["all"], **SPAN}],
            },
            "temporary rule 't' refuses at the exit 'exit', and no rule refuses exit: leave it out",
        ),
        (
            {
                "points": [EXIT],
                "lockdown_levels": [{"id": "red", "priority": 1, "points": ["exit"]}],
            },
            "lockdown level 'red' locks at the exit 'exit', and no rule refuses exit: leave it out",
        ),
    ],
)
def test_a_setting_that_could_refuse_exit_is_refused(document: dict[str, Any], line: str) -> None:
    assert mistakes(document) == [line]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"areas": [{"id": "a"}, {"id": "a"}]}, "area 'a' stands twice"),
        (
            {"points": [{"id": "east", "to_area": "lab"}]},
            "access point 'east' names no area: 'lab'",
        ),
        (
            {"areas": [{"id": "a"}], "points": [{"id": "e", "from_area": "a", "to_area": "a"}]},
            "access point 'e' leads from area 'a' into itself",
        ),
        (
            {"points": [{"id": "e", "access_time_s": 5, "extended_access_time_s": 5}]},
            "access point 'e': extended_access_time_s is longer than access_time_s",
        ),
        (
            {"profiles": [{"id": "p", "permissions": [{"points": ["e"], "schedule": "day"}]}]},
            "profile 'p' names no schedule: 'day'",
        ),
        (
            {"profiles": [{"id": "p", "permissions": [{}]}]},
            "profile 'p' has a permission that names no access point",
        ),
        (
            {"profiles": [{"id": "p", "permissions": [{"groups": ["g"]}]}]},
            "profile 'p' names no group: 'g'",
        ),
        (
            {"schedules": [{"id": "s", "special": [{"special_days": "party"}]}]},
            "schedule 's' names no special days: 'party'",
        ),
        (
            {"lockdown_levels": [{"id": "r", "priority": 1, "admits": ["guard"]}]},
            "lockdown level 'r' names no profile: 'guard'",
        ),
        (
            {"lockdown_levels": [{"id": "r", "priority": 3}, {"id": "s", "priority": 3}]},
            "two lockdown levels have priority 3: which one decides must be said",
        ),
        (
            {"interlocks": [{"id": "i", "points": ["e", "e"]}]},
            "interlock 'i' names an access point twice",
        ),
        (
            {"temporary_rules": [{"id": "t", "effect": "permit", **SPAN}]},
            "temporary rule 't' names no access point",
        ),
        (
            {"temporary_rules": [{"id": "t", "effect": "require", "points": ["e"], **SPAN}]},
            "temporary rule 't': 'require' belongs to the effect require, and only there",
        ),
        (
            {"areas": [{"id": "a", "passback": {"mode": "timed"}}]},
            "areas.'a'.passback: forgotten_after_min belongs to the passback mode timed,"
            " and only there",
        ),
        (
            {"points": [{"id": "e", "credentials": [{"require": {"any_of": [["pin"]]}}]}]},
            "points.'e'.credentials.0.require: a PIN alone finds nobody: combine it,"
            " such as card and pin",
        ),
        (
            {"points": [{"id": "e", "credentials": [{"require": {"any_of": [[]]}}]}]},
            "points.'e'.credentials.0.require: a combination of credentials names at least one:"
            " face, card, pin, qr",
        ),
        (
            {"points": [{"id": "e", "credentials": [{"require": {"any_of": [["face", "card"]]}}]}]},
            "points.'e'.credentials.0.require: every combination wants a face: add one without,"
            " such as card and pin (nobody may be forced to show their face)",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(document: dict[str, Any], line: str) -> None:
    assert mistakes(document) == [line]


def test_a_temporary_rule_ends_after_it_begins() -> None:
    backwards = {"valid_from": SPAN["valid_until"], "valid_until": SPAN["valid_from"]}
    rule = {"id": "t", "effect": "permit", "points": ["e"], **backwards}

    assert mistakes({"temporary_rules": [rule]}) == ["temporary rule 't' is over before it begins"]


def test_every_mistake_has_its_line() -> None:
    areas = [{"id": "a"}, {"id": "a"}, {"id": "b"}, {"id": "b"}]

    assert mistakes({"areas": areas}) == ["area 'a' stands twice", "area 'b' stands twice"]


def test_at_a_site_every_point_that_leads_out_is_an_exit() -> None:
    model = parse_access_model({"points": [{"id": "gate", "two_person": {}}]})

    assert site_problems(model, [SitePoint("gate")]) == []
    assert site_problems(model, [SitePoint("gate", Direction.OUT)]) == [
        "access point 'gate' is an exit: nobody waits for a second person on the way out;"
        " remove 'two_person'"
    ]


def test_a_model_names_points_of_the_site() -> None:
    model = parse_access_model({"groups": [{"id": "g", "points": ["east", "west"]}]})

    assert site_problems(model, [SitePoint("east")]) == [
        "group 'g' names no access point of the site: 'west'"
    ]


def test_anti_passback_is_not_enforced_where_people_leave_unseen() -> None:
    area = {"id": "hall", "passback": {"mode": "hard"}}
    model = parse_access_model({"areas": [area], "points": [{"id": "o", "from_area": "hall"}]})

    assert site_problems(model, [SitePoint("o", Direction.OUT)]) == []
    (problem,) = site_problems(model, [SitePoint("o", Direction.OUT, free_egress=True)])
    assert problem.startswith("area 'hall' enforces anti-passback, but people leave it unseen")


def test_a_calendar_that_ends_is_warned_about_in_time() -> None:
    years = [{"year": 2026, "source": "a notice", "is_confirmed": False}]
    model = parse_access_model({"calendar": {"id": "cn", "years": years}})

    unconfirmed = "calendar 'cn': nobody has confirmed the year 2026"
    assert warnings(model, today=date(2026, 11, 1)) == [unconfirmed]
    assert warnings(model, today=date(2026, 12, 1)) == [
        "calendar 'cn' lacks the year 2027: every day of it counts as its weekday",
        unconfirmed,
    ]


def test_people_do_not_assemble_on_the_way_into_an_area() -> None:
    area, point = {"id": "hall"}, {"id": "n1", "is_assembly_point": True}
    leads_in, leads_out = {**point, "to_area": "hall"}, {**point, "from_area": "hall"}

    assert parse_access_model({"areas": [area], "points": [leads_out]})
    with pytest.raises(AccessModelError, match="is an assembly point and leads into area 'hall'"):
        parse_access_model({"areas": [area], "points": [leads_in]})


def test_a_group_without_an_accessible_lane_is_warned_about() -> None:
    groups = [{"id": "north", "points": ["n1"]}, {"id": "south", "points": ["s1"]}]
    document = {"groups": groups, "points": [{"id": "n1", "is_accessible": True}]}

    assert warnings(parse_access_model(document), today=date(2026, 1, 1)) == [
        "group 'south' has no accessible lane"
    ]
