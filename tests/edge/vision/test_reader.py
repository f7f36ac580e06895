import threading
import time

import pytest

from edge.vision.attempt import CameraHealth
from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.reader import FIRST_PICTURE_S, Freshness, Reader
from models.face.types import Image
from tests.edge.vision.conftest import SimulatedCamera, wait_until
from tests.edge.vision.people import picture


class Arrivals:
    """A camera's judge and its clock."""

    def __init__(self) -> None:
        self.freshness, self.now_s, self._count = Freshness(now_s=0.0), 0.0, 0

    def send(self, *, seconds: float, is_same: bool = False, is_live: bool = True) -> None:
        """Let pictures arrive for a while, ten a second."""
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self._count += 0 if is_same else 1
            self.freshness.arrived(now_s=self.now_s, fingerprint=self._count, is_live=is_live)

    def health(self, *, after_s: float = 0.0) -> CameraHealth:
        """Return the health after a time without pictures."""
        return self.freshness.health(now_s=self.now_s + after_s)


def test_a_camera_is_not_current_before_its_first_picture() -> None:
    assert Arrivals().health() == CameraHealth(
        is_current=False, detail="starting", since_s=0.0, is_awaited=True
    )


def test_a_camera_whose_pictures_change_is_current() -> None:
    arrivals = Arrivals()

    arrivals.send(seconds=1)

    health = arrivals.health()
    assert (health.is_current, health.detail) == (True, "")
    assert health.since_s == pytest.approx(1.0)


def test_a_camera_that_falls_silent_is_a_fault_within_three_seconds() -> None:
    arrivals = Arrivals()
    arrivals.send(seconds=5)
    assert arrivals.health(after_s=1.0).is_current

    health = arrivals.health(after_s=3.0)

    assert (health.is_current, health.detail) == (False, "the camera sends no pictures")


def test_the_same_picture_again_and_again_is_a_fault_within_three_seconds() -> None:
    arrivals = Arrivals()
    arrivals.send(seconds=2)
    arrivals.send(seconds=1, is_same=True)
    assert arrivals.health().is_current

    arrivals.send(seconds=2, is_same=True)

    assert arrivals.health().detail == "the camera's picture is frozen"


def test_a_file_may_show_one_picture_for_ever() -> None:
    arrivals = Arrivals()

    arrivals.send(seconds=9, is_same=True, is_live=False)

    assert arrivals.health().is_current


def test_a_camera_that_shows_nothing_has_its_time_and_is_a_fault_after_it() -> None:
    arrivals = Arrivals()
    arrivals.freshness.complain("no camera answers")

    healths = [arrivals.health(after_s=at_s) for at_s in (0.1, FIRST_PICTURE_S - 0.1)]
    late = arrivals.health(after_s=FIRST_PICTURE_S)

    assert [(each.is_awaited, each.detail) for each in healths] == [(True, "no camera answers")] * 2
    assert (late.is_awaited, late.is_current, late.detail) == (False, False, "no camera answers")


def test_a_camera_that_has_shown_a_picture_is_awaited_no_more() -> None:
    arrivals = Arrivals()
    arrivals.send(seconds=1)

    lost = arrivals.health(after_s=3.0)

    assert (lost.is_current, lost.is_awaited) == (False, False)


def test_a_camera_that_is_back_at_once_was_not_lost() -> None:
    arrivals = Arrivals()
    arrivals.send(seconds=1)
    arrivals.freshness.complain("the stream broke off")

    healths = [arrivals.health(after_s=0.5).is_current]
    arrivals.send(seconds=1)
    healths.append(arrivals.health().is_current)

    assert healths == [True, True]


def test_a_fault_keeps_the_time_of_its_beginning_when_its_reason_changes() -> None:
    arrivals = Arrivals()
    arrivals.send(seconds=1)
    since_s = arrivals.health(after_s=2.5).since_s
    arrivals.freshness.complain("no camera answers")

    assert arrivals.health(after_s=9.0) == CameraHealth(
        is_current=False, detail="no camera answers", since_s=since_s
    )


class ScriptedSource:
    """Gives pictures as the test says; everything else is waiting."""

    is_live = True

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._script: list[Image | Exception] = []
        self.open_count, self.is_hung = 0, threading.Event()

    def open(self, url: str) -> "ScriptedSource":
        self.open_count += 1
        return self

    def give(self, *what: Image | Exception) -> None:
        with self._turn:
            self._script += what
            self._turn.notify_all()

    def read(self) -> tuple[Image, float]:
        with self._turn:
            self.is_hung.set()
            self._turn.wait_for(lambda: bool(self._script))
            self.is_hung.clear()
            what = self._script.pop(0)
        if isinstance(what, Exception):
            raise what
        return what, time.monotonic()

    def close(self) -> None:
        pass


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture
def reader(source: ScriptedSource) -> Reader:
    reader = Reader("test", "any", opener=source.open)
    reader.start()
    return reader


def test_only_the_newest_picture_is_kept(source: ScriptedSource, reader: Reader) -> None:
    source.give(*(picture(shade=shade) for shade in (10, 20, 30)))
    wait_until(source.is_hung.is_set)

    frame = reader.newest(timeout_s=60)
    while frame is not None and frame.sequence < 3:
        frame = reader.newest(after=frame.sequence, timeout_s=60)

    assert frame is not None
    assert frame.image[0, 0, 0] == 30
    assert reader.newest(after=3) is None
    reader.stop()


def test_a_picture_that_repeats_is_not_new(source: ScriptedSource, reader: Reader) -> None:
    source.give(picture(), picture(), picture())
    source.give(picture(shade=90))

    wait_until(lambda: (f := reader.newest()) is not None and f.image[0, 0, 0] == 90)

    frame = reader.newest()
    assert frame is not None
    assert frame.sequence == 2
    reader.stop()


def test_a_damaged_picture_is_counted_and_the_stream_lives_on(
    source: ScriptedSource, reader: Reader
) -> None:
    source.give(picture(shade=1), DamagedPictureError("cut"), picture(shade=2))

    wait_until(lambda: reader.newest(after=1) is not None)

    assert (reader.damaged_count, source.open_count) == (1, 1)
    assert reader.health().is_current
    reader.stop()


@pytest.mark.parametrize("failure", [CameraError("gone"), RuntimeError("the decoder's own")])
def test_a_camera_that_fails_is_opened_again(
    source: ScriptedSource, reader: Reader, failure: Exception
) -> None:
    source.give(picture(shade=1), failure, picture(shade=2))

    wait_until(lambda: reader.newest(after=1) is not None)

    assert source.open_count == 2
    reader.stop()


def test_a_reader_that_hangs_in_the_decoder_does_not_hold_up_the_end(
    source: ScriptedSource, reader: Reader
) -> None:
    wait_until(source.is_hung.is_set)

    reader.stop()

    assert source.is_hung.is_set()


def test_an_absent_camera_is_named_and_retried() -> None:
    reader = Reader("test", "rtsp://127.0.0.1:1/x")
    reader.start()

    wait_until(lambda: "no camera answers" in reader.health().detail)

    assert not reader.health().is_current
    reader.stop()


def test_a_silent_network_camera_is_a_fault_until_it_goes_on(camera: SimulatedCamera) -> None:
    reader = Reader("test", camera.url)
    reader.start()
    wait_until(lambda: reader.health().is_current)

    camera.act("freeze", on=True)
    wait_until(lambda: reader.health().detail == "the camera sends no pictures")
    is_current = reader.health().is_current
    camera.act("freeze", on=False)
    wait_until(lambda: reader.health().is_current)
    reader.stop()

    assert not is_current


def test_a_repeating_network_camera_is_a_fault(camera: SimulatedCamera) -> None:
    reader = Reader("test", camera.url)
    reader.start()
    wait_until(lambda: reader.health().is_current)

    camera.act("freeze", on=True, how="repeat")
    wait_until(lambda: reader.health().detail == "the camera's picture is frozen")
    is_current = reader.health().is_current
    reader.stop()

    assert not is_current


def test_a_network_camera_that_cuts_pictures_stays_current(camera: SimulatedCamera) -> None:
    reader = Reader("test", camera.url)
    reader.start()

    camera.act("truncate", on=True, every=2)
    wait_until(lambda: reader.damaged_count >= 3)
    frame = reader.newest()
    assert frame is not None
    wait_until(lambda: reader.newest(after=frame.sequence) is not None)
    wait_until(lambda: reader.health().is_current)
    reader.stop()


def test_a_network_camera_that_was_switched_off_is_lost_and_comes_back(
    camera: SimulatedCamera,
) -> None:
    reader = Reader("test", camera.url)
    reader.start()
    wait_until(lambda: reader.health().is_current)

    port = camera.plug_out()
    wait_until(lambda: f"no camera answers at 127.0.0.1:{port}" in reader.health().detail)
    is_current = reader.health().is_current
    camera.plug_in(port)
    wait_until(lambda: reader.health().is_current)
    reader.stop()

    assert not is_current
