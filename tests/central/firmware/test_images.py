"""Images: taken only when somebody of the site signed them, and handed only to who needs them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from config.board_image import IMAGE_SIZE_BYTES_MAX
from config.site import Site
from config.web import STATIC
from tests.central.audit.log import entries
from tests.central.bench import Bench, running_central
from tests.central.firmware.acting import (
    BOARDED,
    NEW,
    PATH,
    Terminal,
    act,
    make_one,
    upload,
    uploaded,
)
from tests.central.firmware.acting import wanted as wanted_of
from tests.config.images import HW, signed

NO_KEYS = Site.model_validate({**BOARDED.model_dump(), "boards": {}})
REFUSALS: dict[str, Callable[[], bytes]] = {
    "image_not_an_image": lambda: b"\x7fELF and what not",
    "image_truncated": lambda: signed()[:-40],
    "image_damaged": lambda: signed().replace(bytes(range(250)), bytes(250), 1),
    "image_not_signed": lambda: signed(key=None),
    "image_wrong_key": lambda: signed(key="stranger"),
    "image_other_board": lambda: signed(hw=None),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=BOARDED) as running:
        yield running


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    with running_central(tmp_path / "home", database=database_url, site=BOARDED) as running:
        yield running


def test_an_image_is_kept_listed_and_deleted(any_bench: Bench) -> None:
    administrator = any_bench.administrator

    reply = upload(administrator, name="gate.bin")
    (listed,) = administrator.get(f"{PATH}/images").json()["items"]
    again = upload(administrator, name="other.bin")
    gone = administrator.delete(f"{PATH}/images/{listed['sha256']}")

    assert (reply.status_code, reply.json()) == (201, listed)
    assert (listed["name"], listed["version"], listed["hw"]) == ("gate.bin", NEW, HW)
    assert (listed["uploaded_by"], listed["is_used"]) == ("admin", False)
    assert again.json() == listed
    assert gone.status_code == 204
    assert administrator.get(f"{PATH}/images").json()["items"] == []


@pytest.mark.parametrize("code", REFUSALS)
def test_an_image_that_boards_would_not_take_is_refused_in_one_line(
    bench: Bench, code: str
) -> None:
    reply = upload(bench.administrator, REFUSALS[code]())

    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert "\n" not in reply.json()["detail"]
    assert ":" in reply.json()["detail"], "it says what to do"
    assert bench.administrator.get(f"{PATH}/images").json()["items"] == []


def test_a_site_without_keys_takes_no_image(tmp_path: Path) -> None:
    with running_central(tmp_path / "home", site=NO_KEYS) as bench:
        reply = upload(bench.administrator)

    assert (reply.status_code, reply.json()["code"]) == (422, "image_no_keys")


def test_an_image_of_16_mb_is_the_longest(bench: Bench) -> None:
    reply = upload(bench.administrator, bytes(IMAGE_SIZE_BYTES_MAX + 1))

    assert (reply.status_code, reply.json()["code"]) == (413, "image_too_large")


def test_an_image_in_use_is_not_deleted(bench: Bench) -> None:
    rollout = make_one(bench).json()
    path = f"{PATH}/images/{rollout['image']}"

    used = bench.administrator.delete(path)
    act(bench, rollout["rollout_id"], "cancel")
    other = bench.administrator.delete(f"{PATH}/images/{'0' * 64}")

    assert (used.status_code, used.json()["code"]) == (409, "image_used")
    assert (other.status_code, other.json()["code"]) == (404, "image_not_found")


@pytest.mark.parametrize("role", ["technician", "auditor", "security_administrator"])
def test_who_only_looks_uploads_nothing(bench: Bench, role: str) -> None:
    client = bench.planted(role).client

    assert client.get(f"{PATH}/images").status_code == 200
    assert upload(client).status_code == 403


def test_a_guard_does_not_see_images(bench: Bench) -> None:
    assert bench.planted("guard").client.get(f"{PATH}/images").status_code == 403


def test_a_node_gets_an_image_that_it_was_told_to_use_and_no_other(any_bench: Bench) -> None:
    terminal, other = Terminal(any_bench), any_bench.node("gate-2")
    terminal.identify("board-0")
    image = uploaded(any_bench)
    path = f"/api/v1/nodes/current/firmware/{image}"

    before = terminal.node.request("GET", path)
    wish = {"action": "update", "image": image, "starts": True, "reason": "a fault"}
    any_bench.administrator.post(f"{PATH}/rollouts", json=wish)
    (command,) = terminal.fetch()
    wanted = terminal.node.request("GET", path)
    foreign = other.request("GET", path)
    terminal.answer(command)
    terminal.end(wanted_of(command))
    after = terminal.node.request("GET", path)

    assert (before.status_code, foreign.status_code, after.status_code) == (404, 404, 404)
    assert (wanted.status_code, wanted.content) == (200, signed(version=NEW))
    assert any_bench.client().get(path).status_code == 401


def test_a_node_goes_on_with_an_image_that_broke_off(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    image = uploaded(bench)
    wish = {"action": "update", "image": image, "starts": True, "reason": "a fault"}
    bench.administrator.post(f"{PATH}/rollouts", json=wish)
    terminal.fetch()
    path, whole = f"/api/v1/nodes/current/firmware/{image}", signed(version=NEW)

    def fetched(wanted: str) -> httpx.Response:
        headers = {**terminal.node.headers("GET", path), "Range": wanted}
        return terminal.node.http.get(path, headers=headers)

    rest = fetched("bytes=100-")
    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    for other in ("bytes=0-", f"bytes={len(whole)}-", "bytes=-5", "lines=1-2"):
        assert (fetched(other).status_code, fetched(other).content) == (200, whole)


def test_who_uploaded_what_is_in_the_audit_log(bench: Bench) -> None:
    image = uploaded(bench)

    (entry,) = entries(bench, action="firmware_images_post")
    assert (entry["objects"], entry["detail"]["version"]) == ([f"image:{image}"], NEW)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_refusal_of_an_image_has_words(language: str) -> None:
    words = json.loads((STATIC / f"{language}.json").read_text("utf-8"))

    codes = {*REFUSALS, "image_no_keys", "image_too_large"}
    assert {code for code in codes if f"error.{code}" not in words} == set()
