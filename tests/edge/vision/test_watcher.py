import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from config.site import Recognition
from edge.vision.attempt import CameraHealth, FaceAttempt
from edge.vision.reader import Reader
from edge.vision.recogniser import IDLE_SEARCH_INTERVAL_S
from edge.vision.watcher import Watcher
from models.face.types import Image
from tests.edge.vision.conftest import SimulatedCamera, holds, wait_until
from tests.edge.vision.people import (
    GREEN,
    RED,
    ColourGallery,
    ColourPipeline,
    Square,
    demand,
    good,
    picture,
)


class Stage:
    """A live source that shows, 30 times a second, who stands there, with a flicker of light."""

    is_live = True

    def __init__(self) -> None:
        self.people: tuple[Square, ...] = ()
        self.is_silent = False
        self._count = 0

    def open(self, url: str) -> "Stage":
        return self

    def read(self) -> tuple[Image, float]:
        time.sleep(1 / 30)
        while self.is_silent:
            time.sleep(1 / 30)
        self._count += 1
        image = picture(*self.people)
        image[0, 0] = self._count % 256
        return image, time.monotonic()

    def close(self) -> None:
        pass


class Lane:
    """A watcher before a stage, and what it reports."""

    def __init__(self, reader: Reader) -> None:
        self.attempts: list[FaceAttempt] = []
        self.healths: list[CameraHealth] = []
        self.threads: set[str] = set()
        self.pipeline = ColourPipeline()
        self.watcher = Watcher(
            camera="camera-east",
            access_point="east",
            reader=reader,
            pipeline=self.pipeline,
            gallery=ColourGallery(ada=RED, ben=GREEN),
            recognition=Recognition(),
            demand=demand,
            assess=good,
            on_attempt=self.take,
            on_health=self.healths.append,
        )

    def take(self, attempt: FaceAttempt) -> None:
        self.threads.add(threading.current_thread().name)
        self.attempts.append(attempt)

    def wait_for_attempts(self, count: int) -> None:
        wait_until(lambda: len(self.attempts) == count)

    @property
    def names(self) -> list[str]:
        return [attempt.candidates[0].key for attempt in self.attempts]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def lane(stage: Stage) -> Iterator[Lane]:
    lane = Lane(Reader("camera-east", "any", opener=stage.open))
    lane.watcher.start()
    yield lane
    stage.is_silent = False
    lane.watcher.stop()


def test_a_person_who_walks_up_is_one_attempt_in_the_watchers_thread(
    stage: Stage, lane: Lane
) -> None:
    stage.people = (Square(RED),)

    wait_until(lambda: len(lane.attempts) > 0)

    assert holds(lambda: len(lane.attempts) == 1, for_s=1.0)
    assert lane.names == ["ada"]
    assert lane.threads == {"vision east"}


def test_a_decision_is_about_a_picture_that_came_since_the_person_did(
    stage: Stage, lane: Lane
) -> None:
    wait_until(lambda: lane.watcher.health().is_current)
    began_s = time.monotonic()
    stage.people = (Square(RED),)

    wait_until(lambda: len(lane.attempts) > 0)

    [attempt] = lane.attempts
    assert began_s <= attempt.captured_at_s <= attempt.decided_at_s <= time.monotonic()


def test_people_one_after_the_other_are_an_attempt_each(stage: Stage, lane: Lane) -> None:
    for count, person in enumerate((Square(RED), Square(GREEN), Square(RED)), start=1):
        stage.people = (person,)
        lane.wait_for_attempts(count)

    assert lane.names == ["ada", "ben", "ada"]


def test_the_same_person_is_an_attempt_again_after_passing(stage: Stage, lane: Lane) -> None:
    stage.people = (Square(RED),)
    wait_until(lambda: len(lane.attempts) == 1)

    lane.watcher.person_has_passed()
    stage.people = ()
    wait_until(lambda: lane.watcher.view().boxes == ())
    assert holds(lambda: lane.watcher.view().boxes == (), for_s=0.25)
    stage.people = (Square(RED),)

    wait_until(lambda: len(lane.attempts) == 2)


def test_whoever_stands_there_is_an_attempt_again_when_a_till_asks(
    stage: Stage, lane: Lane
) -> None:
    stage.people = (Square(RED),)
    wait_until(lambda: len(lane.attempts) == 1)
    wait_until(lambda: len(lane.watcher.boxes()) == 1)

    lane.watcher.look_again()

    wait_until(lambda: lane.names == ["ada", "ada"])


def test_health_is_reported_when_it_changes_and_only_then(stage: Stage, lane: Lane) -> None:
    wait_until(lambda: len(lane.healths) == 1)

    stage.is_silent = True
    wait_until(lambda: len(lane.healths) == 2)
    stage.is_silent = False
    wait_until(lambda: len(lane.healths) == 3)

    assert [health.is_current for health in lane.healths] == [True, False, True]


def test_an_absent_camera_is_reported_once_with_its_reason() -> None:
    lane = Lane(Reader("camera-east", "http://127.0.0.1:1/stream", first_picture_s=0.2))
    lane.watcher.start()

    wait_until(lambda: len(lane.healths) > 0)
    is_once = holds(lambda: len(lane.healths) == 1, for_s=1.0)
    lane.watcher.stop()

    assert is_once
    assert lane.healths[0].detail == "no camera answers at 127.0.0.1:1"


def test_a_network_that_fails_is_a_fault_and_the_lane_recovers(stage: Stage, lane: Lane) -> None:
    wait_until(lambda: lane.watcher.health().is_current)

    lane.pipeline.failure = RuntimeError("the network's own")
    stage.people = (Square(RED),)
    wait_until(lambda: lane.watcher.health().detail == "recognition failed")
    lane.pipeline.failure = None

    wait_until(lambda: lane.names == ["ada"])
    assert lane.watcher.health().is_current


def test_the_live_picture_has_the_face_and_its_age(stage: Stage, lane: Lane) -> None:
    stage.people = (Square(RED),)
    wait_until(lambda: any(box.is_decided for box in lane.watcher.view().boxes))

    earliest_s = time.monotonic()
    view = lane.watcher.view()
    latest_s = time.monotonic()

    assert view.jpeg is not None
    assert view.captured_at_s is not None
    shown = cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (480, 640, 3)
    assert view.boxes[0].is_active
    assert earliest_s - view.captured_at_s <= view.age_s <= latest_s - view.captured_at_s


def test_the_live_picture_is_encoded_at_most_ten_times_a_second(stage: Stage, lane: Lane) -> None:
    wait_until(lambda: lane.watcher.view().jpeg is not None)

    began_s = time.monotonic()
    captures = {lane.watcher.view().captured_at_s for _ in range(200)}
    elapsed_s = time.monotonic() - began_s

    assert len(captures) <= 2 + elapsed_s / 0.1


def test_before_the_first_picture_the_view_is_empty_and_infinitely_old() -> None:
    lane = Lane(Reader("camera-east", "http://127.0.0.1:1/stream"))

    view = lane.watcher.view()

    assert (view.jpeg, view.captured_at_s, view.boxes) == (None, None, ())
    assert view.age_s == float("inf")


def test_an_old_picture_says_how_old_it_is(stage: Stage, lane: Lane) -> None:
    wait_until(lambda: lane.watcher.view().jpeg is not None)

    stage.is_silent = True

    wait_until(lambda: lane.watcher.view().age_s > 0.8)


def test_an_empty_corridor_costs_few_searches(camera: SimulatedCamera) -> None:
    lane = Lane(Reader("camera-east", camera.url))
    lane.watcher.start()
    elapsed_s = wait_until(lambda: lane.watcher.counts.get("skipped", 0) >= 20)
    counts = lane.watcher.counts
    lane.watcher.stop()

    assert counts["searched"] <= 5 + elapsed_s / IDLE_SEARCH_INTERVAL_S
    assert counts["damaged"] == 0


def test_stopping_does_not_wait_for_the_camera(stage: Stage, lane: Lane) -> None:
    stage.is_silent = True

    lane.watcher.stop()

    assert stage.is_silent
