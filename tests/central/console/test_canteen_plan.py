"""The page of the canteen's plan before the real central: typed like a sheet, seen before."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitors
from tests.central.access.models import STAFF, put
from tests.central.bench import PASSWORD, Bench
from tests.central.canteen.serving import LUNCH, PATH
from tests.central.office.acting import canteen
from tests.central.orders.acting import diner, order, take_orders

pytestmark = pytest.mark.browser


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central with a plan of lunch, a group for the staff, and two managers."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        put(bench.administrator, STAFF)
        boss, _ = (bench.planted("canteen_manager", username=n).client for n in ("boss", "other"))
        change(boss, lambda plan: plan.update(LUNCH))
        yield bench


def change(client: Any, act: Any) -> dict[str, Any]:  # noqa: ANN401 - a browser, and a deed
    """Change the plan in force over the API; returns it."""
    view = client.get(f"{PATH}/plan").json()
    act(view["plan"])
    reply = client.put(f"{PATH}/plan", json={"made_from": view["version"], "plan": view["plan"]})
    assert reply.status_code == 200, reply.text
    kept: dict[str, Any] = reply.json()
    return kept


def in_force(site: Bench) -> dict[str, Any]:
    found: dict[str, Any] = site.planted("auditor").client.get(f"{PATH}/plan").json()["plan"]
    return found


def opened(visitors: Visitors, site: Bench, *, who: str = "boss", language: str = "en") -> Page:
    page = visitors.meet(language=language).open(f"{site.url}/canteen#plan")
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("table.sheet").first).to_be_visible()
    return page


def cell(page: Page, path: str) -> Locator:
    return page.locator(f'[data-path="{path}"]')


def test_a_price_and_a_dish_are_typed_seen_and_put_in_force(
    visitors: Visitors, site: Bench
) -> None:
    page = opened(visitors, site)
    cell(page, "period/canteen|lunch|fixed_fen/").locator("input").fill("13.5")
    page.get_by_role("button", name="Add a dish").click()
    page.keyboard.type("红烧肉")
    for text in ("", "１２", "", ""):  # English name, a Chinese keyboard's price, grams, key
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    key = page.locator(".free-keys ~ table select").last
    expect(key.locator("option")).to_contain_text(["no key", "F1 · Rice", "F2 (free)"])
    key.select_option("2")
    cell(page, "limit/||offline_person_fen").locator("input").fill("150.00")
    page.get_by_role("button", name="Look and put in force").click()
    dialog = page.get_by_role("dialog")

    for line in (
        r"Meal Lunch · price \(everybody\)\W*¥15\.00\W*¥13\.50",
        r"Dish 红烧肉\W*new\W*¥12\.00 / piece, F2",
        r"Offline: most of one person at a till\W*¥100\.00\W*¥150\.00",
    ):
        expect(dialog).to_contain_text(re.compile(line, re.IGNORECASE))
    assert in_force(site)["merchants"][0]["periods"][0]["fixed_fen"] == {"": 1500}
    dialog.get_by_role("button", name="Put in force").dblclick()

    expect(dialog).to_contain_text("Version 2 is in force")
    plan = in_force(site)
    (merchant,) = plan["merchants"]
    assert merchant["periods"][0]["fixed_fen"] == {"": 1350}
    assert [(d["price_fen"], d["key"]) for d in merchant["dishes"]] == [(200, 1), (1200, 2)]
    assert plan["limits"]["offline_person_fen"] == 15_000


def test_what_cannot_be_is_said_at_the_fields_that_it_is_about(
    visitors: Visitors, site: Bench
) -> None:
    supper = {**LUNCH["merchants"][0]["periods"][0], "id": "supper", "begins": "17:00"}
    supper |= {"ends": "19:00", "name": {"en": "Supper"}}
    boss = site.planted("canteen_manager").client
    change(boss, lambda plan: plan["merchants"][0]["periods"].append(supper))
    page = opened(visitors, site)
    price = cell(page, "dish/canteen|rice|price_fen")
    price.locator("input").fill("2,5.0.1")
    expect(price).to_contain_text("No amount")
    page.get_by_role("button", name="Look and put in force").click()
    expect(price.locator("input")).to_be_focused()

    price.locator("input").fill("2.50")
    cell(page, "period/canteen|supper|begins").locator("input").fill("1300")
    cell(page, "limit/||per_day_fen").locator("input").fill("1")
    page.get_by_role("button", name="Look and put in force").click()

    for at, words in (("lunch", "overlaps with Supper"), ("supper", "overlaps with Supper")):
        expect(cell(page, f"period/canteen|{at}|begins")).to_contain_text(words)
    expect(cell(page, "limit/||per_day_fen")).to_contain_text("less than a single charge's")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert in_force(site)["merchants"][0]["dishes"][0]["price_fen"] == 200


def test_a_plan_of_somebody_else_is_told_and_nothing_typed_is_lost(
    visitors: Visitors, site: Bench
) -> None:
    page = opened(visitors, site)
    cell(page, "dish/canteen|rice|price_fen").locator("input").fill("2.50")
    cell(page, "dish/canteen|rice|name/zh-CN").locator("input").fill("米饭")
    page.get_by_role("tab", name="Counter").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".counter")).to_be_visible()
    other = site.planted("canteen_manager", username="meanwhile").client
    change(other, lambda plan: plan["merchants"][0]["dishes"][0].update(price_fen=300, key=7))
    page.get_by_role("tab", name="Menu and prices").click()

    expect(page.locator(".mealplan .waiting")).to_contain_text("meanwhile put version 2 in force")
    expect(page.locator(".mealplan .waiting")).to_contain_text("¥2.00")
    page.get_by_role("button", name="Take their changes in").click()
    expect(cell(page, "dish/canteen|rice|price_fen")).to_contain_text("the other: 3.00")
    page.get_by_role("button", name="Look and put in force").click()
    page.get_by_role("button", name="Put in force", exact=True).click()

    expect(page.get_by_role("dialog")).to_contain_text("Version 3 is in force")
    (rice,) = in_force(site)["merchants"][0]["dishes"]
    assert (rice["price_fen"], rice["key"], rice["name"]["zh-CN"]) == (250, 7, "米饭")


def test_a_group_that_is_called_otherwise_keeps_its_prices_and_lunch_warns(
    visitors: Visitors, site: Bench
) -> None:
    def grouped(plan: dict[str, Any]) -> None:
        plan["groups"] = [["staff", "workers"]]
        period = plan["merchants"][0]["periods"][0]
        period |= {"fixed_fen": {"": 1500, "workers": 900}, "begins": "00:00", "ends": "23:59"}

    change(site.planted("canteen_manager").client, grouped)
    page = opened(visitors, site, language="zh-CN")
    name = page.get_by_label(re.compile("人群$"))
    name.fill("职工")
    name.press("Tab")
    expect(cell(page, "period/canteen|lunch|fixed_fen/职工").locator("input")).to_have_value("9.00")
    page.get_by_role("button", name="核对并生效").click()

    expect(page.get_by_role("dialog")).to_contain_text("午餐正在供应（至 23:59）")
    page.get_by_role("button", name="确认生效", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("第 3 版已生效")
    plan = in_force(site)
    assert plan["groups"] == [["staff", "职工"]]
    assert plan["merchants"][0]["periods"][0]["fixed_fen"] == {"": 1500, "职工": 900}


def test_whoever_may_not_manage_sees_the_plan_and_types_nothing(
    visitors: Visitors, site: Bench
) -> None:
    site.planted("cashier", username="till-1")

    page = opened(visitors, site, who="till-1")

    expect(cell(page, "dish/canteen|rice|price_fen")).to_have_text("¥2.00")
    expect(page.locator(".mealplan input")).to_have_count(0)
    page.get_by_role("button", name="Versions").click()
    expect(page.get_by_role("dialog")).to_contain_text("Version 1 boss")


def test_a_spreadsheet_of_dishes_is_typed_in_and_looked_at_like_anything_typed(
    visitors: Visitors, site: Bench
) -> None:
    page = opened(visitors, site)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as CSV").click()
    head, rice, _ = saving.value.path().read_text("utf-8").split("\n")
    assert rice == ",Rice,2.00,,F1,rice"
    table = f'{head}\n米饭,Rice,2.5,,F1,rice\n"红烧肉, 大份",,12,,f2,\n自助,Buffet,abc,100,,\n'

    # As Excel saves it in China.
    page.locator("input[type=file]").set_input_files(
        {"name": "菜.csv", "mimeType": "text/csv", "buffer": table.encode("gb18030")}
    )
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("li")).to_have_text(
        ["2 new", "1 changed", "0 as they are", "0 are not in the file"]
    )
    dialog.get_by_role("button", name="Type it into the page").click()

    expect(page.locator(".problems")).to_contain_text("Buffet: No amount")
    page.locator(".problems button").click()
    page.keyboard.type("3.98")
    page.get_by_role("button", name="Look and put in force").click()
    page.get_by_role("button", name="Put in force", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Version 2 is in force")
    dishes = in_force(site)["merchants"][0]["dishes"]
    assert [(d["price_fen"], d["per_g"], d["key"]) for d in dishes] == [
        (250, None, 1),
        (1200, None, 2),
        (398, 100, None),
    ]
    assert dishes[1]["name"] == {"zh-CN": "红烧肉, 大份"}


def test_the_kitchen_reads_how_many_eat_and_what_was_ordered_by_number(
    visitors: Visitors, site: Bench
) -> None:
    take_orders(site)
    (_, one), (_, other) = diner(site, "王小明"), diner(site, "李四")
    order(one)
    gone = order(other)
    for telephone in (one, other):
        assert telephone.put("/api/v1/diner/meals/canteen/lunch").status_code == 204
    visitor = visitors.meet(language="en")
    visitor.context.clock.set_system_time(site.clock())  # of the same day as central's
    page = visitor.open(f"{site.url}/canteen#kitchen")
    page.locator("input[name=username]").fill("boss")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".meal-counts tr", has_text="Lunch")).to_contain_text(
        re.compile(r"Lunch.*2\s*0$"), timeout=15_000
    )
    page.get_by_role("button", name="Today").click()
    expect(page.locator(".dishes tbody tr")).to_have_text([re.compile("4$"), re.compile("2$")])
    page.get_by_role("button", name=f"Cancel {gone['number']}").click()
    page.locator("dialog input[name=note]").fill("炉子坏了")
    page.locator("dialog form").get_by_role("button", name="Cancel").click()

    expect(page.locator(".dishes tbody tr")).to_have_text([re.compile("2$"), re.compile("1$")])
    page.emulate_media(media="print")
    expect(page.locator(".orders tr", has_text=gone["number"])).to_be_hidden()
    expect(page.locator(".orders .pick-up").first).to_be_visible()
    expect(page.locator("button:visible")).to_have_count(0)


def test_a_dish_that_is_taken_out_can_be_ordered_no_longer(visitors: Visitors, site: Bench) -> None:
    def ordered(plan: dict[str, Any]) -> None:
        (merchant,) = plan["merchants"]
        merchant["dishes"].append({**merchant["dishes"][0], "id": "soup", "key": None})
        merchant["orders"] = {"windows": [{"period": "lunch", "dishes": ["rice", "soup"]}]}

    change(site.planted("canteen_manager").client, ordered)
    page = opened(visitors, site)
    page.get_by_role("button", name="Take out Rice").last.click()
    page.get_by_role("button", name="Look and put in force").click()
    expect(page.locator(".changes tr", has_text="Orders for Lunch")).to_have_count(1)
    page.keyboard.press("Escape")

    # No dish left would mean every dish: that is a question, not a guess.
    page.get_by_role("button", name="Take out Rice").click()
    page.get_by_role("button", name="Look and put in force").click()

    expect(cell(page, "window/canteen|lunch|dishes")).to_contain_text("choose anew")
    expect(page.get_by_role("dialog")).to_have_count(0)
