"""The whole way with the built-in networks: photographs of people walk up to a simulated camera."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from config.site import Recognition
from edge.vision.attempt import FaceAttempt
from edge.vision.reader import Reader
from edge.vision.watcher import Watcher
from models.face import open_pipeline
from models.face.demand import operating_point_for
from models.face.types import Pipeline
from models.store import Store
from tests.edge.vision.conftest import ADMIRAL, ASTRONAUT, SimulatedCamera, holds, wait_until


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The built-in networks, converted once."""
    store = Store(tmp_path_factory.mktemp("models"))
    list(store.build())
    return store


@pytest.fixture
def pipeline(store: Store) -> Pipeline:
    return open_pipeline("builtin", store)


MIXED_PEOPLE = Recognition(same_group_factor=1)


class Gate:
    """A gate that knows the astronaut, and what its watcher reports."""

    def __init__(self, camera: SimulatedCamera, pipeline: Pipeline) -> None:
        self.camera, self._pipeline = camera, pipeline
        self._gallery = pipeline.new_gallery()
        self.attempts: list[FaceAttempt] = []
        self.enrol("astronaut", ASTRONAUT)
        self.watcher = Watcher(
            camera="camera-east",
            access_point="east",
            reader=Reader("camera-east", camera.url),
            pipeline=pipeline,
            gallery=self._gallery,
            recognition=MIXED_PEOPLE,
            demand=partial(operating_point_for, MIXED_PEOPLE),
            on_attempt=self.attempts.append,
            on_health=lambda health: None,
        )

    def enrol(self, name: str, photograph: Path) -> None:
        """Enrol somebody by the original photograph."""
        image = np.asarray(cv2.imread(str(photograph)), np.uint8)
        [face] = self._pipeline.detect(image)[:1]
        self._gallery.put(name, [self._pipeline.embed(image, face)])

    @property
    def seen(self) -> list[str]:
        """Whom the gate knew, attempt by attempt."""
        return [
            a.candidates[0].key if a.candidates[0].similarity >= a.threshold else "stranger"
            for a in self.attempts
        ]

    def wait_for(self, *people: str) -> None:
        """Wait until exactly these people were seen."""
        wait_until(lambda: len(self.attempts) >= len(people), what=f"{people}")
        assert self.seen == list(people)

    def clear_view(self) -> None:
        """Wait until the corridor is empty."""
        assert self.camera.simulator is not None
        simulator = self.camera.simulator
        wait_until(lambda: not simulator.state()["people"])


@pytest.fixture
def gate(camera: SimulatedCamera, pipeline: Pipeline) -> Iterator[Gate]:
    gate = Gate(camera, pipeline)
    gate.watcher.start()
    wait_until(lambda: gate.watcher.health().is_current)
    yield gate
    gate.watcher.stop()


def test_the_enrolled_pass_and_strangers_do_not_until_they_are_enrolled(gate: Gate) -> None:
    gate.camera.act("approach", photo="astronaut")
    gate.wait_for("astronaut")
    gate.camera.act("walk_on")
    gate.clear_view()

    gate.camera.act("approach", photo="admiral")
    gate.wait_for("astronaut", "stranger")
    assert holds(lambda: len(gate.attempts) == 2, for_s=1.5)
    gate.camera.act("leave")
    gate.clear_view()
    assert holds(lambda: len(gate.attempts) == 2, for_s=0.6)

    gate.enrol("admiral", ADMIRAL)
    gate.camera.act("approach", photo="admiral")
    gate.wait_for("astronaut", "stranger", "admiral")


def test_the_second_person_behind_is_not_taken_for_the_first(gate: Gate) -> None:
    gate.camera.act("approach", photo="astronaut")
    gate.camera.act("second_person_behind", photo="admiral")
    gate.wait_for("astronaut")
    wait_until(lambda: gate.camera.is_doing("admiral", "waiting"))
    assert holds(lambda: len(gate.attempts) == 1, for_s=1.0)

    gate.camera.act("walk_on")

    gate.wait_for("astronaut", "stranger")
    assert holds(lambda: len(gate.attempts) == 2, for_s=1.0)


def test_the_same_person_passes_again_at_once(gate: Gate) -> None:
    for visit in range(1, 4):
        gate.camera.act("approach", photo="astronaut")
        gate.wait_for(*["astronaut"] * visit)
        gate.camera.act("walk_on")
        gate.watcher.person_has_passed()
        gate.clear_view()
        assert holds(lambda: True, for_s=0.4)


def test_what_a_decision_was_made_on_is_told(gate: Gate, pipeline: Pipeline) -> None:
    gate.camera.act("approach", photo="astronaut")
    gate.wait_for("astronaut")

    [attempt] = gate.attempts

    assert attempt.network == pipeline.network
    assert attempt.gallery_size == 1
    assert attempt.first_captured_at_s <= attempt.captured_at_s < attempt.decided_at_s
    assert attempt.crop_jpeg is not None
    crop = np.asarray(cv2.imdecode(np.frombuffer(attempt.crop_jpeg, np.uint8), 1), np.uint8)
    assert len(pipeline.detect(crop)) == 1
