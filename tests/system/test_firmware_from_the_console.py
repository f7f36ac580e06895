"""From the console to a board and back: central, terminal and board are processes."""

import contextlib
import dataclasses
import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors, chromium, visitors
from tests.config.images import public_pem, signed
from tests.drivers.test_cli import MENSHEN
from tests.system.simulated_boards import BODY, SimulatedBoard, simulated_board

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser
PATIENCE_MS = 90_000
"""Generous: the machine may be busy with other things."""
SITE = """
[site]
id = "test-site"
name = {{ "zh-CN" = "测试", en = "Test" }}
[policy]
second_factor_roles = []
[boards]
keys = ['''{pem}''']
prove_s = 1
[[node]]
id = "gate-1"
kiosk_port = 0
[[bus]]
id = "line-1"
node = "gate-1"
port = "{port}"
baudrate = 115200
[[device]]
id = "lane-board"
driver = "board"
bus = "line-1"
"""


@contextlib.contextmanager
def running(folder: Path, *words: str) -> Iterator[dict[str, Any]]:
    """Run a command meanwhile; yields the line that it prints when it is ready."""
    with (
        (folder / f"{words[0]}.log").open("wb") as log,
        subprocess.Popen([*MENSHEN, *words, "--json"], stdout=subprocess.PIPE, stderr=log) as one,
    ):
        try:
            assert one.stdout is not None
            yield json.loads(one.stdout.readline())
        finally:
            one.terminate()
            one.wait(timeout=60)


@dataclasses.dataclass(frozen=True, slots=True)
class AtWork:
    """A site of one board that runs 1.0.0. Attributes: cookies: of its administrator."""

    board: SimulatedBoard
    url: str
    cookies: httpx.Cookies


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """Yield board, central and terminal at work."""
    folder = tmp_path_factory.mktemp("site")
    file = folder / "site.toml"
    words = ("--site", str(file), "--home")
    with simulated_board(folder, settings=["version=1.0.0"]) as board:
        file.write_text(SITE.format(pem=public_pem(), port=board.port), encoding="utf-8")
        with running(folder, "central", *words, str(folder / "c"), "--port", "0") as ready:
            url = ready["url"]
            with httpx.Client(base_url=url, headers={"Origin": url}, timeout=60) as http:
                token = joined(http, ready["invitation_link"])
            edge = ("--node", "gate-1", "--token", token)
            with running(folder, "edge", *words, str(folder / "e"), *edge):
                yield AtWork(board, url, http.cookies)


def joined(http: httpx.Client, link: str) -> str:
    """Become the first administrator; returns a token for the terminal."""
    wish = {
        "username": "admin",
        "password": secrets.token_urlsafe(16),
        "secret": link.partition("#")[2],
    }
    assert http.post("/api/v1/invitations/accept", json=wish).is_success
    return str(http.post("/api/v1/nodes/tokens", json={"node": "gate-1"}).json()["token"])


@pytest.fixture
def page(site: AtWork, visitors: Visitors) -> Page:
    """Return the page of boards, which knows the one that there is."""
    visitor = visitors.meet(language="en-US", width=1280, height=800)
    for cookie in site.cookies.jar:
        visitor.context.add_cookies(
            [{"name": cookie.name, "value": cookie.value or "", "url": site.url}]
        )
    opened = visitor.open(f"{site.url}/boards")
    row = opened.locator("tbody tr")
    expect(row).to_contain_text("1.0.0", timeout=PATIENCE_MS)
    expect(row).to_contain_text("Well", timeout=PATIENCE_MS)
    return opened


def upload(page: Page, folder: Path, name: str, content: bytes) -> str:
    """Upload a file; returns what is said beside it."""
    (folder / name).write_bytes(content)
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("2")
    page.locator("input[type=file]").set_input_files(folder / name)
    said = page.locator(".files li", has_text=name).locator("[role=status]")
    expect(said).to_have_text(re.compile("[a-z]"))
    return said.inner_text()


def runs(board: SimulatedBoard) -> tuple[str, bool]:
    """Return the version that a board runs, and whether it is on trial."""
    state = board.state()
    return state["version"], state["on_trial"]


def test_an_image_is_updated_confirmed_and_rolled_back(
    page: Page, site: AtWork, tmp_path: Path
) -> None:
    good = signed(version="1.1.0", body=BODY)
    assert "taken" in upload(page, tmp_path, "good.bin", good)
    page.keyboard.press("n")
    expect(page.locator(".planned")).to_contain_text("lane-board")
    page.get_by_label("Reason").fill("the reader hangs")
    page.keyboard.press("Enter")
    expect(page.locator(".rollouts > li.is-done")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".squares .confirmed")).to_contain_text("lane-board")
    page.keyboard.press("1")
    row = page.locator("tbody tr")
    expect(row.locator("td").nth(3)).to_have_text("1.1.0", timeout=PATIENCE_MS)
    expect(row.locator("td").nth(4)).to_have_text("1.0.0")
    assert runs(site.board) == ("1.1.0+0", False)

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_label("Reason").fill("it opens too slowly")
    page.keyboard.press("Enter")

    expect(row.locator("td").nth(3)).to_have_text("1.0.0", timeout=PATIENCE_MS)
    page.keyboard.press("3")
    expect(page.locator(".rollouts > li.is-done")).to_have_count(2, timeout=PATIENCE_MS)
    assert runs(site.board) == ("1.0.0+0", False)


def test_what_may_not_run_is_refused_with_one_line_and_no_byte_reaches_the_board(
    page: Page, site: AtWork, tmp_path: Path
) -> None:
    begun = site.board.state()["uploaded_bytes"]
    good = signed(version="1.1.0", body=BODY)
    assert "key that is none of this site" in upload(
        page, tmp_path, "foreign.bin", signed(version="1.1.0", key="stranger")
    )
    assert "cut off" in upload(page, tmp_path, "cut.bin", good[:-30])
    assert "taken" in upload(page, tmp_path, "older.bin", signed(version="0.9.0"))
    page.keyboard.press("n")
    expect(page.locator(".left-out")).to_have_text("Runs a newer version lane-board")
    page.keyboard.press("Escape")
    assert "taken" in upload(page, tmp_path, "other.bin", signed(version="1.1.0", hw=7))
    page.keyboard.press("n")

    page.locator(".new-rollout select").select_option(label="1.1.0 · 0x0007 · other.bin")

    expect(page.locator(".plan-preview")).to_contain_text("No board would be updated.")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    assert runs(site.board) == ("1.0.0+0", False)
    assert site.board.state()["uploaded_bytes"] == begun
