import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.source import Source, open_source, without_password
from tests.edge.vision.people import RED, Square, picture


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "three.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (320, 240))
    for shade in (40, 120, 200):
        writer.write(np.full((240, 320, 3), shade, np.uint8))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text("no picture")
    cv2.imwrite(str(tmp_path / "a.png"), picture(Square(RED)))
    cv2.imwrite(str(tmp_path / "b.jpg"), picture())
    return tmp_path


def shades(source: Source, count: int) -> list[int]:
    return [round(float(source.read()[0].mean()) / 40) * 40 for _ in range(count)]


def test_a_video_file_is_shown_at_its_own_pace_and_begins_again(video: Path) -> None:
    source = open_source(str(video))

    began_s = time.monotonic()
    seen = shades(source, 7)
    elapsed_s = time.monotonic() - began_s
    source.close()

    assert seen == [40, 120, 200, 40, 120, 200, 40]
    assert elapsed_s >= 6 / 20
    assert not source.is_live


def test_a_video_that_is_not_to_begin_again_ends(video: Path) -> None:
    source = open_source(str(video), is_looped=False)
    shades(source, 3)

    with pytest.raises(CameraError, match="the video has ended"):
        source.read()
    source.close()


def test_a_folder_shows_its_pictures_by_name(folder: Path) -> None:
    source = open_source(str(folder))

    first = source.read()[0]
    second = [source.read()[0] for _ in range(10)][-1]
    source.close()

    assert first[240, 320].tolist() == list(RED)
    assert second[240, 320].tolist() != list(RED)


def test_one_picture_is_a_camera_that_stands_still(folder: Path) -> None:
    source = open_source(str(folder / "a.png"))

    assert source.read()[0].shape == (480, 640, 3)
    source.close()


def test_a_file_that_is_no_picture_is_one_damaged_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture at all")
    source = open_source(str(tmp_path))

    with pytest.raises(DamagedPictureError, match=r"a\.jpg is no picture"):
        source.read()
    source.close()


def test_an_empty_folder_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no pictures"):
        open_source(str(tmp_path))


def test_a_file_that_is_no_video_is_no_camera(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film at all")

    with pytest.raises(CameraError, match="no video that can be read"):
        open_source(str(path))


@pytest.mark.parametrize("device", ["97", "/dev/video97"])
def test_a_usb_camera_that_is_not_there_is_said_with_its_device(device: str) -> None:
    with pytest.raises(CameraError, match="there is no camera /dev/video97"):
        open_source(device)


def test_a_device_that_is_no_camera_is_said() -> None:
    with pytest.raises(CameraError, match=r"/dev/null is busy .* or is no camera"):
        open_source("/dev/null")


@pytest.mark.parametrize(
    "url", ["ftp://cam/video", "nowhere", "http://[::1", "http://cam:99999/", "http://cam:0/", ""]
)
def test_an_address_that_is_no_camera_is_one_line(url: str) -> None:
    with pytest.raises(CameraError) as caught:
        open_source(url)

    assert "\n" not in str(caught.value)


def test_an_rtsp_camera_that_does_not_answer_is_said_at_once() -> None:
    with pytest.raises(CameraError, match=r"no camera answers at 127\.0\.0\.1:1") as caught:
        open_source("rtsp://ada:secret@127.0.0.1:1/stream")

    assert "secret" not in str(caught.value)


def test_addresses_are_shown_without_user_name_and_password() -> None:
    assert without_password("rtsp://ada:secret@cam:554/x?y=1") == "rtsp://cam:554/x?y=1"
    assert without_password("/dev/video0") == "/dev/video0"
