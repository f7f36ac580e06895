import json
from collections.abc import Iterator

import httpx
import pytest

from config.web.modules import modules_of
from edge.canteen.screen import CASHIERS
from edge.kiosk.app import FOLDERS
from tests.edge.kiosk.tills import KEY, TillStand
from tests.serving import serving


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with serving(TillStand().app()) as url, httpx.Client(base_url=url, headers=headers) as made:
        yield made


def test_a_page_is_there_for_a_till_of_this_node_alone(client: httpx.Client) -> None:
    assert "text/html" in client.get("/till/till-1").headers["Content-Type"]
    assert client.get("/till/till-9").status_code == 404
    assert client.get("/till/till-9/settings").status_code == 404


def test_a_page_learns_its_zone_and_how_loud_it_may_be(client: httpx.Client) -> None:
    settings = client.get("/till/till-1/settings").json()

    assert settings["site"] == {"zh-CN": "测试楼", "en": "Test building"}
    assert settings["zone"] == "Asia/Shanghai"
    assert [step["begins"] for step in settings["sound"]] == sorted(
        step["begins"] for step in settings["sound"]
    )


def test_the_page_asks_for_a_cashier_where_the_till_does() -> None:
    script = (FOLDERS["/till-static/"] / "commands.js").read_text("utf-8")
    said = script.partition("const CASHIERS = new Set(")[2].partition(")")[0]

    assert set(json.loads(said)) == CASHIERS


def test_every_module_is_part_of_the_page() -> None:
    loaded = modules_of("/till-static/till.js", FOLDERS)
    names = {f"/till-static/{path.name}" for path in FOLDERS["/till-static/"].glob("*.js")}

    assert names - set(loaded) == set()
