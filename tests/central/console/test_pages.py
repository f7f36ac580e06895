import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from central.console import pages
from central.roles import ROLES
from config.web.modules import modules_of
from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central
from tests.central.console.stand_in import PASSWORD

pytestmark = pytest.mark.browser
PATHS = ["", "people", "nodes", "recognition", "audit", "invite#secret"]
WEIGHT_BYTES_MAX = 60_000
CHINESE = re.compile(r"[　-鿿＀-￯]+")
LATIN_WORDS = re.compile(r"[A-Za-z]{2,}")
DATA = {"gate", "east", "li", "ming", "ms", "EN", "resnet", "MQTT", "syslog", "Webhook"}
"""Latin words of the Chinese pages: identifiers, a unit, protocols, and the way into the other
language."""
READY = {
    "": ".rows li",
    "people": "tbody tr",
    "nodes": "tbody tr",
    "recognition": "tbody tr",
    "audit": "tbody tr",
    "invite#secret": "form",
}


def open_page(visitor: Visitor, central: Central, path: str) -> Page:
    page = visitor.open(f"{central.url}/{path}")
    expect(page.locator(READY[path]).first).to_be_visible()
    return page


@pytest.mark.parametrize("path", PATHS)
def test_a_chinese_page_has_no_english_in_it(central: Central, guard: Visitor, path: str) -> None:
    page = open_page(guard, central, path)

    assert set(LATIN_WORDS.findall(page.inner_text("body"))) - DATA == set()


@pytest.mark.parametrize("path", PATHS)
def test_an_english_page_has_no_chinese_in_it(
    central: Central, visitors: Visitors, path: str
) -> None:
    for person, name in zip(central.stand_in.people, ("Grace Hopper", "Ada Lovelace"), strict=True):
        person["name"] = name
    for stored in central.stand_in.events:
        stored["holder_name"] = stored["holder_name"] and "Grace Hopper"

    page = open_page(visitors.meet(language="en-US"), central, path)

    text = page.inner_text("body")
    assert set(CHINESE.findall(text)) == {"中"}, "only the way into the other language"


@pytest.mark.parametrize("path", PATHS[:5])
def test_the_language_changes_at_once_and_is_remembered(
    central: Central, guard: Visitor, path: str
) -> None:
    page = open_page(guard, central, path)

    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator(".link")).to_have_text("Online")
    expect(page.get_by_role("link", name="People")).to_be_visible()
    page.reload()

    expect(page.locator(".link")).to_have_text("Online")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_light(central: Central, guard: Visitor, path: str) -> None:
    """What comes when the page has been of use for a moment holds nobody up."""
    entry = f"/static/{path.partition('#')[0] or pages.FIRST_PAGE}.js"
    later = set(modules_of(entry, pages.FOLDERS))
    later -= set(modules_of(entry, pages.FOLDERS, at_once=True))
    # Chromium does not say when a worker's own file has come.
    later.add("/web/live-worker.js")
    asked, came = set[Request](), set[Request]()
    guard.context.on("request", lambda request: asked.add(request))
    guard.context.on("requestfinished", lambda request: came.add(request))

    open_page(guard, central, path)

    def files() -> set[Request]:
        """Return what was asked for and is counted."""
        return {
            each
            for each in asked
            if "/api/" not in each.url and urlsplit(each.url).path not in later
        }

    while files() - came:
        guard.context.wait_for_event("requestfinished")
    assert len(files()) > 5
    assert sum(each.sizes()["responseBodySize"] for each in files()) <= WEIGHT_BYTES_MAX


@pytest.mark.parametrize("path", PATHS)
def test_a_page_asks_nobody_but_central(central: Central, guard: Visitor, path: str) -> None:
    asked: list[str] = []
    guard.context.on("request", lambda request: asked.append(request.url))

    open_page(guard, central, path)

    assert [url for url in asked if not url.startswith(central.url)] == []


def test_every_page_but_those_of_a_link_is_in_the_navigation(console: Page) -> None:
    links = [link.get_attribute("href") for link in console.locator("nav a").all()]

    names = set(pages.page_names()) - {pages.FIRST_PAGE, *pages.WITHOUT_SESSION}
    assert set(links) == {"/", *(f"/{name}" for name in names)}


def test_a_guard_is_led_to_the_pages_of_guards_alone(central: Central, guard: Visitor) -> None:
    may = sorted(ROLES["guard"])
    central.stand_in.session = {**central.stand_in.session, "permissions": may}

    page = guard.open(central.url)

    expect(page.locator("nav a[href='/people']")).to_have_text("人员")
    expect(page.locator("nav")).not_to_contain_text(re.compile("审计|识别"))


def test_without_a_session_a_page_shows_nothing_but_the_question(
    central: Central, guard: Visitor
) -> None:
    central.stand_in.is_signed_in = False
    page = guard.open(central.url)

    expect(page.get_by_role("dialog")).to_contain_text("请登录")
    expect(page.locator(".rows li")).to_have_count(0)


def test_a_wrong_password_is_said_and_the_right_one_opens(central: Central, guard: Visitor) -> None:
    central.stand_in.is_signed_in = False
    page = guard.open(central.url)
    page.get_by_label("用户名").fill("li.ming")
    page.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")

    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.locator(".rows li")).to_have_count(2)


def test_a_revoked_session_ends_every_tab(central: Central, guard: Visitor) -> None:
    tabs = [guard.open(central.url), guard.open(f"{central.url}/people")]
    for tab in tabs:
        expect(tab.locator(".link")).to_have_text("在线")

    central.stand_in.end_session()

    for tab in tabs:
        expect(tab.get_by_role("dialog")).to_contain_text("请登录")


def test_a_session_that_ends_while_a_page_loads_asks_who_is_there(
    central: Central, guard: Visitor
) -> None:
    def end_first(route: Route) -> None:
        central.stand_in.end_session()
        route.continue_()

    guard.context.route("**/api/v1/units", end_first)

    page = guard.open(f"{central.url}/people")

    expect(page.get_by_role("dialog")).to_contain_text("请登录")


@pytest.mark.parametrize("order", [["first", "second"], ["second", "first"]])
@pytest.mark.parametrize("first", ["answered", "refused"])
def test_whoever_asks_is_given_the_answer_to_the_last_question(
    central: Central, guard: Visitor, order: list[str], first: str
) -> None:
    page = open_page(guard, central, "invite#secret")

    given = page.evaluate(
        """async ({order, first}) => {
            const {LastAnswer} = await import("/web/last-answer.js");
            const last = new LastAnswer(), ways = {};
            const asked = ["first", "second"].map((name) =>
                last.of(new Promise((give, refuse) => ways[name] = {give, refuse})));
            for (const name of order) {
                if (name === "first" && first === "refused") ways[name].refuse(new Error(name));
                else ways[name].give(name);
                await Promise.resolve();
            }
            return Promise.all(asked);
        }""",
        {"order": order, "first": first},
    )

    assert given == ["second", "second"]


def test_words_of_refusals_that_are_cut_off_half_way_are_done_without(
    central: Central, guard: Visitor
) -> None:
    page = open_page(guard, central, "invite#secret")

    page.evaluate(
        """async () => {
            const {loadRefusals} = await import("/web/i18n.js");
            const cut = {start: (body) => body.error(new TypeError("cut off"))};
            window.fetch = async () => new Response(new ReadableStream(cut));
            await loadRefusals("/words/error/");
        }"""
    )


def test_the_theme_is_remembered_on_every_page(central: Central, guard: Visitor) -> None:
    page = open_page(guard, central, "")
    assert page.locator("html").get_attribute("data-theme") == "dark"

    page.get_by_role("button", name="亮/暗").click()
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "light"


def test_the_tests_notice_a_breach_of_the_security_policy(central: Central, guard: Visitor) -> None:
    page = open_page(guard, central, "")

    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("document.body.setAttribute('style', 'color: red')")

    assert any("Content Security Policy" in line for line in guard.complaints)
    guard.complaints.clear()
