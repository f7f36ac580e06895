"""The pages before the real central: what the stand-in says is what central says."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

import central
from central.security import COOKIE
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted
from config.contract.identifiers import new_id
from config.web import STATIC
from tests.browser import Visitor
from tests.central.bench import PASSWORD, Bench, Node

ROOT = Path(central.__file__).parent
NODES_ONLY = {"events", "nodes", "blobs"}
"""Folders whose refusals only nodes get, but for the few of the console's own below."""
TO_NODES = {
    "wrong_hash", "not_a_jpeg", "not_that_format", "nobody_looks", "bad_signature",
    "bad_source_token", "foreign_type", "may_not_alarm",
}  # fmt: skip
"""What cameras' nodes, outside systems and the payment provider are told when they push."""


def enter(visitor: Visitor, bench: Bench, secret: str) -> Page:
    """Follow a one-time link and become an operator."""
    page = visitor.open(f"{bench.url}/invite#{secret}")
    page.get_by_label("用户名").fill("Li Ming")
    page.get_by_label("密码", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="开始使用").click()
    expect(page.locator(".link")).to_have_text("在线")
    return page


def granted(node: Node, holder: str, sequence: int) -> None:
    """Let a node report that a person may pass."""
    fact = AccessGranted(
        decision_id=new_id(),
        access_point="lane",
        direction=Direction.IN,
        holder_id=holder,
        credential=CredentialKind.CARD,
    )
    node.send(node.event(sequence, fact=fact))


@pytest.mark.browser
def test_the_first_administrator_sees_what_happens(bench: Bench, guard: Visitor) -> None:
    page = enter(guard, bench, bench.first_invitation())
    expect(page.locator("live-list .empty")).to_be_visible()
    administrator = guard.context.request
    added = administrator.post(
        f"{bench.url}/api/v1/people", data={"name": "王小明"}, headers={"Origin": bench.url}
    )
    token = administrator.post(
        f"{bench.url}/api/v1/nodes/tokens", data={"node": "gate-1"}, headers={"Origin": bench.url}
    )
    node = Node(bench.client(), "gate-1", bench.clock)
    node.enrol(token.json()["token"])

    granted(node, added.json()["holder_id"], 1)

    line = page.locator(".rows li").first
    expect(line).to_contain_text(re.compile("通行允许.*王小明.*刷卡"))
    node.report()
    expect(page.locator(".node-strip li").first).to_contain_text("gate-1在线")


@pytest.mark.browser
def test_a_guard_sees_masked_names_and_changes_nobody(bench: Bench, guard: Visitor) -> None:
    node, holder = bench.node(), bench.person("王小明")
    granted(node, holder, 1)

    page = enter(guard, bench, bench.invite("guard"))

    expect(page.locator(".rows li .who").first).to_have_text(re.compile(r"^王\*+明?$"))
    page.goto(f"{bench.url}/people")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("button", name="添加人员")).to_be_hidden()


@pytest.mark.browser
def test_a_person_is_added_with_a_card_and_changed(bench: Bench, guard: Visitor) -> None:
    page = enter(guard, bench, bench.first_invitation())
    page.goto(f"{bench.url}/people")
    page.get_by_role("button", name="添加人员").click()
    page.get_by_label("姓名", exact=True).fill("赵刚")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("卡号").fill("0006547886")
    page.get_by_role("button", name="加卡").click()
    expect(page.locator(".cards")).to_contain_text("卡 1")

    page.get_by_label("编号", exact=True).fill("1005")
    page.get_by_role("button", name="保存").click()

    expect(page.locator(".done")).to_have_text("已保存")
    expect(page.locator("tbody tr td").nth(1)).to_have_text("1005")
    expect(page.locator("tbody tr td").nth(5)).to_have_text("1")


@pytest.mark.browser
def test_a_file_that_is_no_picture_is_refused_in_words(
    bench: Bench, guard: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    secret = bench.first_invitation()
    page = enter(guard, bench, secret)
    page.goto(f"{bench.url}/people")
    page.get_by_role("button", name="添加人员").click()
    page.get_by_label("姓名", exact=True).fill("赵刚")
    page.get_by_role("button", name="添加", exact=True).click()

    page.get_by_role("button", name="记录同意").click()
    expect(page.locator(".consent")).to_contain_text("已同意第 1 版告知书")

    page.locator("input[type=file]").set_input_files(str(tmp_path / "photo.jpg"))

    expect(page.locator(".face [role=status]")).to_have_text(
        re.compile("没有可用的照片|中心缺少识别模型"), timeout=20_000
    )


@pytest.mark.browser
def test_a_file_is_imported_and_stands_in_the_audit_log(
    bench: Bench, guard: Visitor, tmp_path: Path
) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(
        "工号,姓名,卡号,通行点\n1005,赵刚,0006547886,lane\n1006,李四,1.23E+09,", "utf-8"
    )
    page = enter(guard, bench, bench.first_invitation())
    page.goto(f"{bench.url}/people")
    page.get_by_role("button", name="导入…").click()
    page.locator("dialog input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="比对").click()
    expect(page.locator("dialog tbody tr")).to_have_count(2)
    page.get_by_role("button", name="应用").click()
    expect(page.locator("dialog .done")).to_contain_text("新增 1 人")

    cookie = bench.auditor.cookies[COOKIE]
    guard.context.add_cookies([{"name": COOKIE, "value": cookie, "url": bench.url}])
    page.goto(f"{bench.url}/audit")

    rows = page.locator("tbody tr")
    expect(rows.filter(has_text=re.compile("li ming.*应用名册.*名册"))).to_have_count(1)
    expect(rows.filter(has_text=re.compile("li ming.*比对名册"))).to_have_count(1)


@pytest.mark.browser
def test_signing_out_ends_the_session_at_central(bench: Bench, guard: Visitor) -> None:
    page = enter(guard, bench, bench.first_invitation())
    cookie = {c["name"]: c["value"] for c in guard.context.cookies()}

    page.get_by_role("button", name="退出").click()

    expect(page.get_by_role("dialog")).to_contain_text("请登录")
    reply = httpx.get(f"{bench.url}/api/v1/sessions/current", cookies=cookie)
    assert reply.status_code == 401


def test_every_refusal_that_a_page_can_meet_has_words() -> None:
    words = (STATIC / "zh-CN.json").read_text("utf-8")
    sources = [p for p in ROOT.rglob("*.py") if p.parent.name not in NODES_ONLY]
    found = {
        code
        for p in sources
        for code in re.findall(r'RefusedError\(\s*\d+,\s*"([a-z_]+)"', p.read_text("utf-8"))
    }

    assert {"number_taken", "second_person_needed"} <= found
    unsaid = {code for code in found if f'"error.{code}"' not in words}
    assert unsaid - TO_NODES == set()
