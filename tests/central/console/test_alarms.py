"""The page of alarms before the real central: lists, procedures, figures, and who is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from config.contract.events import DeviceLost, DoorForcedOpen, RefusalsRepeated
from tests.browser import Visitor, Visitors
from tests.central.alarms.raising import PATH, WEBHOOK, listed, tell
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import CHINESE, LATIN_WORDS, WEIGHT_BYTES_MAX

pytestmark = pytest.mark.browser
DATA = {"admin", "gate", "dome", "EN", "ISA", "IEC", "EEMUA"}
"""Latin words of the Chinese page: an operator, a terminal, names of standards."""
READY = {
    "1": "[data-list]", "2": ".chart", "3": "data-table tbody tr", "4": ".pace",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central with one alarm on the shelf, one out of service, and one that stands."""
    with running_building(tmp_path_factory.mktemp("alarms") / "home") as bench:
        node, admin = bench.node(), bench.administrator
        tell(node, 1, RefusalsRepeated(access_point="east", count=5))
        tell(node, 2, DoorForcedOpen(device="gate"))
        tell(node, 3, DeviceLost(device="dome", detail="-"))
        paths = {each["kind"]: f"{PATH}/{each['id']}" for each in listed(bench)}
        aside: dict[str, Any] = {"reason": "2026-03-02"}
        admin.post(f"{paths['forced_open']}/shelve", json={"minutes": 30, **aside})
        admin.post(f"{paths['device_lost']}/out-of-service", json=aside)
        admin.put(f"{PATH}/channels/webhook", json=WEBHOOK)
        yield bench


def page_of(visitor: Visitor, site: Bench, part: str = "") -> Page:
    page = opened(visitor, site, f"/alarms{part}")
    expect(page.locator("[data-list]").first).to_be_visible()
    return page


def test_what_is_laid_aside_says_who_and_why_and_is_taken_back_from_there(
    visitors: Visitors, site: Bench
) -> None:
    page = page_of(visitors.meet(language="en"), site)
    rows, choose = page.locator("data-table tbody tr"), page.locator("[data-list]")
    expect(choose.nth(1)).to_have_text("Shelved 1")
    choose.nth(1).click()
    expect(rows).to_contain_text(["Door forced open"])
    expect(rows).to_contain_text(["admin"])
    expect(rows).to_contain_text(["2026-03-02"])

    page.get_by_role("button", name="Take from the shelf").click()
    expect(choose.nth(0)).to_have_text("Standing 2")
    choose.nth(3).click()
    page.get_by_role("button", name="Return to service").click()

    expect(choose.nth(0)).to_have_text("Standing 3")
    expect(page.locator("data-table .empty")).to_contain_text("Nothing is out of service")


@pytest.mark.parametrize(("language", "index"), [("zh-CN", 0), ("en", 1)])
def test_a_procedure_is_written_as_the_console_will_show_it(
    visitors: Visitors, site: Bench, language: str, index: int
) -> None:
    visitor = visitors.meet(language=language)
    page = page_of(visitor, site)
    steps = [["叫值班经理", "到场查看"], ["Call the duty manager", "Go there"]]
    page.keyboard.press("3")
    words = ["多次被拒", "Repeated refusals"][index]
    page.locator("data-table tbody tr", has_text=words).first.click()
    expect(page.locator("dialog textarea")).to_have_count(len(steps))
    for area, text in zip(page.locator("dialog textarea").all(), steps, strict=True):
        area.fill("\n".join(f"{n}. {line}" for n, line in enumerate(text, 1)))
    shown = page.locator("dialog .preview li").all_inner_texts()

    page.get_by_role("dialog").locator("button.primary").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    alarm = next(each for each in listed(site) if each["kind"] == "refusals")
    page.goto(f"{site.url}/#alarm-{alarm['id']}")

    expect(page.locator(".procedure li")).to_have_text(steps[index])
    assert shown == steps[index]


def test_nothing_of_one_part_stands_under_the_name_of_another(
    visitors: Visitors, site: Bench
) -> None:
    visitor, held = visitors.meet(language="en"), list[Route]()
    visitor.context.route("**/alarms-procedures.js", lambda route: held.append(route))
    page = page_of(visitor, site)
    expect(page.locator("data-table tbody tr").first).to_be_visible()

    page.keyboard.press("3")

    expect(page.get_by_role("tab", name="Procedures", selected=True)).to_be_visible()
    expect(page.locator("data-table")).to_have_count(0)
    held.pop().continue_()
    expect(page.locator("data-table tbody tr", has_text="Repeated refusals")).to_be_visible()


def test_a_double_click_opens_once(visitors: Visitors, site: Bench) -> None:
    page = page_of(visitors.meet(language="en"), site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.locator("data-table tbody tr").first.dblclick()
    # Requests are told in their order: whatever the presses asked for is known before this one.
    with page.expect_request("**/api/v1/sessions/current"):
        page.evaluate("void fetch('/api/v1/sessions/current')")

    assert len([url for url in asked if "/api/v1/alarms/" in url]) == 1
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_trial_says_in_one_line_what_became_of_it(visitors: Visitors, site: Bench) -> None:
    page = page_of(visitors.meet(language="en"), site)
    page.keyboard.press("4")

    page.get_by_role("button", name="Save and send a trial").first.click()

    expect(page.locator(".answer.problem")).to_have_text(
        "No connection: check the address, the port and the network."
    )


def test_a_supervisor_changes_when_alarms_escalate(visitors: Visitors, site: Bench) -> None:
    page = page_of(visitors.meet(language="en"), site)
    page.keyboard.press("4")
    page.get_by_label("Critical Level 1 (s)").fill("20")
    page.get_by_label("Medium Level 1 (s)").fill("")

    page.locator(".settings section").first.get_by_role("button", name="Save").click()

    expect(page.locator(".done")).to_have_text("Saved.")
    pace = site.administrator.get(f"{PATH}/pace").json()
    assert pace["escalate_s"] == {"1": [20, 60, 180], "2": [120, 300]}


def test_a_guard_reads_figures_and_procedures_and_sets_nothing(
    visitors: Visitors, site: Bench
) -> None:
    guard = site.planted("guard")
    page = opened(visitors.meet(language="en"), site, "/alarms", username=guard.username)
    expect(page.get_by_role("tab")).to_have_count(3)

    page.keyboard.press("2")
    page.get_by_role("button", name="Last 7 days").click()
    expect(page.locator(".metrics")).to_contain_text("Alarms raised, 1 h each")
    page.keyboard.press("3")
    page.locator("data-table tbody tr").first.click()

    expect(page.locator("dialog .steps li").first).to_be_visible()
    expect(page.locator("dialog textarea")).to_have_count(0)


def test_no_tab_mixes_two_languages(visitors: Visitors, site: Bench) -> None:
    chinese = page_of(visitors.meet(language="zh-CN"), site)
    english = page_of(visitors.meet(language="en"), site)

    for key, ready in READY.items():
        for page in (chinese, english):
            page.keyboard.press(key)
            expect(page.locator(ready).first).to_be_visible()
        assert set(LATIN_WORDS.findall(chinese.inner_text("body"))) - DATA == set()
        assert set(CHINESE.findall(english.inner_text("body"))) <= {"中"}


def test_the_page_is_light(visitors: Visitors, site: Bench) -> None:
    visitor, sizes = visitors.meet(), dict[str, int]()
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    page_of(visitor, site)

    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert len(files) > 5
    assert sum(files.values()) <= WEIGHT_BYTES_MAX
