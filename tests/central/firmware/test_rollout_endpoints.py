"""Roll-outs over HTTP: who may ask for what, and what is kept of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.central.audit.log import entries
from tests.central.bench import Bench, running_central
from tests.central.firmware.acting import (
    BOARDED,
    PATH,
    WHY,
    Terminal,
    act,
    made,
    make,
    make_one,
    shown,
    uploaded,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=BOARDED) as running:
        yield running


def test_a_preview_says_who_and_who_not_and_changes_nothing(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    terminal.identify("board-1", hw=7)

    wish = {"image": uploaded(bench)}
    reply = bench.administrator.post(f"{PATH}/rollouts/preview", json=wish)

    assert [each["device"] for each in reply.json()["boards"]] == ["board-0"]
    assert {each["device"]: each["why"] for each in reply.json()["left_out"]} == {
        "board-1": "other_hw",
        "board-2": "not_identified",
    }
    assert bench.administrator.get(f"{PATH}/rollouts").json()["items"] == []


def test_who_is_left_out_stays_on_record(bench: Bench) -> None:
    Terminal(bench).identify("board-0")

    boards = shown(bench, made(bench))["boards"]

    assert [(each["device"], each["state"], each["why"]) for each in boards[1:]] == [
        ("board-1", "left_out", "not_identified"),
        ("board-2", "left_out", "not_identified"),
    ]


def test_a_board_is_in_one_roll_out_at_a_time(bench: Bench) -> None:
    rollout = make_one(bench).json()

    reply = make(bench, devices=["board-0"], image=rollout["image"])

    assert (reply.status_code, reply.json()["code"]) == (409, "rollout_without_boards")
    assert reply.json()["left_out"] == {"board-0": "in_another"}


@pytest.mark.parametrize(
    "wish",
    [
        {"action": "update", "image": None},
        {"action": "roll_back", "image": "a" * 64, "devices": ["board-0"]},
        {"action": "roll_back", "image": None},
        {"action": "update", "image": "a" * 64, "devices": ["board-0", "board-0"]},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(bench: Bench, wish: dict[str, Any]) -> None:
    reply = bench.administrator.post(f"{PATH}/rollouts", json={**WHY, **wish})

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


def test_a_roll_out_of_an_image_that_is_not_there_is_refused(bench: Bench) -> None:
    reply = make(bench, image="a" * 64)

    assert (reply.status_code, reply.json()["code"]) == (404, "image_not_found")


@pytest.mark.parametrize("deed", ["start", "pause", "cancel"])
def test_what_is_over_is_not_begun_again(bench: Bench, deed: str) -> None:
    rollout_id = make_one(bench, "cancel").json()["rollout_id"]

    reply = act(bench, rollout_id, deed)
    other = act(bench, "01890a5d-ac96-774b-bcce-b302099a8057", deed)

    assert (reply.status_code, reply.json()["code"]) == (409, "rollout_state")
    assert (other.status_code, other.json()["code"]) == (404, "rollout_not_found")


@pytest.mark.parametrize("role", ["technician", "auditor", "security_administrator"])
def test_who_only_looks_sees_roll_outs_and_makes_none(bench: Bench, role: str) -> None:
    rollout = make_one(bench).json()
    client = bench.planted(role).client

    assert client.get(f"{PATH}/rollouts/{rollout['rollout_id']}").status_code == 200
    assert client.get(f"{PATH}/rollouts").status_code == 200
    assert client.post(f"{PATH}/rollouts", json={}).status_code == 403


def test_roll_outs_of_one_board_are_found(bench: Bench) -> None:
    rollout_id = make_one(bench).json()["rollout_id"]

    def found(device: str) -> list[str]:
        reply = bench.administrator.get(f"{PATH}/rollouts", params={"device": device})
        return [each["rollout_id"] for each in reply.json()["items"]]

    assert (found("board-0"), found("board-1")) == ([rollout_id], [])


def test_why_it_was_done_is_in_the_audit_log(bench: Bench) -> None:
    rollout_id = make_one(bench, "pause").json()["rollout_id"]

    (entry,) = entries(bench, action="firmware_rollouts_pause_post")
    assert (entry["objects"], entry["detail"]["reason"]) == (
        [f"rollout:{rollout_id}"], WHY["reason"],
    )  # fmt: skip


def test_a_command_carries_who_asked_and_why(bench: Bench) -> None:
    terminal = Terminal(bench)
    terminal.identify("board-0")
    rollout_id = made(bench, devices=["board-0"])
    (command,) = terminal.fetch()

    (view,) = bench.administrator.get("/api/v1/commands", params={"action": rollout_id}).json()[
        "items"
    ]
    assert (view["asked_by"], command.reason) == ("admin", WHY["reason"])
    until = datetime.fromisoformat(view["what"]["until"])
    assert until == bench.clock() + timedelta(hours=12)
