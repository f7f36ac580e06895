"""Pictures: by hash, for those who may see them, and only for a while."""

import hashlib

import pytest

from tests.central.bench import Bench

JPEG = b"\xff\xd8\xff\xe0 a picture"
PATH = f"/api/v1/blobs/{hashlib.sha256(JPEG).hexdigest()}"


def test_a_picture_is_shown_for_as_long_as_the_site_says(any_bench: Bench) -> None:
    node, guard = any_bench.node(), any_bench.operator("guard")
    assert [node.request("PUT", PATH, JPEG).status_code for _ in range(2)] == [204, 204]

    shown = guard.get(PATH)
    any_bench.clock.advance(hours=24, seconds=1)

    assert (shown.content, shown.headers["Content-Type"]) == (JPEG, "image/jpeg")
    assert any_bench.signed_in_again().get(PATH).json()["code"] == "blob_not_found"


@pytest.mark.parametrize(("kind", "hours"), [("admitted", 24), ("doubtful", 12), ("refused", 2)])
def test_each_kind_of_picture_is_kept_for_its_own_time(bench: Bench, kind: str, hours: int) -> None:
    node = bench.node()
    node.request("PUT", f"{PATH}?kind={kind}", JPEG)

    bench.clock.advance(hours=hours - 0.01)
    before = bench.signed_in_again().get(PATH).status_code
    bench.clock.advance(hours=0.02)

    assert before == 200
    assert bench.signed_in_again().get(PATH).json()["code"] == "blob_not_found"


def test_the_pages_are_told_how_long_each_kind_is_kept(bench: Bench) -> None:
    site = bench.administrator.get("/api/v1/snapshot").json()["site"]

    assert site["crop_lifetime_h"] == {"admitted": 24, "doubtful": 12, "refused": 2}


def test_a_kind_that_is_none_is_refused(bench: Bench) -> None:
    reply = bench.node().request("PUT", f"{PATH}?kind=forever", JPEG)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


def test_a_picture_needs_the_right(bench: Bench) -> None:
    bench.node().request("PUT", PATH, JPEG)

    assert bench.operator("personnel").get(PATH).status_code == 403
    assert bench.client().get(PATH).status_code == 401


def test_a_picture_is_what_its_hash_says(bench: Bench) -> None:
    reply = bench.node().request("PUT", PATH, JPEG + b"!")

    assert (reply.status_code, reply.json()["code"]) == (422, "wrong_hash")


def test_only_jpeg_is_kept(bench: Bench) -> None:
    body = b"<svg onload=alert(1)>"
    path = f"/api/v1/blobs/{hashlib.sha256(body).hexdigest()}"

    assert bench.node().request("PUT", path, body).status_code == 415
