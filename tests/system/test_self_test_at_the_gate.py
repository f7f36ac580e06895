"""The gallery self-test from central to the gate: other thresholds, and twins who need a card."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from config.contract.access import DenialReason, Direction
from config.contract.nodes import ReplicaPage
from edge.access.decision import CardShown, Denied, FaceShown, Granted, Point, decide
from edge.recognition import Demands, SomePeople
from edge.replica import Replica
from models.face.gallery import ExactGallery
from models.face.types import Embedding
from tests.central.bench import Bench, running_central
from tests.central.recognition.galleries import (
    CAMERA_SITE,
    DIMENSION,
    NETWORK,
    enrol,
    faces,
    near,
    self_test,
)

CARD = "0006547886"
DOUBTFUL = Denied(DenialReason.DOUBTFUL_FACE)


class Gate:
    """What a terminal knows and decides by, fed by the real central."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench, self.folder, self.node = bench, folder, bench.node()
        self.gallery = ExactGallery(dimension=DIMENSION, measure="euclidean")
        self.people = SomePeople(self.gallery)
        self.start()

    def start(self) -> None:
        """Open the replica as the terminal does when it starts."""
        replica = self.replica = Replica(
            self.folder / "replica.sqlite3",
            sealing_key=self.node.sealing_key,
            card_key=self.bench.app.state.services.card_key,
            network=NETWORK,
            templates=self.gallery,
        )
        replica.load()
        replica.when_changed(lambda: self.people.choose(replica.people_at("lane")[0]))
        self.demands = Demands.following(CAMERA_SITE.recognition, replica, NETWORK)

    def catch_up(self) -> None:
        target = f"/api/v1/replica?after={self.replica.version}&pairs=true"
        reply = self.node.request("GET", target)
        self.replica.apply(ReplicaPage.model_validate_json(reply.content))

    def show(self, face: Embedding) -> Granted | Denied:
        demand = self.demands(len(self.people))
        shown = FaceShown(
            self.people.search(face), demand.accept, demand.step_up, margin_min=demand.margin
        )
        return self.decide(shown)

    def card(self, number: str) -> Granted | Denied:
        return self.decide(CardShown(self.replica.holder_of_card(number)))

    def decide(self, attempt: FaceShown | CardShown) -> Granted | Denied:
        asked = attempt.asked_about
        person = None if asked is None else self.replica.person(asked)
        point = Point("lane", Direction.IN)
        return decide(attempt, person, point=point, now=self.bench.clock())


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with running_central(tmp_path / "home", site=CAMERA_SITE) as bench:
        yield Gate(bench, tmp_path)


def accept_at_central(bench: Bench) -> float:
    points = bench.administrator.get("/api/v1/recognition").json()["points"]
    return float(points[0]["demand"]["accept"])


def test_central_and_gate_demand_the_same_before_and_after(gate: Gate) -> None:
    enrol(gate.bench, faces(80, spread=0.4))
    gate.catch_up()
    before = (accept_at_central(gate.bench), gate.demands(len(gate.people)).accept)

    self_test(gate.bench)
    gate.catch_up()

    after = (accept_at_central(gate.bench), gate.demands(len(gate.people)).accept)
    assert before[0] == before[1]
    assert after[0] == after[1]
    assert after[0] > before[0] + 0.05


def test_a_terminal_that_starts_without_central_keeps_the_new_thresholds(gate: Gate) -> None:
    enrol(gate.bench, faces(80, spread=0.4))
    self_test(gate.bench)
    gate.catch_up()
    before = gate.demands(80)
    gate.replica.close()

    gate.start()

    assert gate.demands(80) == before
    assert before.basis == "site"


def test_twins_pass_by_card_and_everybody_else_by_face(gate: Gate) -> None:
    crowd = faces(40)
    twin = near(crowd[0], distance=0.2)
    ids = enrol(gate.bench, [*crowd, twin])
    cards = f"/api/v1/people/{ids[0]}/cards"
    gate.bench.administrator.post(cards, json={"number": CARD})
    gate.catch_up()
    before = gate.show(crowd[0])

    self_test(gate.bench)
    gate.catch_up()

    assert before == Granted(ids[0])
    assert [gate.show(face) for face in (crowd[0], twin)] == [DOUBTFUL, DOUBTFUL]
    assert gate.card(CARD) == Granted(ids[0])
    assert gate.show(crowd[7]) == Granted(ids[7])


def test_two_people_whom_an_operator_tells_apart_pass_by_face_again(gate: Gate) -> None:
    crowd = faces(40)
    ids = enrol(gate.bench, [*crowd, near(crowd[0], distance=0.2)])
    self_test(gate.bench)
    gate.catch_up()
    doubtful = gate.show(crowd[0])

    path = f"/api/v1/recognition/pairs/{ids[0]}/{ids[-1]}"
    gate.bench.administrator.put(path, json={"verdict": "not_confusable"})
    gate.catch_up()

    assert doubtful == DOUBTFUL
    assert gate.show(crowd[0]) == Granted(ids[0])


def test_a_face_that_is_nobody_s_is_still_refused(gate: Gate) -> None:
    enrol(gate.bench, faces(40))
    self_test(gate.bench)
    gate.catch_up()

    stranger = np.full(DIMENSION, 0.2, np.float32)

    assert gate.show(stranger) == Denied(DenialReason.UNKNOWN_FACE)
