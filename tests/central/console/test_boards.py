"""The page of boards before the real central: a fleet is updated from it, and stopped by it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from config.contract.board_commands import UpdateBoard
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from config.contract.events import BoardSafeStateEntered, BoardUpdateProgressed
from tests.browser import Visitor, Visitors
from tests.central.bench import Bench, running_central
from tests.central.console.buildings import opened
from tests.central.console.site_data import make_device
from tests.central.console.test_pages import CHINESE, LATIN_WORDS, WEIGHT_BYTES_MAX
from tests.central.firmware.acting import NEW, WHY, Terminal, act, made, site_with, work
from tests.config.images import signed

pytestmark = pytest.mark.browser
BOARDS = ("board-0", "board-1", "board-2")
DATA = {"admin", "gate", "board", "SN", "EN", "KiB", "bin", *WHY["reason"].split()}
"""Latin words of the Chinese page: what people and makers wrote, and the other language."""
HASH = re.compile(r"\b[0-9a-f]{12}\b")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Bench]:
    """Central at a site with three boards."""
    with running_central(tmp_path / "home", site=site_with(3)) as bench:
        yield bench


@pytest.fixture
def terminal(site: Bench) -> Terminal:
    """Return the boards' node, which has told who they are."""
    found = Terminal(site)
    found.identify(*BOARDS, is_claimed=True)
    return found


@pytest.fixture
def technician(visitors: Visitors) -> Visitor:
    """Return a person who reads English, at a small screen."""
    return visitors.meet(language="en-US", width=1280, height=800)


def boards_page(visitor: Visitor, site: Bench, tab: str = "boards", **more: str) -> Page:
    page = opened(visitor, site, f"/boards#{tab}", **more)
    expect(page.locator(".tabs .count").first).to_have_text(re.compile(r"\d"))
    return page


def file_of(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def square(page: Page, device: str) -> Locator:
    return page.locator(f".squares li[data-key='{device}'] button")


def start_by_keyboard(page: Page, reason: str = "the reader hangs") -> None:
    """Begin a roll-out to all boards."""
    page.keyboard.press("n")
    expect(page.locator(".planned li").first).to_contain_text("1 board")
    page.get_by_label("Reason").fill(reason)
    page.keyboard.press("Enter")
    expect(page.locator(".rollouts > li.is-chosen")).to_contain_text(reason)


def test_a_fleet_is_updated_by_keyboard_and_each_board_is_seen_on_its_way(
    site: Bench, terminal: Terminal, technician: Visitor, tmp_path: Path
) -> None:
    page = boards_page(technician, site)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("u")
    chooser.value.set_files(file_of(tmp_path, "good.bin", signed(version=NEW)))
    expect(page.locator(".files li")).to_contain_text(f"taken: version {NEW} for boards 0x002A")
    start_by_keyboard(page)

    (what,) = terminal.take_on()
    assert isinstance(what, UpdateBoard)
    seen = BoardUpdateProgressed(
        update_id=what.update_id, device=what.device, stage=UpdateStage.UPLOADS,
        sent_bytes=what.size_bytes // 2, size_bytes=what.size_bytes,
    )  # fmt: skip
    terminal.tell(seen)

    expect(square(page, "board-0")).to_contain_text("50%")
    terminal.end(what)
    expect(square(page, "board-0")).to_contain_text("✓")
    expect(page.locator(".rollouts > li.is-chosen header").first).to_contain_text("2 to go")
    while terminal.update_all():
        pass
    expect(page.locator(".rollouts > li.is-done")).to_contain_text("Done")
    page.keyboard.press("1")
    expect(page.locator("tbody tr .update").first).to_contain_text("Confirmed")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (signed(version=NEW)[:-40], "The image is cut off"),
        (signed(version=NEW, key="stranger"), "signed by a key that is none of this site"),
        (b"notes", "This is no image for boards"),
        (signed(version=NEW, hw=None), "names no type of board"),
    ],
    ids=["truncated", "wrong key", "no image", "no type"],
)
def test_what_is_refused_says_why_beside_the_file(
    site: Bench, terminal: Terminal, technician: Visitor, tmp_path: Path, content: bytes, words: str
) -> None:
    page = boards_page(technician, site, "images")

    page.locator("input[type=file]").set_input_files(file_of(tmp_path, "bad.bin", content))

    expect(page.locator(".files li")).to_contain_text("bad.bin")
    expect(page.locator(".files li .p2")).to_contain_text(words)
    expect(page.locator(".first")).to_contain_text("No image yet")


def test_after_a_file_was_chosen_the_keys_go_on(
    site: Bench, technician: Visitor, tmp_path: Path
) -> None:
    page = boards_page(technician, site, "images")
    chooser = page.locator("input[type=file]")
    chooser.focus()
    chooser.set_input_files(file_of(tmp_path, "bad.bin", b"notes"))
    expect(page.locator(".files li .p2")).to_be_visible()

    page.keyboard.press("3")

    expect(page.get_by_role("tab", name="Roll-outs")).to_have_attribute("aria-selected", "true")


def test_a_file_may_be_dropped_anywhere(site: Bench, technician: Visitor) -> None:
    page = boards_page(technician, site, "images")
    drop = """() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["notes"], "dropped.bin"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    }"""

    page.evaluate(drop)

    expect(page.locator(".files li", has_text="dropped.bin")).to_contain_text("This is no image")


def test_a_table_that_comes_back_opens_a_row_once(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    page = boards_page(technician, site)
    for key in ("2", "1"):
        page.keyboard.press(key)
        expect(page.locator("main data-table:visible, main .first:visible")).to_have_count(1)

    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(1)


def test_a_failure_halts_and_says_what_to_do_and_one_goes_on_without_the_board(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site)
    page = boards_page(technician, site, "rollouts")
    (first,) = terminal.take_on()
    terminal.end(first, UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY)

    halt = page.locator(".halt")
    expect(halt).to_contain_text("Halted by board-0: Went back")
    expect(halt).to_contain_text("The board was not well with the new image.")
    expect(halt).to_contain_text("Look at the board's health")
    page.keyboard.press("p")
    page.get_by_label("Reason").fill("this one is being repaired")
    page.keyboard.press("Enter")

    expect(halt).to_be_hidden()
    stages = page.locator(".bands h3")
    expect(stages).to_have_text(["One board first", "One more board", "All others"])
    assert terminal.update_all() == ["board-1"]


def test_a_pause_begins_with_no_other_board_and_a_cancel_ends_it(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site)
    page = boards_page(technician, site, "rollouts")
    for key, state in (("p", "Paused"), ("p", "Running")):
        page.keyboard.press(key)
        page.get_by_label("Reason").fill("lunch")
        page.keyboard.press("Enter")
        expect(page.locator(".rollouts > li .state")).to_have_text(state)

    page.get_by_role("button", name="Cancel").click()
    page.get_by_label("Reason").fill("another image comes")
    page.keyboard.press("Enter")

    expect(page.locator(".rollouts > li .state")).to_have_text("Cancelled")


def test_what_a_person_broke_off_is_cancelled_and_no_failure(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    rollout_id = made(site, devices=["board-0"])
    (what,) = terminal.take_on()
    act(site, rollout_id, "cancel")
    terminal.end(what, UpdateOutcome.FAILED, UpdateReason.CANCELLED)
    page = boards_page(technician, site)

    expect(page.locator("data-table")).to_contain_text("Cancelled")
    page.keyboard.press("3")

    expect(square(page, "board-0")).to_have_class("cancelled")
    expect(square(page, "board-0")).to_have_attribute("aria-label", "board-0: Cancelled")


def test_one_board_is_rolled_back_from_its_square(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site, devices=["board-0"])
    terminal.update_all()
    terminal.identify("board-0", version=NEW, other_version="1.0.0", other_image="0" * 64)
    page = boards_page(technician, site, "rollouts")
    page.keyboard.press("j")
    expect(square(page, "board-0")).to_contain_text("✓")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("b")

    page.get_by_label("Reason").fill("it opens too slowly")
    page.keyboard.press("Enter")

    expect(page.locator(".rollouts > li").first).to_contain_text("Rollback of 1 board")
    assert [what.kind for what in terminal.take_on()] == ["roll_back_board"]


def test_the_preview_says_who_is_left_out_and_why(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site, devices=["board-0"], starts=False)
    terminal.identify("board-1", version="3.0.0", is_claimed=True)
    page = boards_page(technician, site)
    page.keyboard.press("n")

    left_out = page.locator(".left-out li")

    expect(left_out.filter(has_text="Part of another roll-out")).to_contain_text("board-0")
    expect(left_out.filter(has_text="Runs a newer version")).to_contain_text("board-1")


def test_a_rollback_that_cannot_be_done_says_why(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site, devices=["board-0"], starts=False)
    terminal.identify("board-0", other_version="0.9.0", other_image="9" * 64, is_claimed=True)
    page = boards_page(technician, site)
    page.get_by_role("button", name="board-0").click()

    page.get_by_role("button", name="Roll back").click()

    expect(page.get_by_role("dialog").last).to_contain_text("Part of another roll-out")


def test_a_board_in_its_safe_state_stands_out_and_a_lost_one_is_hatched(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    page = boards_page(technician, site)
    row = page.locator("tbody tr[data-key='board-1']")
    expect(row).to_contain_text("Well")

    terminal.tell(BoardSafeStateEntered(device="board-1", entered_at=site.clock()))

    expect(row.locator(".p2")).to_contain_text("In its safe state since")
    page.get_by_role("button", name="Need attention 1").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    site.clock.advance(minutes=5)
    page.reload()
    expect(row.locator(".is-stale").first).to_be_visible()


def test_a_board_that_falls_silent_is_hatched_at_once(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    page = boards_page(technician, site)
    row = page.locator("tbody tr[data-key='board-1']")
    expect(row).to_contain_text("Well")

    lost = make_device("board-1", None, is_current=False, since=site.clock())
    terminal.node.report(devices=(lost,))

    expect(row.locator(".is-stale").last).to_contain_text("Lost since")


def test_the_list_is_searched_by_keyboard(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    page = boards_page(technician, site)
    expect(page.locator("tbody tr")).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("sn-board-2")

    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("SN-board-2")


def test_whoever_may_only_look_sees_no_button(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site)
    invitation = site.invite("technician")
    site.accepted(invitation, "looker")
    page = boards_page(technician, site, "rollouts", username="looker")
    expect(page.locator(".rollouts > li")).to_have_count(1)

    for key in ("1", "2", "3"):
        page.keyboard.press(key)
        expect(page.locator("main .primary:visible, main .button:visible")).to_have_count(0)
    expect(page.locator(".rollouts .deeds button")).to_have_count(0)


def test_a_newcomer_is_told_what_to_do_first(tmp_path: Path, technician: Visitor) -> None:
    with running_central(tmp_path / "home") as bench:
        page = boards_page(technician, bench)

        expect(page.locator(".first")).to_contain_text('driver = "board"')
        page.keyboard.press("2")
        expect(page.locator(".first")).to_contain_text("imgtool sign")
        page.keyboard.press("3")
        expect(page.locator(".first")).to_contain_text("First upload an image: press u.")
        page.keyboard.press("n")
        expect(page.get_by_role("dialog")).to_contain_text("No controller board yet")


@pytest.mark.parametrize("tab", ["boards", "images", "rollouts"])
def test_no_tab_mixes_two_languages(
    site: Bench, terminal: Terminal, visitors: Visitors, tab: str
) -> None:
    made(site)
    (first,) = terminal.take_on()
    terminal.end(first, UpdateOutcome.FAILED, UpdateReason.UNREACHABLE)
    work(site)
    ready = {"boards": "tbody tr", "images": "tbody tr", "rollouts": ".halt"}[tab]
    texts = []
    for language in ("zh-CN", "en"):
        page = boards_page(visitors.meet(language=language), site, tab)
        expect(page.locator(ready).first).to_be_visible()
        texts.append(page.inner_text("body"))

    assert set(LATIN_WORDS.findall(HASH.sub("", texts[0]))) - DATA == set()
    assert set(CHINESE.findall(texts[1])) == {"中"}


def test_a_page_never_shows_a_key_instead_of_words(
    site: Bench, terminal: Terminal, technician: Visitor
) -> None:
    made(site)
    page = boards_page(technician, site, "rollouts")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".one")).to_be_visible()
    page.keyboard.press("?")

    text = page.inner_text("body")

    assert re.findall(r"\b(?:boards?|rollout)_?\w*\.[a-z]\w*", text) == []


def test_the_page_is_light(site: Bench, terminal: Terminal, visitors: Visitors) -> None:
    visitor, sizes = visitors.meet(), dict[str, int]()
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    page = boards_page(visitor, site)
    expect(page.locator("tbody tr")).to_have_count(3)

    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert sum(files.values()) <= WEIGHT_BYTES_MAX
