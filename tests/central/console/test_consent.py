"""The consent step and the proofs of deletion on the page People, before the real central."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench, running_central
from tests.central.console.buildings import opened
from tests.central.people.enrolling import consent, enrol
from tests.central.people.seen_faces import SeenFaces, photograph

pytestmark = pytest.mark.browser


@pytest.fixture
def seeing(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as bench:
        yield bench


def test_a_face_is_enrolled_after_the_consent_of_a_guardian(seeing: Bench, guard: Visitor) -> None:
    holder_id = seeing.person("王小明")
    page = opened(guard, seeing, "/people")
    page.locator("tbody tr").first.click()
    expect(page.locator(".face")).to_be_hidden()
    expect(page.locator(".consent")).to_contain_text("告知书第 1 版")

    page.get_by_label("未满十四周岁，由监护人同意").check()
    page.get_by_label("监护人姓名").fill("王芳")
    page.get_by_label("与本人关系").fill("母亲")
    page.get_by_role("button", name="记录同意").click()

    expect(page.locator(".consent")).to_contain_text("由监护人 王芳（母亲）同意")
    expect(page.locator(".face")).to_be_visible()
    (kept,) = seeing.administrator.get(f"/api/v1/people/{holder_id}/consents").json()["items"]
    assert (kept["is_under_14"], kept["place"]) == (True, "central")


def withdrawn(page: Page, *words: str) -> None:
    ask, sure = words
    page.locator("tbody tr").first.click()
    page.get_by_role("button", name=ask).click()
    page.get_by_role("button", name=sure).click()


def test_a_withdrawal_shows_which_terminal_still_owes_its_proof(
    seeing: Bench, visitors: Visitors
) -> None:
    holder_id, node = seeing.person("Anna"), seeing.node()
    consent(seeing.administrator, holder_id)
    enrol(seeing.administrator, holder_id, photograph(1))
    page = opened(visitors.meet(language="en"), seeing, "/people")

    withdrawn(page, "Withdraw…", "Withdraw and delete the face")

    expect(page.locator(".proofs")).to_contain_text("Central: deleted")
    expect(page.locator(".proofs")).to_contain_text(f"{node.name}: outstanding since")
    expect(page.locator(".face")).to_be_hidden()
    expect(page.get_by_role("link", name="Download the proof")).to_be_visible()
