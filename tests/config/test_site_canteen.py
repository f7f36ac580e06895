"""What a site file may say of tills, and what it may not."""

from pathlib import Path

import pytest

from config.site import SiteError, load_site

SITE = """
[site]
id = "demo"
name = { "zh-CN" = "示例", en = "Demo" }

[[node]]
id = "canteen-1"

[[node]]
id = "gate-1"

[[bus]]
id = "till-line"
node = "canteen-1"
port = "/dev/ttyUSB0"

[[device]]
id = "scale-1"
driver = "yaohua_scale"
bus = "till-line"

[[bus]]
id = "lane-line"
node = "gate-1"
port = "/dev/ttyUSB1"

[[device]]
id = "lane-gate"
driver = "speed_gate"
bus = "lane-line"

[[access_point]]
id = "lane"
node = "gate-1"
device = "lane-gate"

[[merchant]]
id = "canteen"
"""
TILL = '[[till]]\nid = "till-1"\nnode = "canteen-1"\nmerchant = "canteen"\n'


def site_file(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(SITE + text, encoding="utf-8")
    return path


def test_a_node_has_its_own_tills_and_every_merchant(tmp_path: Path) -> None:
    lane = '[[till]]\nid = "lane-till"\nnode = "gate-1"\nmerchant = "canteen"\n'
    lane += 'mode = "lane"\naccess_point = "lane"\n'
    site = load_site(site_file(tmp_path, TILL + 'mode = "weighed"\nscale = "scale-1"\n' + lane))

    here = site.for_node("canteen-1")

    assert [till.id for till in here.till] == ["till-1"]
    assert [merchant.id for merchant in here.merchant] == ["canteen"]
    assert [till.id for till in site.for_node("gate-1").till] == ["lane-till"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (TILL.replace('"canteen"', '"shop"'), "till 'till-1' names no merchant of this file"),
        (TILL.replace("canteen-1", "nowhere"), "till 'till-1' names no node of this file"),
        (TILL + 'mode = "weighed"\n', "till 'till-1': mode 'weighed' needs a scale"),
        (TILL + 'scale = "lane-gate"\n', "needs a scale on its own node, not 'lane-gate'"),
        (TILL + 'readers = ["none"]\n', "needs a reader on its own node, not 'none'"),
        (TILL + 'camera = "none"\n', "needs a camera on its own node, not 'none'"),
        (TILL + 'mode = "lane"\n', "mode 'lane' needs an access_point on its own node"),
        (TILL + 'access_point = "lane"\n', "an access_point is for mode 'lane'"),
        (TILL + 'modes = ["fixed", "lane"]\n', "a lane is nothing else"),
        (TILL + TILL, "till 'till-1' stands twice"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(SiteError) as caught:
        load_site(site_file(tmp_path, lines))

    assert said in str(caught.value)


def test_two_tills_at_one_lane_would_charge_a_meal_twice(tmp_path: Path) -> None:
    lane = '[[till]]\nid = "N"\nnode = "gate-1"\nmerchant = "canteen"\n'.replace("N", "lane-a")
    lane += 'mode = "lane"\naccess_point = "lane"\n'

    with pytest.raises(SiteError, match="one meal, one till"):
        load_site(site_file(tmp_path, lane + lane.replace("lane-a", "lane-b")))


def test_a_till_is_quieter_at_night_and_the_site_may_say_otherwise(tmp_path: Path) -> None:
    steps = "[{ begins = 07:00:00, percent = 40 }, { begins = 19:00:00, percent = 0 }]"
    usual = load_site(site_file(tmp_path, TILL)).till[0].sound
    quiet = load_site(site_file(tmp_path, TILL + f"sound = {steps}\n")).till[0].sound

    assert max(step.percent for step in usual) > 3 * usual[-1].percent
    assert [(str(step.begins), step.percent) for step in quiet] == [
        ("07:00:00", 40),
        ("19:00:00", 0),
    ]


def test_loudness_is_in_the_order_of_the_day(tmp_path: Path) -> None:
    steps = "[{ begins = 19:00:00, percent = 0 }, { begins = 07:00:00, percent = 40 }]"

    with pytest.raises(SiteError, match="each step begins after the one before"):
        load_site(site_file(tmp_path, TILL + f"sound = {steps}\n"))
