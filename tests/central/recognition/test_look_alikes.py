"""Look-alikes whom a second person tells apart at enrolment, and a gate cannot by face alone."""

from pathlib import Path

from config.contract.nodes import ReplicaPage
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.central.recognition.galleries import CAMERA_SITE


def enrol_twins(bench: Bench) -> tuple[str, str, str]:
    """Enrol one picture for two people; returns both and the question about them."""
    ids = bench.person("王小明"), bench.person("王大明")
    replies = [enrol(bench.administrator, holder_id, photograph(1)) for holder_id in ids]
    return *ids, str(replies[1].json()["review_id"])


def test_confirmed_look_alikes_are_kept_apart_from_the_moment_they_are_enrolled(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    with running_central(home, pipeline_factory=SeenFaces, site=CAMERA_SITE) as bench:
        first, second, review_id = enrol_twins(bench)
        colleague, node = bench.operator("personnel"), bench.node()

        colleague.post(f"/api/v1/face-reviews/{review_id}/confirm")

        page = node.request("GET", "/api/v1/replica?after=0").content
        told = {h.holder_id: h for h in ReplicaPage.model_validate_json(page).holders}
        (pair,) = colleague.get("/api/v1/recognition/pairs").json()["items"]
    assert told[first].confusable_with == (second,)
    assert told[second].confusable_with == (first,)
    assert (pair["origin"], pair["verdict"]) == ("enrolment", "alike")
