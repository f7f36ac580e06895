"""Enrolment by photograph: reasons per picture, look-alikes, and templates for one node alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from config.contract.trust import TrustError, decrypt_template, unseal
from models.face.picture import decode_picture
from models.store import MissingFilesError
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import enrol, templates_of
from tests.central.people.seen_faces import CROWD, NOBODY, SeenFaces, photograph

ANNA, BERT, ANNA_AGAIN = photograph(1), photograph(2), photograph(1, marker=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as running:
        yield running


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    with running_central(
        tmp_path / "home", database=database_url, pipeline_factory=SeenFaces
    ) as running:
        yield running


def test_a_good_photograph_enrols(bench: Bench) -> None:
    holder_id = bench.person()

    reply = enrol(bench.administrator, holder_id, ANNA)

    assert (reply.status_code, reply.json()["status"]) == (201, "enrolled")
    assert reply.json()["pictures"][0]["accepted"] is True
    assert bench.administrator.get(f"/api/v1/people/{holder_id}").json()["has_face"] is True


def test_a_template_is_for_its_node_and_holder_alone(bench: Bench) -> None:
    holder_id, node, other = bench.person(), bench.node("gate-1"), bench.node("gate-2")
    enrol(bench.administrator, holder_id, ANNA)

    (record,) = templates_of(node)[holder_id]
    key = unseal(node.sealing_key, record.sealed_key)
    raw = decrypt_template(
        key, record.ciphertext, holder_id=holder_id, key_version=record.key_version
    )

    assert np.frombuffer(raw, dtype="<f4").shape == (SeenFaces.dimension,)
    with pytest.raises(TrustError):
        unseal(other.sealing_key, record.sealed_key)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"not a picture", "not_a_picture"),
        (photograph(1, marker=NOBODY), "no_face"),
        (photograph(1, marker=CROWD), "several_faces"),
        (photograph(1, blurred=True), "flat"),
    ],
)
def test_a_bad_photograph_says_why(bench: Bench, picture: bytes, reason: str) -> None:
    reply = enrol(bench.administrator, bench.person(), picture)

    assert (reply.status_code, reply.json()["code"]) == (422, "no_usable_picture")
    assert [verdict["reason"] for verdict in reply.json()["pictures"]] == [reason]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_photograph_of_somebody_else_is_left_out_wherever_it_lies(
    bench: Bench, place: int
) -> None:
    pictures = [ANNA, ANNA_AGAIN]
    pictures.insert(place, BERT)

    reply = enrol(bench.administrator, bench.person(), *pictures)

    reasons = [p["reason"] for p in reply.json()["pictures"]]
    assert (reply.status_code, reply.json()["picture_count"]) == (201, 2)
    assert reasons.pop(place) == "another_person"
    assert reasons == [None, None]


def test_of_two_photographs_that_disagree_nobody_knows_which_is_right(bench: Bench) -> None:
    reply = enrol(bench.administrator, bench.person(), ANNA, BERT)

    assert (reply.status_code, reply.json()["code"]) == (422, "no_usable_picture")
    assert [p["reason"] for p in reply.json()["pictures"]] == ["disagree", "disagree"]


def test_the_same_photograph_counts_once(bench: Bench) -> None:
    reply = enrol(bench.administrator, bench.person(), ANNA, ANNA)

    assert reply.json()["picture_count"] == 1
    assert [p["reason"] for p in reply.json()["pictures"]] == [None, "same_picture"]


def test_a_template_says_of_how_many_photographs_it_is(any_bench: Bench) -> None:
    holder_id = any_bench.person()

    enrol(any_bench.administrator, holder_id, ANNA, ANNA_AGAIN, photograph(1, marker=NOBODY))

    (record,) = templates_of(any_bench.node())[holder_id]
    shown = any_bench.administrator.get(f"/api/v1/people/{holder_id}").json()
    assert (record.picture_count, shown["picture_count"]) == (2, 2)


def test_a_confirmed_look_alike_keeps_its_number_of_photographs(bench: Bench) -> None:
    enrol(bench.administrator, bench.person(), ANNA)
    second = bench.person()
    asked = enrol(bench.administrator, second, ANNA, ANNA_AGAIN)

    bench.operator("personnel").post(f"/api/v1/face-reviews/{asked.json()['review_id']}/confirm")

    (record,) = templates_of(bench.node())[second]
    assert record.picture_count == 2


def test_a_look_alike_waits_for_a_second_person(bench: Bench) -> None:
    first, second = bench.person("王小明"), bench.person("王大明")
    enrol(bench.administrator, first, ANNA)

    asked = enrol(bench.administrator, second, ANNA)
    path = f"/api/v1/face-reviews/{asked.json()['review_id']}/confirm"
    alone = bench.administrator.post(path)
    colleague = bench.operator("personnel")
    (review,) = colleague.get("/api/v1/face-reviews").json()["items"]
    confirmed = colleague.post(path)

    assert (asked.status_code, asked.json()["resembles"]["name"]) == (202, "王小明")
    assert (alone.status_code, alone.json()["code"]) == (403, "second_person_needed")
    assert (review["holder_id"], review["requested_by"]) == (second, "admin")
    assert confirmed.status_code == 204
    assert len(templates_of(bench.node())[second]) == 1


def test_a_rejected_look_alike_leaves_nothing(bench: Bench) -> None:
    enrol(bench.administrator, bench.person(), ANNA)
    second = bench.person()
    asked = enrol(bench.administrator, second, ANNA)
    colleague = bench.operator("personnel")

    reply = colleague.post(f"/api/v1/face-reviews/{asked.json()['review_id']}/reject")

    assert reply.status_code == 204
    assert colleague.get("/api/v1/face-reviews").json()["items"] == []
    assert templates_of(bench.node())[second] == ()


def test_enrolling_again_replaces_the_face(bench: Bench) -> None:
    holder_id = bench.person()

    assert [enrol(bench.administrator, holder_id, p).status_code for p in (ANNA, BERT)] == [201] * 2

    assert len(templates_of(bench.node())[holder_id]) == 1


def test_a_face_that_is_removed_leaves_the_replica(bench: Bench) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)

    reply = bench.administrator.delete(f"/api/v1/people/{holder_id}/face")

    assert reply.status_code == 204
    assert templates_of(bench.node())[holder_id] == ()


def test_an_upload_is_bounded(bench: Bench) -> None:
    holder_id = bench.person()

    large = enrol(bench.administrator, holder_id, bytes(20_000_001))
    many = enrol(bench.administrator, holder_id, *([ANNA] * 6))
    none = bench.administrator.post(f"/api/v1/people/{holder_id}/face")

    assert [reply.status_code for reply in (large, many, none)] == [413, 400, 422]


def test_neither_photographs_nor_templates_lie_open_on_disk(bench: Bench, tmp_path: Path) -> None:
    enrol(bench.administrator, bench.person(), ANNA)

    pipeline = SeenFaces()
    image = decode_picture(ANNA)
    template = pipeline.embed(image, pipeline.detect(image)[0]).tobytes()
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert template[:64] not in held
    assert ANNA[:200] not in held


def test_without_networks_enrolment_says_what_to_do(tmp_path: Path) -> None:
    def missing() -> SeenFaces:
        raise MissingFilesError(["face-detector"], "run `menshen models build`")

    with running_central(tmp_path / "home", pipeline_factory=missing) as bench:
        reply = enrol(bench.administrator, bench.person(), ANNA)

    assert (reply.status_code, reply.json()["code"]) == (503, "recognition_unavailable")
    assert "menshen models build" in reply.json()["detail"]
