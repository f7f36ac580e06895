"""Kept enrolment pictures in the self-test: embedded anew, each person's against each other."""

from pathlib import Path

from central.recognition.kept import kept_pictures
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import KEEPING, enrol
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.central.recognition.galleries import on_loop

ANNA = photograph(1), photograph(1, marker=1), photograph(1, marker=2)


def embedded(bench: Bench, network: str, *holder_ids: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what the self-test is given."""
    pictures_of = kept_pictures(bench.app.state.services)
    found = on_loop(bench, pictures_of(network, holder_ids))
    return {holder_id: rows.shape for holder_id, rows in found.items()}


def test_everybody_asked_for_who_has_pictures_is_embedded(tmp_path: Path) -> None:
    with running_central(tmp_path, pipeline_factory=SeenFaces, site=KEEPING) as bench:
        anna, bert, carl = (bench.person() for _ in range(3))
        enrol(bench.administrator, anna, *ANNA)
        enrol(bench.administrator, bert, photograph(2))

        assert embedded(bench, SeenFaces.network, anna, carl) == {anna: (3, 400)}


def test_pictures_are_not_embedded_by_a_network_that_is_not_in_force(tmp_path: Path) -> None:
    with running_central(tmp_path, pipeline_factory=SeenFaces, site=KEEPING) as bench:
        anna = bench.person()
        enrol(bench.administrator, anna, *ANNA)

        assert embedded(bench, "6" * 64, anna) == {}
