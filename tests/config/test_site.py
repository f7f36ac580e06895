from pathlib import Path
from string import Template

import pytest

from config.contract.access import Direction
from config.site import Site, SiteError, load_site
from config.site_fire import FireWarning

CONFIG = Path(__file__).parents[2] / "config"
SMALL = """
[site]
id = "s"
name = { en = "S" }
[[node]]
id = "n"
[[bus]]
id = "b"
node = "n"
port = "/dev/ttyS0"
[[device]]
id = "d"
driver = "speed_gate"
bus = "b"
"""


def load(text: str, folder: Path) -> Site:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site(path)


def test_the_example_is_a_site() -> None:
    site = load_site(CONFIG / "example.toml")

    assert [point.direction for point in site.access_point] == [Direction.IN, Direction.OUT]


def test_a_cap_alone_never_demands_a_card(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"recognition\.caps"):
        load(SMALL + '[recognition]\ncaps = "card"\n', tmp_path)


def test_the_demo_is_a_site_and_so_it_is_with_its_canteen(tmp_path: Path) -> None:
    building, canteen = (
        (CONFIG / name).read_text(encoding="utf-8") for name in ("demo.toml", "demo_canteen.toml")
    )
    values = {"line": "/l", "camera_east": "0", "camera_west": "1", "panel": "/p", "board": "/b"}
    till = {"scale": "/s", "printer": "/r", "customer_display": "/d", "camera_till": "2"}

    without = load(Template(building).substitute(values), tmp_path)
    site = load(Template(building + canteen).substitute(values | till), tmp_path)

    assert (len(without.camera), len(site.camera)) == (2, 3)
    assert [entry.id for entry in site.till] == ["till-1"]


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ('[[bus]]\nid = "c"\nnode = "x"\nport = "p"', "bus 'c' names no node of this file: 'x'"),
        ('[[device]]\nid = "e"\ndriver = "x"\nbus = "z"', "device 'e' names no bus"),
        ('[[camera]]\nid = "c"\nnode = "z"\nurl = "0"', "camera 'c' names no node"),
        ('[[node]]\nid = "n"', "node 'n' stands twice"),
        ('[[access_point]]\nid = "a"\nnode = "n"\ndevice = "x"', "needs a device on its own node"),
        (
            '[[access_point]]\nid = "a"\nnode = "n"\ndevice = "x"\n'
            'assistance = { device = "y", input = 4 }',
            "assistance needs a device on its own node, not 'y'",
        ),
        (
            '[[access_point]]\nid = "a"\nnode = "n"\ndevice = "d"\nfree_egress = true',
            "free_egress is for direction 'out'",
        ),
        ('[[node]]\nid = "Gate 1"', "node.1.id"),
        ('[[node]]\nid = "m"\nlink = "10.0.0.5"', "node.1.link"),
        (
            '[[node]]\nid = "m"\nlink = "10.0.0.5:47810"',
            "all have a link (HOST:PORT), or none has; without: n",
        ),
        ("[recognition]\nfalse_positive_rate = 0.5", "recognition.false_positive_rate"),
        ('[[fire_zone]]\nid = "z"\nreleases = ["x"]', "fire_zone 'z' releases no access_point"),
        (
            '[[fire_zone]]\nid = "z"\noutputs = [{ device = "x", channel = 0 }]',
            "fire_zone 'z' has an output of no device of this file: 'x'",
        ),
        ('[[fire_zone]]\nid = "z"\nconfirm_by = []', "fire_zone.0.confirm_by"),
        (
            '[[sounder]]\nid = "s"\nnode = "n"\ndevice = "x"\nchannel = 0',
            "sounder 's' needs a device on its own node, not 'x'",
        ),
        (
            '[[panic_button]]\nid = "p"\ndevice = "d"\ninput = 1\n'
            '[[panic_button]]\nid = "q"\ndevice = "d"\ninput = 1',
            "panic_button 'q' has the contact of panic_button 'p'",
        ),
        ('[[fire_input]]\nzone = "z"\ndevice = "d"', "names no fire_zone of this file: 'z'"),
        (
            '[[fire_zone]]\nid = "z"\n[[fire_input]]\nzone = "z"\ndevice = "x"',
            "fire_input names no device of this file: 'x'",
        ),
        ("[surprise]\nx = 1", "surprise: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(
    tmp_path: Path, addition: str, message: str
) -> None:
    with pytest.raises(SiteError) as raised:
        load(f"{SMALL}\n{addition}", tmp_path)

    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"= no toml", b"\xff\xfe"])
def test_a_file_that_is_no_toml_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(content)

    with pytest.raises(SiteError, match="is not TOML"):
        load_site(path)


def test_an_absent_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="cannot read the site file"):
        load_site(tmp_path / "absent.toml")


def test_a_node_sees_only_its_own_devices(tmp_path: Path) -> None:
    other = '[[node]]\nid = "m"\n[[bus]]\nid = "c"\nnode = "m"\nport = "p"'

    site = load(f"{SMALL}\n{other}", tmp_path).for_node("m")

    assert [bus.id for bus in site.bus] == ["c"]
    assert site.device == ()


def test_an_unknown_node_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no node 'x'; it has: n"):
        load(SMALL, tmp_path).for_node("x")


FIRE = """
[[access_point]]
id = "a"
node = "n"
device = "d"
[[access_point]]
id = "b"
node = "n"
device = "d"
direction = "out"
"""
ZONE = '[[fire_zone]]\nid = "z"\n'
INPUT = '[[fire_input]]\nzone = "z"\ndevice = "d"\n'


@pytest.mark.parametrize(
    ("addition", "warning"),
    [
        (ZONE + 'confirm_by = ["panel", "call_point"]\n' + INPUT, "one call point opens its gates"),
        (ZONE + 'confirm_by = ["one_device"]\n' + INPUT, "one detector alone opens its gates"),
        (
            ZONE + 'on_loss = "release"\n' + INPUT,
            "its gates open whenever a panel of it is not heard",
        ),
        (ZONE, "fire_zone 'z' has no fire_input"),
        (ZONE + 'releases = ["a"]\n' + INPUT, "no fire_zone releases access_point b"),
    ],
)
def test_what_a_fire_zone_may_not_have_meant_is_a_warning(
    tmp_path: Path, addition: str, warning: str
) -> None:
    (said,) = load(SMALL + FIRE + addition, tmp_path).fire_warnings

    assert warning in str(said)


def test_without_a_site_link_a_fire_reaches_the_gates_of_its_own_node_alone(tmp_path: Path) -> None:
    other = '[[node]]\nid = "m"\n[[bus]]\nid = "c"\nnode = "m"\nport = "p"\n[[device]]\nid = "e"\n'
    far = other + 'driver = "speed_gate"\nbus = "c"\n[[access_point]]\nid = "far"\nnode = "m"\n'

    site = load(SMALL + FIRE + far + 'device = "e"\n' + ZONE + INPUT, tmp_path)

    assert list(map(str, site.fire_warnings)) == [
        "fire_zone 'z': without a site link (node.link) no fire reaches far"
    ]


def test_a_zone_without_a_gate_and_an_output_releases_nothing(tmp_path: Path) -> None:
    bare = load(SMALL + ZONE + INPUT, tmp_path).fire_warnings
    output = ZONE + 'outputs = [{ device = "d", channel = 0 }]\n'

    assert bare == (FireWarning("releases_nothing", "z"),)
    assert load(SMALL + output + INPUT, tmp_path).fire_warnings == ()


def test_a_fire_zone_as_shipped_warns_of_nothing(tmp_path: Path) -> None:
    assert load(SMALL + FIRE + ZONE + INPUT, tmp_path).fire_warnings == ()
