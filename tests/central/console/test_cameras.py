"""The page of cameras before the real central, to which a terminal sends pictures."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.contract.video_events import MediaFormat, MediaKind
from tests.browser import Visitor
from tests.central.bench import Bench, Node
from tests.central.console.buildings import opened, running_building
from tests.central.video.keeping import jpeg, kept_fact, put, sequence

pytestmark = pytest.mark.browser
LATIN = r"[A-Za-z]{2,}"


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@contextmanager
def sending(node: Node) -> Iterator[threading.Event]:
    """Do what a terminal does: fetch commands and push pictures until the value is set."""
    is_over = threading.Event()

    def push() -> None:
        grey = 0
        while not is_over.wait(0.1):
            waiting = node.request("GET", "/api/v1/nodes/current/commands").json()["commands"]
            wanted = [json.loads(command["body"])["what"] for command in waiting]
            for stream_id in {each["stream_id"] for each in wanted if "stream_id" in each}:
                grey = (grey + 7) % 200
                taken_at_ms = int(node.clock().timestamp() * 1000)
                target = f"/api/v1/cameras/streams/{stream_id}?taken_at_ms={taken_at_ms}"
                node.request("PUT", target, jpeg(grey=grey, width=640, height=360))

    thread = threading.Thread(target=push, daemon=True)
    thread.start()
    yield is_over
    is_over.set()
    thread.join(60)


def keep_both(node: Node) -> None:
    """Have a terminal keep a snapshot and a clip."""
    picture, clip = jpeg(width=640, height=360), sequence(node)
    contents = (
        (picture, MediaKind.SNAPSHOT, MediaFormat.JPEG),
        (clip, MediaKind.CLIP, MediaFormat.PICTURES),
    )
    for number, (content, kind, media_format) in enumerate(contents, 1):
        assert put(node, content, kind, media_format) == 204
        fact = kept_fact(node, content, kind, media_format, subjects=("lane",))
        node.send(node.event(number, fact=fact, time=node.clock()))


def test_a_camera_is_watched_and_the_pictures_of_alarms_are_seen(
    building: Bench, guard: Visitor, tmp_path: Path
) -> None:
    node = building.node()
    node.report()
    keep_both(node)
    with sending(node) as is_over:
        page = opened(guard, building, "/cameras")
        tile = page.locator(".tile .live-view")
        expect(tile.locator("time")).not_to_be_empty()
        expect(tile.locator(".said")).to_be_empty()
        tile.click()
        seen = page.locator("dialog .live-view")
        expect(seen.locator("time")).not_to_be_empty()
        page.screenshot(path=tmp_path / "live-zh.png")
        assert not page.locator("dialog .acts").evaluate(
            "(element, latin) => new RegExp(latin).test(element.textContent)", LATIN
        )
        page.keyboard.press("Escape")
        for number, kind in ((0, "抓图"), (1, "录像片段")):
            page.locator(".kept li button").nth(number).click()
            expect(page.locator("dialog figcaption")).to_contain_text(kind)
            expect(page.locator("dialog .frame :is(canvas, img)")).to_be_visible()
            page.keyboard.press("Escape")
        is_over.set()
        expect(tile).to_have_class("live-view stale")
        expect(tile.locator(".said")).to_contain_text("起无画面")
        page.screenshot(path=tmp_path / "stale-zh.png")
    page.get_by_role("button", name="EN").click()
    expect(page.locator("#cameras h1")).to_have_text("Cameras")
    page.keyboard.press("9")
    expect(page.locator(".wall")).to_have_attribute("data-size", "9")
    page.screenshot(path=tmp_path / "wall-en.png")
