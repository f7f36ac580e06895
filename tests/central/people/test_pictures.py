"""Enrolment pictures that a site keeps: encrypted, bound to their holder, gone with the face."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from central.keys import KeyEncryptionKey, KeysError
from central.people.pictures import FACE_PX_MAX, cropped, decrypted
from central.tables import enrolment_pictures
from models.face.picture import decode_picture
from models.face.types import Box, Face
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import KEEPING, enrol
from tests.central.people.seen_faces import SeenFaces, photograph

ANNA, BERT, ANNA_AGAIN = photograph(1), photograph(2), photograph(1, marker=1)


@pytest.fixture
def keeping(tmp_path: Path, database_url: str) -> Any:  # noqa: ANN401 - a generator's
    """Central, on both databases, at a site that keeps enrolment pictures."""
    with running_central(
        tmp_path / "home", database=database_url, pipeline_factory=SeenFaces, site=KEEPING
    ) as bench:
        yield bench


def kept(bench: Bench) -> list[Mapping[str, Any]]:
    """Return the rows of the database, oldest first."""
    services = bench.app.state.services

    async def read() -> list[Mapping[str, Any]]:
        async with services.database.read() as transaction:
            query = select(enrolment_pictures).order_by(enrolment_pictures.c.picture_id)
            return [dict(row) for row in (await transaction.execute(query)).mappings()]

    return asyncio.run_coroutine_threadsafe(read(), services.loop).result(60)


def kek_of(bench: Bench) -> KeyEncryptionKey:
    kek: KeyEncryptionKey = bench.app.state.services.kek
    return kek


def test_pictures_are_not_kept_unless_the_site_says_so(tmp_path: Path) -> None:
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as bench:
        enrol(bench.administrator, bench.person(), ANNA)

        assert kept(bench) == []


def test_accepted_pictures_are_kept_as_they_were_used(keeping: Bench) -> None:
    holder_id = keeping.person()

    enrol(keeping.administrator, holder_id, ANNA, BERT, ANNA_AGAIN)

    rows = kept(keeping)
    assert [row["holder_id"] for row in rows] == [holder_id, holder_id]
    image = decode_picture(decrypted(kek_of(keeping), rows[0]))
    assert np.abs(image.astype(int) - decode_picture(ANNA)).mean() < 3


def test_a_kept_picture_opens_for_its_holder_and_key_version_alone(keeping: Bench) -> None:
    holder_id, other = keeping.person(), keeping.person()
    enrol(keeping.administrator, holder_id, ANNA)
    (row,) = kept(keeping)

    for stolen in ({**row, "holder_id": other}, {**row, "key_version": 2}):
        with pytest.raises(KeysError):
            decrypted(kek_of(keeping), stolen)


def test_no_answer_holds_a_kept_picture(keeping: Bench) -> None:
    holder_id = keeping.person()
    reply = enrol(keeping.administrator, holder_id, ANNA)
    node, admin = keeping.node(), keeping.administrator
    (row,) = kept(keeping)
    secrets = (row["picture_id"], row["wrapped_key"])

    answers = [reply, node.request("GET", "/api/v1/replica?after=0")]
    answers += [admin.get(f"/api/v1/{path}") for path in ("people", "snapshot", "face-migration")]

    assert all(secret not in answer.text for secret in secrets for answer in answers)


def test_enrolling_again_replaces_the_pictures(keeping: Bench) -> None:
    holder_id = keeping.person()

    for picture in (ANNA, ANNA_AGAIN):
        enrol(keeping.administrator, holder_id, picture)

    assert len(kept(keeping)) == 1


@pytest.mark.parametrize("path", ["", "/face"])
def test_pictures_go_with_the_face_and_with_the_person(keeping: Bench, path: str) -> None:
    holder_id = keeping.person()
    enrol(keeping.administrator, holder_id, ANNA)

    keeping.administrator.delete(f"/api/v1/people/{holder_id}{path}")

    assert kept(keeping) == []


def reviewed(bench: Bench, verdict: str) -> httpx.Response:
    """Enrol a look-alike and let a colleague answer."""
    enrol(bench.administrator, bench.person(), ANNA)
    asked = enrol(bench.administrator, bench.person(), ANNA, ANNA_AGAIN).json()
    path = f"/api/v1/face-reviews/{asked['review_id']}/{verdict}"
    return bench.operator("personnel").post(path)


def test_pictures_of_a_confirmed_look_alike_stay(keeping: Bench) -> None:
    assert reviewed(keeping, "confirm").status_code == 204

    assert [row["review_id"] for row in kept(keeping)] == [None, None, None]


def test_pictures_of_a_rejected_look_alike_go(keeping: Bench) -> None:
    assert reviewed(keeping, "reject").status_code == 204

    assert len(kept(keeping)) == 1


def test_pictures_are_deleted_at_the_next_start_once_nobody_wants_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    with running_central(home, pipeline_factory=SeenFaces, site=KEEPING) as bench:
        enrol(bench.administrator, bench.person(), ANNA, ANNA_AGAIN)

    with running_central(home, pipeline_factory=SeenFaces) as bench:
        assert kept(bench) == []

    assert "2 enrolment pictures are deleted" in caplog.text


def test_a_kept_picture_is_the_face_and_little_around_it() -> None:
    image = np.full((3000, 4000, 3), 90, np.uint8)
    face = Face(Box(1000, 1000, 1800, 1800), score=1.0)

    picture = cv2.imdecode(np.frombuffer(cropped(image, face), np.uint8), cv2.IMREAD_COLOR)

    assert picture is not None
    assert picture.shape == (3 * FACE_PX_MAX, 3 * FACE_PX_MAX, 3)


def test_a_face_at_the_edge_is_kept_up_to_the_edge() -> None:
    image = np.full((200, 220, 3), 90, np.uint8)

    picture = decode_picture(cropped(image, Face(Box(20, -5, 220, 200), score=1.0)))

    assert picture.shape == (200, 220, 3)
