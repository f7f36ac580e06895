"""What waits for a second person, on the console and before the real central."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from central.approvals import countersigning
from central.security import COOKIE, Operator
from config.site import Site
from tests.browser import Visitor, Visitors
from tests.central.access.models import put
from tests.central.audit.log import in_transaction
from tests.central.bench import SITE, Bench, Planted, running_central
from tests.central.console.test_pages import CHINESE, LATIN_WORDS

pytestmark = pytest.mark.browser
API = "/api/v1"
FOUR_EYES = SITE.model_dump(by_alias=True)
FOUR_EYES["policy"] |= {"four_eyes": ["key_rotation"]}
MODEL = {
    "lockdown_levels": [
        {
            "id": "evacuate", "priority": 20, "points": ["lane"], "effect": "open",
            "name": {"zh-CN": "全部打开", "en": "Everything open"},
        }
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central of a site where a new key needs two, and which has a level that opens."""
    home: Path = tmp_path_factory.mktemp("signing") / "home"
    with running_central(home, site=Site.model_validate(FOUR_EYES)) as bench:
        assert put(bench.administrator, MODEL).status_code == 200
        yield bench


def opened_by(guard: Planted, reason: str) -> None:
    reply = guard.client.put(f"{API}/lockdowns/evacuate", json={"reason": reason})
    assert reply.status_code == 200, reply.text


def console(visitor: Visitor, bench: Bench, operator: Planted) -> Page:
    cookie = operator.client.cookies[COOKIE]
    visitor.context.add_cookies([{"name": COOKIE, "value": cookie, "url": bench.url}])
    page = visitor.open(bench.url)
    expect(page.locator(".shell .counts b").first).to_be_visible()
    return page


def test_a_shift_leader_meets_what_a_guard_did_alone_and_signs_it(
    careful: Bench, visitors: Visitors
) -> None:
    guard, leader = careful.planted("guard", username="王强"), careful.planted("shift_leader")
    page = console(visitors.meet(), careful, leader)
    strip = page.locator(".signing")
    expect(strip).to_be_hidden()
    opened_by(guard, "烟")
    expect(strip.locator("li.p3")).to_contain_text("单人启用“全部打开”：烟")
    expect(strip).to_contain_text("需要第二人处理：1")
    assert LATIN_WORDS.findall(strip.inner_text()) == []
    strip.get_by_role("button", name="会签…").click()
    page.get_by_label("核实情况（留档）").fill("已到现场")
    page.get_by_role("button", name="确认会签").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(strip).to_be_hidden()
    (act,) = leader.client.get(f"{API}/countersignatures").json()["items"]
    assert (act["signed_by"], act["signed_reason"]) == (leader.username, "已到现场")


def test_what_nobody_signed_in_a_day_stands_out_and_a_question_is_answered(
    careful: Bench, visitors: Visitors
) -> None:
    guard, asker = careful.planted("guard"), careful.planted("system_administrator")
    done_alone(careful, guard, at=careful.clock() - timedelta(hours=25))
    page = console(visitors.meet(language="en-US"), careful, careful.planted("administrator"))
    strip = page.locator(".signing")
    overdue = strip.locator("li.p2")
    expect(overdue).to_contain_text(f"{guard.username} lifted “Everything open” alone")
    expect(overdue).to_contain_text("Overdue since")

    assert asker.client.post(f"{API}/keys/rotation").json()["code"] == "approval_needed"

    expect(strip).to_contain_text(f"{asker.username} asks for a new key")
    assert CHINESE.findall(strip.inner_text()) == []
    strip.get_by_role("button", name="Approve").click()
    expect(strip).not_to_contain_text("asks for a new key")
    assert asker.client.post(f"{API}/keys/rotation").status_code == 202


def done_alone(bench: Bench, guard: Planted, *, at: datetime) -> None:
    """Put on the list what a guard did at some time."""
    operator = Operator(user_id=guard.user_id, username=guard.username, role="guard", session="")
    epoch = bench.app.state.services.epoch
    in_transaction(
        bench,
        lambda t: countersigning.record(
            t, "level_lifted", subject="evacuate", reason="", operator=operator,
            site="test", epoch=epoch, now=at,
        ),
    )  # fmt: skip
