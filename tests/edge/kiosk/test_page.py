import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from config.contract.access import CredentialKind, DenialReason, Direction
from edge.kiosk.state import Phase
from models.face.covers import Cover
from tests.browser import Visitor, Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.lanes import KEY, Terminal
from tests.serving import serving

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser
TEXT_HEIGHT_PX_MIN = 80
"""14 mm, to be read at 2 m, on a 10-inch screen of 1280 by 800."""
PICTURE_IS_THERE = "document.querySelector('.live')?.naturalWidth === 640"


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def url(terminal: Terminal) -> Iterator[str]:
    with serving(terminal.app()) as address:
        yield address


@pytest.fixture
def person(visitors: Visitors) -> Visitor:
    return visitors.meet(width=1280, height=800)


@pytest.fixture
def east(person: Visitor, url: str) -> Page:
    """The screen of the lane with a camera, which shows its picture."""
    page = person.open(f"{url}/kiosk/east?key={KEY}")
    wait_until(lambda: page.evaluate(PICTURE_IS_THERE))
    return page


def test_the_link_with_the_key_leads_to_the_lanes(person: Visitor, url: str) -> None:
    page = person.open(f"{url}/?key={KEY}")
    assert page.url == f"{url}/"

    page.get_by_role("link", name="东通道").click()

    expect(page.locator(".title")).to_have_text("请看镜头")


def test_a_person_is_greeted_by_a_masked_name_and_an_arrow(east: Page, terminal: Terminal) -> None:
    terminal.show("welcome", name="王**")

    expect(east.locator(".title")).to_have_text("请通行")
    expect(east.locator(".name")).to_have_text("王**")
    expect(east.locator(".sign-large svg")).to_be_visible()


@pytest.mark.parametrize(
    ("phase", "direction", "words"),
    [
        ("fire", Direction.OUT, "火警请立即通行"),
        ("fire", Direction.IN, "火警请勿进入，立即离开"),
        ("drill", Direction.OUT, "消防演练请立即通行"),
    ],
)
def test_a_fire_takes_the_whole_screen_and_sends_nobody_in(
    east: Page, terminal: Terminal, phase: Phase, direction: Direction, words: str
) -> None:
    terminal.show(phase, direction=direction)

    expect(east.locator(".message")).to_have_text(words)
    expect(east.locator(".sign-large svg")).to_be_visible()
    expect(east.locator(".call")).to_be_hidden()
    assert east.locator(".message").bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 800}


def test_a_greeting_is_over_after_a_moment(east: Page, terminal: Terminal) -> None:
    terminal.show("welcome", name="王**")
    expect(east.locator(".title")).to_have_text("请通行")

    expect(east.locator(".title")).to_have_text("请看镜头")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (DenialReason.UNKNOWN_FACE, "没有认出您请刷卡，或联系前台"),
        (DenialReason.NOT_PERMITTED_HERE, "您不能走此通道请走其他通道"),
        (DenialReason.RECOGNITION_UNAVAILABLE, "人脸识别暂不可用请刷卡"),
    ],
)
def test_a_refusal_is_one_sentence_and_the_way_on(
    east: Page, terminal: Terminal, reason: DenialReason, words: str
) -> None:
    terminal.show("refused", reason=reason)

    expect(east.locator(".message")).to_have_text(words)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (DenialReason.AWAITING_SECOND_PERSON, "请第二个人出示凭证这里要两个人一起进"),
        (DenialReason.CREDENTIAL_NEEDED, "请再出示一种凭证刷卡、输入密码或看镜头"),
    ],
)
def test_what_is_asked_for_is_one_sentence_with_a_sign(
    east: Page, terminal: Terminal, reason: DenialReason, words: str
) -> None:
    terminal.show("step_up", reason=reason)

    expect(east.locator(".message")).to_have_text(words)
    expect(east.locator(".sign-large svg")).to_be_visible()


@pytest.mark.parametrize(
    ("asks", "zh", "en"),
    [
        ((CredentialKind.PIN,), "请输入密码", "Please type your PIN"),
        (
            (CredentialKind.FACE, CredentialKind.CARD),
            "请看镜头或刷卡",
            "Please look at the camera or use your card",
        ),
        ((CredentialKind.QR,), "请出示二维码", "Please show your QR code"),
    ],
)
def test_what_is_missing_is_asked_for_by_name_in_both_languages(
    east: Page, terminal: Terminal, asks: tuple[CredentialKind, ...], zh: str, en: str
) -> None:
    terminal.show("step_up", reason=DenialReason.CREDENTIAL_NEEDED, asks=asks)
    expect(east.locator(".way")).to_have_text(zh)
    expect(east.locator(".sign-large svg")).to_be_visible()

    east.get_by_role("button", name="EN").click()

    expect(east.locator(".way")).to_have_text(en)


def test_another_person_is_asked_for_by_another_sign(east: Page, terminal: Terminal) -> None:
    terminal.show("step_up", reason=DenialReason.CREDENTIAL_NEEDED)
    expect(east.locator(".message")).to_contain_text("请再出示一种凭证")
    card = east.locator(".sign-large").inner_html()

    terminal.show("step_up", reason=DenialReason.ESCORT_NEEDED)

    expect(east.locator(".message")).to_contain_text("请等陪同人员")
    assert east.locator(".sign-large").inner_html() != card


def test_a_fault_stays_until_it_is_over(east: Page, terminal: Terminal) -> None:
    terminal.show("fault")
    expect(east.locator(".message")).to_have_text("闸机故障请走其他通道")
    terminal.show("refused", reason=DenialReason.UNKNOWN_CARD)
    expect(east.locator(".message")).to_contain_text("此卡未登记")

    expect(east.locator(".message")).to_have_text("闸机故障请走其他通道")


def test_what_is_said_can_be_read_walking(east: Page, terminal: Terminal) -> None:
    terminal.show("refused", reason=DenialReason.UNKNOWN_FACE)
    expect(east.locator(".way")).to_be_visible()

    sizes = east.evaluate(
        "[...document.querySelectorAll('.message p')]"
        ".map((p) => parseFloat(getComputedStyle(p).lineHeight))"
    )

    assert min(sizes) >= TEXT_HEIGHT_PX_MIN


def test_the_frame_follows_the_face_in_the_mirrored_picture(east: Page, terminal: Terminal) -> None:
    terminal.camera.show_face()
    frame = east.locator(".frame.is-shown")
    expect(frame).to_be_visible()

    wait_until(lambda: east.evaluate("document.getAnimations().length === 0"))
    box = frame.bounding_box()
    assert box is not None
    # 200 of 640 pixels and a quarter around it, on a screen of twice the picture's width.
    assert box["width"] == pytest.approx(600, abs=2)
    assert box["x"] + box["width"] / 2 == pytest.approx(640, abs=2)


def test_a_hint_says_what_to_do(east: Page, terminal: Terminal) -> None:
    terminal.camera.show_face(hint="too_small")

    expect(east.locator(".title")).to_have_text("请靠近一些")


@pytest.mark.parametrize(
    ("cover", "words"),
    [
        (Cover.MASK, "机器没能看清请摘下口罩，或刷卡"),
        (Cover.DARK_GLASSES, "机器没能看清请摘下墨镜，或刷卡"),
        (Cover.CAP, "机器没能看清请露出额头，或刷卡"),
        (Cover.SUN_BEHIND, "机器没能看清请靠近一些，或刷卡"),
    ],
)
def test_what_hides_a_face_is_said_without_blame(
    east: Page, terminal: Terminal, cover: Cover, words: str
) -> None:
    terminal.show("step_up", reason=DenialReason.WEAK_FACE, cover=cover)

    expect(east.locator(".message")).to_have_text(words)


@pytest.mark.parametrize("reason", [DenialReason.WEAK_FACE, DenialReason.LIVENESS_UNSURE])
def test_a_doubt_asks_for_a_card_in_large(
    east: Page, terminal: Terminal, reason: DenialReason
) -> None:
    terminal.show("step_up", reason=reason)

    expect(east.locator(".way")).to_have_text("请刷卡")
    expect(east.locator(".title")).to_have_text("机器不能确定，不是您的问题")
    expect(east.locator(".sign-large svg")).to_be_visible()


@pytest.mark.parametrize(
    ("hint", "words"),
    [("turn_left", "请慢慢向左转头"), ("turn_right", "请慢慢向右转头"), ("blink", "请眨眼")],
)
def test_what_a_challenge_asks_for_is_drawn_too(
    east: Page, terminal: Terminal, hint: str, words: str
) -> None:
    terminal.camera.show_face(hint=hint)

    expect(east.locator(".title")).to_have_text(words)
    expect(east.locator(".sign-large svg")).to_be_visible()


def test_a_lane_that_looks_for_no_life_says_so(
    terminal: Terminal, person: Visitor, url: str
) -> None:
    with serving(Terminal(liveness="off").app()) as other:
        page = person.open(f"{other}/kiosk/east?key={KEY}")
        expect(page.locator("header")).to_have_text("东通道进入未启用活体检测")

    expect(person.open(f"{url}/kiosk/east?key={KEY}").locator("header")).to_have_text("东通道进入")


def test_a_stale_picture_is_hidden_and_a_card_is_asked_for(east: Page, terminal: Terminal) -> None:
    terminal.camera.age_s = 5.0

    expect(east.locator(".title")).to_have_text("请刷卡")
    expect(east.locator(".stage")).to_have_css("opacity", "0")
    terminal.camera.age_s = 0.1
    expect(east.locator(".title")).to_have_text("请看镜头")


def test_a_lane_without_a_camera_asks_for_a_card(person: Visitor, url: str) -> None:
    page = person.open(f"{url}/kiosk/west?key={KEY}")

    expect(page.locator(".title")).to_have_text("请刷卡")


def test_an_english_browser_gets_english(visitors: Visitors, url: str, terminal: Terminal) -> None:
    terminal.show("unavailable")
    page = visitors.meet(language="en-US").open(f"{url}/kiosk/east?key={KEY}")
    expect(page.locator(".title")).to_have_text("Please use your card")

    page.get_by_role("button", name="中").click()

    expect(page.locator(".title")).to_have_text("请刷卡")
    assert re.findall(r"[A-Za-z]{2,}", page.inner_text("main")) == []


def test_a_screen_recovers_when_the_terminal_comes_back(
    person: Visitor, terminal: Terminal
) -> None:
    with serving(terminal.app()) as url:
        page = person.open(f"{url}/kiosk/east?key={KEY}")
        expect(page.locator(".title")).to_have_text("请看镜头")
    expect(page.locator(".title")).to_have_text("请稍候")
    expect(page.locator(".stage")).to_have_css("opacity", "0")

    again = Terminal()
    again.show("fault")
    with serving(again.app(), port=int(url.rpartition(":")[2])):
        expect(page.locator(".way")).to_have_text("请走其他通道")


def test_motion_is_reduced_for_those_who_want_it(east: Page) -> None:
    east.emulate_media(reduced_motion="reduce")

    expect(east.locator(".frame")).to_have_css("transition-duration", "0s")


def test_a_screen_is_light(person: Visitor, url: str) -> None:
    sizes: dict[str, int] = {}
    person.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    page = person.open(f"{url}/kiosk/west?key={KEY}")
    expect(page.locator(".title")).to_have_text("请刷卡")

    assert len(sizes) > 8
    assert sum(sizes.values()) <= 60_000


def test_touch_targets_are_large_enough(east: Page) -> None:
    box = east.get_by_role("button", name="EN").bounding_box()

    assert box is not None
    assert min(box["width"], box["height"]) >= 44
