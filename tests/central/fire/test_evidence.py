"""Reports, the matrix, and what central notes by itself when it hears of a fire."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from central.fire.evidence import checked, read
from central.fire.report import Report
from config.contract.access import DoorState
from config.contract.events import DoorStateChanged
from config.contract.fire_events import FireConfirmation, FireConfirmed, FireTestChanged
from tests.central.bench import SITE, Bench, running_central
from tests.central.fire.telling import API, ZONE, Telling, begin_test
from tests.central.fire.test_duty import look

CELL = {"zone": ZONE, "output": "lane", "way": "wired", "is_passed": True}


@pytest.fixture
def calling(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site at which a fire begins a roll-call."""
    policy = SITE.policy.model_copy(update={"fire_begins_roll_call": True})
    with running_central(tmp_path / "home", site=SITE.model_copy(update={"policy": policy})) as b:
        yield b


def report_of(bench: Bench, fire_id: UUID, client: Any = None) -> Report:  # noqa: ANN401 - a browser
    reply = (client or bench.administrator).get(f"{API}/fire/reports/{fire_id}.json")
    return checked(read(reply.text))


def cell(bench: Bench, way: str = "wired") -> dict[str, Any]:
    (row,) = bench.administrator.get(f"{API}/fire/matrix").json()["rows"]
    return dict(row[way])


def test_a_fires_report_shows_each_gate_and_who_closed_it(any_bench: Bench) -> None:
    telling, guard = Telling(any_bench, any_bench.node()), any_bench.planted("guard")
    fire_id = telling.confirm()
    telling.answer(fire_id)
    telling.close(fire_id, asked_by=guard.user_id)
    look(any_bench)

    (line,) = report_of(any_bench, fire_id).devices
    assert (line.access_point, line.outcome, line.confirmed_ms) == ("lane", "confirmed", 120)
    assert (line.closed_by, line.closed_at is not None) == (guard.username, True)


def test_who_may_not_see_who_is_inside_gets_the_number_alone(bench: Bench) -> None:
    fire_id = Telling(bench, bench.node()).confirm()
    look(bench)

    seen = report_of(bench, fire_id).inside
    hidden = report_of(bench, fire_id, bench.planted("technician").client).inside

    assert seen is not None
    assert hidden is not None
    assert (seen.people, hidden.people, hidden.count) == ((), None, 0)


def test_a_page_to_print_forbids_itself_everything(bench: Bench) -> None:
    fire_id = Telling(bench, bench.node()).confirm()

    reply = bench.administrator.get(f"{API}/fire/reports/{fire_id}.html")

    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert read(reply.text).report.fire_id == str(fire_id)


def test_a_fire_begins_a_roll_call_where_the_site_wishes_it(calling: Bench) -> None:
    fire_id = Telling(calling, calling.node()).confirm()
    look(calling)

    (call,) = calling.administrator.get(f"{API}/roll-calls").json()["items"]
    inside = report_of(calling, fire_id).inside
    assert (call["cause"], call["started_by"]) == ("fire", "")
    assert inside is not None
    assert inside.roll_call == call["roll_call_id"]


def test_a_replayed_fire_is_history_and_calls_nobody(calling: Bench) -> None:
    telling = Telling(calling, calling.node())
    calling.clock.advance(hours=1)
    panel = FireConfirmation.PANEL
    past = FireConfirmed(fire_id=uuid4(), zone=ZONE, confirmed_by=panel, access_points=("lane",))
    telling.tell(past, time=calling.clock() - timedelta(minutes=30))
    look(calling)

    assert calling.administrator.get(f"{API}/roll-calls").json()["items"] == []
    assert len(calling.administrator.get(f"{API}/fire/reports").json()["items"]) == 1


def test_a_cell_is_untested_until_somebody_signs_it_by_name(bench: Bench) -> None:
    before = cell(bench)["state"]
    bench.administrator.post(f"{API}/fire/matrix/results", json=CELL)

    signed = cell(bench)
    assert (before, signed["state"], signed["tested_by"]) == ("untested", "passed", "admin")
    assert signed["seen"] is None, "nobody but a person has seen it"


def test_a_test_that_is_old_counts_as_outdated(bench: Bench) -> None:
    bench.administrator.post(f"{API}/fire/matrix/results", json=CELL)
    bench.clock.advance(days=31 * 13)
    bench.signed_in_again()

    assert cell(bench)["state"] == "outdated"


def test_central_offers_what_the_gate_said_by_itself_during_a_test(bench: Bench) -> None:
    test_id = begin_test(bench).json()["test_id"]
    telling = Telling(bench, bench.node())
    telling.tell(FireTestChanged(test_id=test_id, zone=ZONE, is_on=True))
    bench.clock.advance(seconds=20)
    telling.tell(DoorStateChanged(device="gate", state=DoorState.EMERGENCY_OPEN))
    offered = cell(bench)["offered"]
    bench.administrator.post(f"{API}/fire/matrix/results", json=CELL)

    assert offered is not None
    assert (cell(bench)["seen"], cell(bench)["offered"]) == (offered, None)


def test_a_gate_that_we_released_proves_nothing_of_its_wires(bench: Bench) -> None:
    test_id = begin_test(bench).json()["test_id"]
    telling = Telling(bench, bench.node())
    telling.tell(FireTestChanged(test_id=test_id, zone=ZONE, is_on=True))
    fire_id = telling.confirm()
    telling.answer(fire_id)
    telling.tell(DoorStateChanged(device="gate", state=DoorState.EMERGENCY_OPEN))

    assert cell(bench)["offered"] is None
    assert cell(bench, "ours")["offered"] == str(fire_id)


def test_a_cell_that_does_not_exist_is_not_signed(bench: Bench) -> None:
    wish = CELL | {"output": "nowhere"}

    assert bench.administrator.post(f"{API}/fire/matrix/results", json=wish).status_code == 404


def test_the_matrix_is_printed_in_both_languages(bench: Bench) -> None:
    pages = [
        bench.administrator.get(f"{API}/fire/matrix.html", params={"language": language}).text
        for language in ("en", "zh-CN")
    ]

    assert "not tested" in pages[0]
    assert "未测试" in pages[1]
