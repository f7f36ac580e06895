"""The personnel office's file: shown first, then applied as a whole, or not at all."""

import re
from pathlib import Path

import pytest

from central.people.roster import columns, rows, tables
from central.roles import ROLES
from config.contract.trust import card_verifier
from config.web import STATIC
from tests.central.access.models import put as put_model
from tests.central.bench import Bench
from tests.central.people.importing import apply, imported, people, preview, send
from tests.central.people.test_endpoints import only_holder, replica

STAFF = {
    "id": "staff",
    "name": {"zh-CN": "员工", "en": "Staff"},
    "permissions": [{"points": ["lane"]}],
}
HEADINGS = "工号,姓名,部门,卡号,有效期止,状态,通行点"


def test_a_preview_changes_nobody(any_bench: Bench) -> None:
    shown = preview(any_bench, HEADINGS, "1,王小明,总务处/保卫科,0006547886,,在职,lane")

    assert shown["counts"]["new"] == 1
    assert shown["changes"][0]["fields"] == [
        {"field": "name", "before": None, "after": "王小明"},
        {"field": "unit", "before": None, "after": "总务处/保卫科"},
        {"field": "is_active", "before": None, "after": True},
        {"field": "access_points", "before": None, "after": ["lane"]},
        {"field": "cards", "before": 0, "after": 1},
    ]
    assert people(any_bench) == {}


def test_what_was_shown_is_applied(any_bench: Bench) -> None:
    result = imported(any_bench, HEADINGS, "1,王小明,总务处/保卫科,0006547886,,在职,lane")

    person = people(any_bench)["1"]
    assert result == {"new": 1, "changed": 0, "leavers": 0, "switched_off": 0, "cards": 1}
    assert (person["name"], person["unit"]) == ("王小明", "总务处/保卫科")
    assert (person["access_points"], person["card_count"]) == (["lane"], 1)
    verifier = card_verifier(any_bench.app.state.services.card_key, "0006547886")
    assert only_holder(any_bench.node()).cards == (verifier,)


def test_the_same_file_again_changes_nothing(any_bench: Bench) -> None:
    lines = (HEADINGS, "1,王小明,总务处,7,2099-12-31,在职,lane", "2,李四,总务处,8,,,全部")
    imported(any_bench, *lines)
    node = any_bench.node()
    known = replica(node).version

    shown = preview(any_bench, *lines)

    assert (shown["changes"], shown["counts"]["unchanged"]) == ([], 2)
    assert apply(any_bench, shown).status_code == 200
    assert replica(node).version == known


def test_changed_fields_reach_the_nodes(any_bench: Bench) -> None:
    imported(any_bench, HEADINGS, "1,A,x,,,,", "2,B,x,,,,")
    node = any_bench.node()
    known = replica(node).version

    imported(any_bench, HEADINGS, "1,A,y,,,离职,", "2,B,,,,,")

    (told,) = replica(node, after=known).holders
    assert told.is_active is False
    assert {n: p["unit"] for n, p in people(any_bench).items()} == {"1": "y", "2": "x"}


def test_a_unit_is_cleared_and_a_card_is_never_taken_away(bench: Bench) -> None:
    imported(bench, HEADINGS, "1,A,x,7,,,")

    imported(bench, HEADINGS, "1,A,-,-,,,")

    person = people(bench)["1"]
    assert (person["unit"], person["card_count"]) == (None, 1)


def test_people_who_changed_meanwhile_are_looked_at_again(bench: Bench) -> None:
    holder_id = bench.person("A", number="1")
    shown = preview(bench, "工号,姓名", "1,B")
    bench.administrator.patch(f"/api/v1/people/{holder_id}", json={"name": "C"})

    reply = apply(bench, shown)

    assert (reply.status_code, reply.json()["code"]) == (409, "people_changed")
    assert people(bench)["1"]["name"] == "C"


def test_somebody_without_a_number_who_comes_meanwhile_is_no_reason_to_look_again(
    bench: Bench,
) -> None:
    bench.person("A", number="1")
    shown = preview(bench, "工号,姓名", "1,B")
    bench.person("Visitor")

    assert apply(bench, shown).status_code == 200


def test_a_preview_is_applied_once_and_soon(bench: Bench) -> None:
    first, second = preview(bench, "工号,姓名", "1,A"), preview(bench, "工号,姓名", "2,A")
    assert apply(bench, first).status_code == 200
    bench.clock.advance(hours=1, seconds=1)
    bench.signed_in_again()

    codes = [apply(bench, shown).json()["code"] for shown in (first, second)]

    assert codes == ["import_not_found", "import_not_found"]


def test_another_token_is_refused(bench: Bench) -> None:
    shown = preview(bench, "工号,姓名", "1,A")

    assert apply(bench, {**shown, "token": "0" * 64}).status_code == 409


def test_nobody_leaves_by_omission(bench: Bench) -> None:
    imported(bench, "工号,姓名", "1,A", "2,B")

    shown = preview(bench, "工号,姓名", "1,A")
    apply(bench, shown)

    assert [person["number"] for person in shown["missing"]] == ["2"]
    assert people(bench)["2"]["is_active"]


def test_who_is_missing_leaves_when_that_is_wanted(any_bench: Bench) -> None:
    lines = [f"{n},A" for n in range(20)]
    imported(any_bench, "工号,姓名", *lines)
    any_bench.person("by hand", number="99")

    result = imported(any_bench, "工号,姓名", *lines[1:], leavers_missing=True)

    assert result["switched_off"] == 1
    inactive = [number for number, p in people(any_bench).items() if not p["is_active"]]
    assert inactive == ["0"]


def test_many_missing_are_asked_about_twice(bench: Bench) -> None:
    imported(bench, "工号,姓名", "1,A", "2,B")
    shown = preview(bench, "工号,姓名", "1,A")

    reply = apply(bench, shown, leavers_missing=True)

    assert (reply.status_code, reply.json()["code"]) == (409, "many_missing")
    assert apply(bench, shown, leavers_missing=True, missing_confirmed=True).status_code == 200
    assert not people(bench)["2"]["is_active"]


def test_a_bad_row_is_told_and_the_others_are_taken(bench: Bench) -> None:
    shown = preview(bench, "工号,姓名,卡号", "1,A,1.23E+09", "2,B,7")

    assert shown["refusals"] == [{"row": 2, "column": "card", "code": "rounded"}]
    assert apply(bench, shown).json()["new"] == 1


def test_nothing_that_is_kept_or_answered_has_a_card_number(bench: Bench, tmp_path: Path) -> None:
    reply = send(bench.administrator, "工号,姓名,卡号", "1,A,0006547886")

    assert "6547886" not in reply.text
    files = [p for p in (tmp_path / "home").rglob("*") if p.is_file()]
    assert files
    assert not any(b"6547886" in p.read_bytes() for p in files)


def test_a_file_that_is_none_says_so(bench: Bench) -> None:
    reply = send(bench.administrator, "姓名", "A")

    assert (reply.status_code, reply.json()["code"]) == (422, "roster_no_headings")


def test_somebody_who_may_not_write_may_not_compare(bench: Bench) -> None:
    assert send(bench.operator("guard"), "工号,姓名", "1,A").status_code == 403


def test_whoever_may_change_people_may_see_the_names_that_a_preview_holds() -> None:
    assert all("people.names" in may for may in ROLES.values() if "people.write" in may)


def test_units_are_a_tree(bench: Bench) -> None:
    imported(bench, "工号,姓名,部门", "1,A,总务处/保卫科", "2,B,总务处")

    office, guards = bench.administrator.get("/api/v1/units").json()["items"]

    assert (office["path"], office["parent_id"], office["people_count"]) == ("总务处", None, 1)
    assert (guards["name"], guards["parent_id"]) == ("保卫科", office["unit_id"])


def test_people_of_a_unit_are_listed_with_those_below_it(any_bench: Bench) -> None:
    imported(any_bench, "工号,姓名,部门", "1,A,总务处/保卫科", "2,B,总务处", "3,C,总务处二科")
    units = any_bench.administrator.get("/api/v1/units").json()["items"]
    ids = {unit["path"]: unit["unit_id"] for unit in units}

    def numbers(path: str) -> set[str]:
        page = any_bench.administrator.get(f"/api/v1/people?unit={ids[path]}").json()
        return {person["number"] for person in page["items"]}

    assert (numbers("总务处"), numbers("总务处/保卫科")) == ({"1", "2"}, {"1"})


def test_a_file_gives_access_profiles(any_bench: Bench) -> None:
    put_model(any_bench.administrator, {"profiles": [STAFF]})

    imported(any_bench, "工号,姓名,权限组", "1,A,员工", "2,B,")

    assert {n: p["profiles"] for n, p in people(any_bench).items()} == {"1": ["staff"], "2": None}
    assert {h.profiles for h in replica(any_bench.node()).holders} == {("staff",), None}


def test_a_profile_that_is_gone_when_the_file_is_applied_is_given_to_nobody(bench: Bench) -> None:
    put_model(bench.administrator, {"profiles": [STAFF]})
    shown = preview(bench, "工号,姓名,权限组", "1,A,员工")
    put_model(bench.administrator, {}, made_from=1)

    reply = apply(bench, shown)

    assert (reply.status_code, reply.json()["code"]) == (422, "unknown_profile")
    assert people(bench) == {}


def put(bench: Bench, number: str, **wish: object) -> tuple[int, object]:
    reply = bench.administrator.put(f"/api/v1/people/by-number/{number}", json=wish)
    return reply.status_code, reply.json()


def test_another_system_puts_a_person_and_puts_them_again(any_bench: Bench) -> None:
    wish = {"name": "A", "unit": "x / y", "cards": ["7"], "access_points": ["lane"]}

    node = any_bench.node()
    first = put(any_bench, "K-1", **wish)
    version = replica(node).version
    second = put(any_bench, "K-1", **wish)

    assert (first[0], second[0], first[1]) == (201, 200, second[1])
    assert replica(node).version == version
    assert people(any_bench)["K-1"]["unit"] == "x/y"


def test_another_system_asks_first_what_would_change(bench: Bench) -> None:
    put(bench, "1", name="A")

    def asked(number: str, **wish: object) -> tuple[str, list[str]]:
        path = f"/api/v1/people/by-number/{number}/check"
        answer = bench.administrator.post(path, json=wish).json()
        return answer["kind"], [change["field"] for change in answer["fields"]]

    assert asked("1", name="B", cards=["7"]) == ("changed", ["name", "cards"])
    assert asked("1", is_active=False) == ("leaver", ["is_active"])
    assert asked("1", name="A") == ("unchanged", [])
    assert asked("2", name="C") == ("new", ["name"])
    assert [person["name"] for person in people(bench).values()] == ["A"]


def test_what_is_not_put_stays(bench: Bench) -> None:
    put(bench, "1", name="A", unit="x")

    put(bench, "1", is_active=False)

    person = people(bench)["1"]
    assert (person["name"], person["unit"], person["is_active"]) == ("A", "x", False)


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"unit": "x"}, 422, "name_missing"),
        ({"name": "A", "cards": ["8"]}, 409, "card_taken"),
        ({"name": "A", "is_active": False}, 409, "left_already"),
        ({"name": "A", "access_points": ["roof"]}, 422, "unknown_access_point"),
        ({"name": "A", "profiles": ["vip"]}, 422, "unknown_profile"),
        ({"name": None}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_put_says_why(
    bench: Bench, wish: dict[str, object], status: int, code: str
) -> None:
    put(bench, "other", name="B", cards=["8"])

    reply = bench.administrator.put("/api/v1/people/by-number/1", json=wish)

    asked = bench.administrator.post("/api/v1/people/by-number/1/check", json=wish)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert (asked.status_code, asked.json()["code"]) == (status, code)


def test_every_reason_has_words() -> None:
    english = (STATIC / "en.json").read_text("utf-8")
    text = Path(rows.__file__).read_text("utf-8") + Path(rows.__file__).with_name(
        "compare.py"
    ).read_text("utf-8")
    codes = set(re.findall(r'_refuse\([^,]+, "([a-z_]+)"\)', text))
    codes |= set(re.findall(r'Refusal\([^,]+, [^,]+, "([a-z_]+)"\)', text))
    source = Path(tables.__file__).read_text("utf-8") + Path(columns.__file__).read_text("utf-8")
    whole = set(re.findall(r'RosterError\(\s*"([a-z_]+)"', source)) | {"no_headings"}
    flaws = {"formula", "error_value", "too_long", "rounded"}

    assert {"number_twice", "card_taken", "point_unknown"} <= codes
    assert {c for c in codes | flaws if f'"roster_mistake.{c}"' not in english} == set()
    assert {c for c in whole if f'"error.roster_{c}"' not in english} == set()
    assert {f for f in columns.NAMES if f'"roster_column.{f}"' not in english} == set()
