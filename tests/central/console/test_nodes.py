import pytest
from playwright.sync_api import Page, expect

from config.contract.machine import ClockStatus, DiskStatus
from tests.browser import Visitor
from tests.central.console.conftest import Central
from tests.central.console.site_data import make_node

pytestmark = pytest.mark.browser


@pytest.fixture
def nodes(central: Central, guard: Visitor) -> Page:
    """The page of nodes, which has shown the one."""
    page = guard.open(f"{central.url}/nodes")
    expect(page.locator("tbody tr")).to_have_count(1)
    return page


def test_a_healthy_node_asks_for_nothing(nodes: Page) -> None:
    expect(nodes.locator("tbody tr")).to_contain_text("在线")
    expect(nodes.locator(".trouble")).to_have_count(0)


def test_missing_records_are_counted_and_listed(central: Central, nodes: Page) -> None:
    node = make_node("gate-1", (), unsent_count=5)
    node["gaps"] = [{"epoch": "e", "class": "access", "first": 12, "last": 14}]
    central.stand_in.report(node)

    expect(nodes.locator(".trouble")).to_have_text("3缺号 3")
    nodes.locator("tbody tr").click()
    expect(nodes.get_by_role("dialog")).to_contain_text("12–14")


def test_records_that_the_terminal_counted_as_lost_are_listed_and_are_no_trouble(
    central: Central, nodes: Page
) -> None:
    node = make_node("gate-1", ())
    node["losses"] = [{"epoch": "e", "class": "telemetry", "first": 1, "last": 2000}]
    central.stand_in.report(node)

    nodes.locator("tbody tr").click()
    expect(nodes.get_by_role("dialog")).to_contain_text("1–2000已丢失")
    expect(nodes.locator(".trouble")).to_have_count(0)


def test_a_terminal_s_disk_and_clock_are_shown_and_what_is_wrong_with_them(
    central: Central, nodes: Page
) -> None:
    disk = DiskStatus(
        free_mb=120, size_mb=7_900, is_short=True, used_mb={"clips": 512, "journal": 3},
        written_mb_a_day=240, card_years=99.0,
    )  # fmt: skip
    clock = ClockStatus(
        source="time_server", offset_s=0.3, drift_s_a_day=12.5, stepped_s=-3600.0, is_wrong=True
    )
    central.stand_in.report(make_node("gate-1", (), disk=disk, clock=clock))

    expect(nodes.locator(".trouble")).to_have_text(["3磁盘将满：剩余 120 MB", "3时钟偏差"])
    nodes.locator("tbody tr").click()
    dialog = nodes.get_by_role("dialog")
    expect(dialog).to_contain_text("图片与录像 512 MB, 日志 3 MB")
    expect(dialog).to_contain_text("对照：时间服务器")
    expect(dialog).to_contain_text("每日慢 12.5 秒")


def test_a_lost_node_is_hatched(central: Central, nodes: Page) -> None:
    central.stand_in.report(make_node("gate-1", (), is_online=False))

    expect(nodes.locator("tbody tr .is-stale").first).to_contain_text("失联，自")


def test_a_node_that_can_take_cards_only_says_so(central: Central, nodes: Page) -> None:
    central.stand_in.report(make_node("gate-1", (), pipeline_missing=("network.onnx",)))

    expect(nodes.locator(".trouble")).to_contain_text("缺少识别模型，仅可刷卡")


def test_a_new_node_gets_a_line_to_run(central: Central, nodes: Page) -> None:
    nodes.get_by_role("button", name="接入终端").click()
    nodes.get_by_label("终端", exact=False).fill("gate-2")
    nodes.get_by_role("button", name="生成令牌").click()

    expect(nodes.locator(".token")).to_contain_text("--node gate-2 --token menshen1.")
    assert central.stand_in.requests == [("POST", "/nodes/tokens", {"node": "gate-2"})]


def test_a_name_that_no_node_can_have_is_not_sent(central: Central, nodes: Page) -> None:
    nodes.get_by_role("button", name="接入终端").click()
    nodes.get_by_label("终端", exact=False).fill("Gate 2")
    nodes.get_by_role("button", name="生成令牌").click()

    expect(nodes.locator("input:invalid")).to_have_count(1)
    assert central.stand_in.requests == []


def test_it_is_shown_since_when_a_terminal_has_its_keys_and_that_others_are_wanted(
    central: Central, nodes: Page
) -> None:
    node = make_node("gate-1", ())
    node |= {
        "keys_at": "2026-01-02T03:04:05Z",
        "keys_wanted_at": "2026-01-03T03:04:05Z",
        "old_key_until": None,
    }
    central.stand_in.report(node)

    nodes.locator("tbody tr").click()
    dialog = nodes.get_by_role("dialog")
    expect(dialog).to_contain_text("当前密钥启用于")
    expect(dialog).to_contain_text("终端尚未更换")
    expect(dialog).not_to_contain_text("之前仍有效")
    expect(dialog.locator("summary")).to_have_text(["更换密钥", "停用此终端"])
