"""The guard's path by keyboard, in both languages, before the real central."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from config.contract.events import DoorForcedOpen, DoorSecured, DuressDetected, EventData
from config.contract.video_events import MediaFormat, MediaKind
from tests.browser import Visitors
from tests.central.alarms.raising import listed, tell
from tests.central.bench import Bench, Node
from tests.central.console.buildings import opened, running_building
from tests.central.video.keeping import film, kept_fact, put, sequence

pytestmark = pytest.mark.browser
FORCED, SECURED = DoorForcedOpen(device="gate"), DoorSecured(device="gate")
WORDS = {
    "zh-CN": {
        "duress": "胁迫报警 西门", "forced": "强行开门", "steps": "拨打110", "seen": "admin 已确认",
        "chatters": "频繁抖动", "latched": "不能搁置", "aside": "搁置 1", "untaken": "尚未接班",
        "left": "已移出列表", "on_duty": "值班 a***", "quiet": "无报警",
    },
    "en": {
        "duress": "Duress West gate", "forced": "Door forced open", "steps": "call the police",
        "seen": "Acknowledged by admin", "chatters": "comes and goes",
        "latched": "cannot be put aside", "aside": "Laid aside 1", "untaken": "nobody has taken",
        "left": "No longer in the list", "on_duty": "On duty: a***", "quiet": "No alarms",
    },
}  # fmt: skip
Happen = Callable[[EventData], None]
Keep = Callable[[bytes, MediaFormat, str], None]
GREY = """canvas => {
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  pixel.drawImage(canvas, 160, 90, 1, 1, 0, 0, 1, 1);
  return pixel.getImageData(0, 0, 1, 1).data[0];
}"""


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@pytest.fixture
def node(building: Bench) -> Node:
    """The terminal of the building."""
    return building.node()


@pytest.fixture
def happen(node: Node) -> Happen:
    """Something happens at the terminal, now."""
    sequences = itertools.count(1)
    return lambda fact: tell(node, next(sequences), fact)


@pytest.fixture
def keep(node: Node, happen: Happen) -> Keep:
    """The terminal sends a clip of what is there to central, and tells of it."""

    def send(content: bytes, media_format: MediaFormat, subject: str) -> None:
        assert put(node, content, MediaKind.CLIP, media_format) == 204
        happen(kept_fact(node, content, MediaKind.CLIP, media_format, subjects=(subject,)))

    return send


def see_pictures(clip: Locator) -> None:
    """Wait until each of the two pictures of ``keeping.sequence`` was shown."""
    canvas = clip.locator("canvas")
    expect(canvas).to_be_in_viewport(ratio=0.9)
    for picture in ("grey < 40", "grey > 80"):
        canvas.page.wait_for_function(
            f"canvas => {{ const grey = ({GREY})(canvas); return {picture}; }}",
            arg=canvas.element_handle(),
        )


def see_film(clip: Locator) -> None:
    """Wait until a film has run for a while."""
    video = clip.locator("video")
    expect(video).to_be_in_viewport(ratio=0.9)
    video.page.wait_for_function(
        "video => video.currentTime > 0.3 && video.videoWidth === 320", arg=video.element_handle()
    )


@pytest.mark.parametrize("language", WORDS)
def test_a_guard_sees_to_a_night_by_keyboard_alone(
    building: Bench,
    happen: Happen,
    keep: Keep,
    node: Node,
    visitors: Visitors,
    tmp_path: Path,
    language: str,
) -> None:
    words, page = WORDS[language], opened(visitors.meet(language=language), building, "/")
    expect(page.locator(".all-quiet")).to_have_text(words["quiet"])
    expect(page.locator(".user")).to_have_text(words["on_duty"])
    for _ in range(4):
        happen(FORCED)
        happen(SECURED)
    happen(FORCED)
    happen(DuressDetected(holder_id="anna", access_point="west"))
    rows, panel = page.locator("alarm-list li"), page.locator("article.alarm")
    expect(rows).to_have_count(2)
    expect(page.locator(".top-alarm")).to_contain_text("胁迫" if language == "zh-CN" else "Duress")
    expect(page.locator(".speaker")).to_have_attribute("data-state", "locked")

    page.keyboard.press("j")
    expect(rows.first).to_contain_text(words["duress"])
    expect(panel.locator(".procedure")).to_contain_text(words["steps"])
    expect(page.locator(".speaker")).to_have_attribute("data-state", "on")
    keep(sequence(node), MediaFormat.PICTURES, "west")
    see_pictures(panel.locator(".medium"))
    page.keyboard.press("s")
    expect(page.locator(".alarms .problem")).to_contain_text(words["latched"])
    page.keyboard.press("a")
    expect(rows.first).to_contain_text(words["left"])

    page.keyboard.press("j")
    expect(panel).to_contain_text(words["chatters"])
    page.keyboard.press("a")
    expect(panel).to_contain_text(words["seen"])
    keep(film(tmp_path / "film.mp4"), MediaFormat.MP4, "gate")
    see_film(panel.locator(".medium"))
    page.keyboard.press("s")
    page.locator("dialog input[name=minutes]").first.wait_for()
    page.keyboard.press("3")
    page.keyboard.type("hinge")
    page.keyboard.press("Enter")
    expect(page.locator(".alarm-counts")).to_contain_text(words["aside"])
    expect(page.locator("dialog")).to_have_count(0)

    page.keyboard.press("h")
    page.locator("dialog textarea").wait_for()
    page.keyboard.type("1: hinge of the east gate")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".handovers li").first).to_contain_text(words["untaken"])
    page.keyboard.press("Escape")
    expect(page.locator(".night")).to_contain_text("hinge of the east gate")
    expect(page.locator(".night")).to_contain_text("· hinge")
    (shelved,) = listed(building, "shelved")
    assert (shelved["kind"], shelved["shelved"]["reason"]) == ("forced_open", "hinge")
