from pathlib import Path

import pytest

from config.cameras import covering, subjects_of
from config.site import Site, SiteError, load_site
from tests.config.test_site import SMALL

CAMERA = """
[[camera]]
id = "c"
node = "n"
url = "rtsp://192.0.2.1/1"
"""
LANE = """
[[access_point]]
id = "east"
node = "n"
device = "d"
camera = "c"
"""


def site_of(folder: Path, text: str) -> Site:
    path = folder / "site.toml"
    path.write_text(SMALL + text, encoding="utf-8")
    return load_site(path)


def test_a_camera_sees_the_points_that_name_it_and_what_it_lists(tmp_path: Path) -> None:
    site = site_of(tmp_path, CAMERA + 'covers = ["lobby"]\n' + LANE)

    assert subjects_of(site.camera[0], site.access_point) == {"east", "d", "lobby"}


def test_cameras_are_found_by_what_an_event_is_about(tmp_path: Path) -> None:
    site = site_of(tmp_path, CAMERA + LANE)

    seen = [covering(site.camera, site.access_point, {s}) for s in ("east", "d", "c", "west")]
    assert [len(cameras) for cameras in seen] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("masks = [{ left = 0.5, top = 0, right = 0.5, bottom = 1 }]", "from left to right"),
        ("masks = [{ left = 0, top = 0, right = 1.5, bottom = 1 }]", "less than or equal to 1"),
        ('clips = "copy"\nmasks = [{ left = 0, top = 0, right = 1, bottom = 1 }]', "burnt"),
        ("presets = { lobby = 3 }", "no ptz device"),
        ('ptz = "dome"', "needs a ptz device on its own node, not 'dome'"),
        ('recorder = { url = "rtsp://192.0.2.9" }', "recorder"),
    ],
)
def test_a_camera_that_cannot_be_so_is_refused(tmp_path: Path, addition: str, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        site_of(tmp_path, CAMERA + addition)
