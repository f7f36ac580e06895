"""New hires come in from the first minute: by a code or by a temporary card."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.people.codes import default_end
from config.calendars import shipped_calendar
from config.contract.nodes import HolderRecord, ReplicaPage
from config.contract.trust import card_verifier
from tests.central.bench import Bench, Node

SHANGHAI = ZoneInfo("Asia/Shanghai")
CARD = "0006547886"


def record(node: Node) -> HolderRecord:
    page = ReplicaPage.model_validate_json(node.request("GET", "/api/v1/replica?after=0").content)
    (holder,) = page.holders
    return holder


def codes(bench: Bench) -> str:
    return f"/api/v1/people/{bench.person()}/codes"


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-11-23", "2026-11-25"),
        ("2026-11-27", "2026-12-01"),
        ("2026-11-28", "2026-12-02"),
        ("2026-09-30", "2026-10-09"),
    ],
)
def test_a_code_is_good_to_the_end_of_the_third_working_day(day: str, last: str) -> None:
    now = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=SHANGHAI).astimezone(UTC)

    end = default_end(now, zone=SHANGHAI, calendar=shipped_calendar("Asia/Shanghai"))

    assert (end.astimezone(SHANGHAI) - timedelta(seconds=1)).date().isoformat() == last


def test_a_new_hire_is_given_a_code_to_show(any_bench: Bench) -> None:
    path, personnel = codes(any_bench), any_bench.operator("personnel")

    given = personnel.post(path, json={}).json()
    drawing = personnel.get(f"{path}/{given['code_id']}/code.svg")

    assert (given["points"], given["state"]) == (["lane"], "good")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert personnel.get(path).json()["items"] == [given]


def test_terminals_hear_that_a_code_was_cancelled(any_bench: Bench) -> None:
    path, node = codes(any_bench), any_bench.node()
    own = f"{path}/{any_bench.administrator.post(path, json={}).json()['code_id']}"
    before = record(node)

    assert any_bench.administrator.delete(own).status_code == 204

    after = record(node)
    assert (before.cancelled_codes, len(after.cancelled_codes)) == ((), 1)
    assert after.version > before.version
    assert any_bench.administrator.get(f"{own}/code.svg").json()["code"] == "code_is_over"


def test_terminals_hear_when_a_temporary_card_is_over(bench: Bench) -> None:
    node, path = bench.node(), f"/api/v1/people/{bench.person()}/cards"
    until = bench.clock() + timedelta(days=3)

    wish = {"number": CARD, "valid_until": until.isoformat()}
    assert bench.administrator.post(path, json=wish).status_code == 201

    verifier = card_verifier(bench.app.state.services.card_key, CARD)
    assert record(node).card_ends == {verifier: until}
    assert bench.administrator.get(path).json()["items"][0]["valid_until"] is not None


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"valid_until": "2000-01-01T00:00:00Z"}, "code_too_long"),
        ({"valid_until": "2100-01-01T00:00:00Z"}, "code_too_long"),
        ({"points": ["nowhere"]}, "not_an_entrance"),
    ],
)
def test_what_would_be_no_code_is_refused(bench: Bench, wish: dict[str, object], code: str) -> None:
    reply = bench.administrator.post(codes(bench), json=wish)

    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_a_card_that_would_be_over_is_refused(bench: Bench) -> None:
    path = f"/api/v1/people/{bench.person()}/cards"

    reply = bench.administrator.post(
        path, json={"number": CARD, "valid_until": "2000-01-01T00:00:00Z"}
    )

    assert (reply.status_code, reply.json()["code"]) == (422, "card_is_over")
