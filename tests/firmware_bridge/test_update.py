import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from firmware_bridge.client import BoardClient
from firmware_bridge.group import Configuration
from firmware_bridge.peer_flash import Geometry
from firmware_bridge.refusals import BOARD, IMAGE, OS
from firmware_bridge.signing import KeySigner
from firmware_bridge.update import Update
from firmware_bridge.update_steps import UpdateProgress, UpdateResult
from tests.config.images import signed
from tests.firmware_bridge.virtual_board import (
    KEYS,
    NEW,
    OLD,
    RULES,
    VirtualBoard,
    broken,
    hash_of,
)

UPLOAD, STATE, ERASE, RESET = (IMAGE, 1), (IMAGE, 0), (IMAGE, 5), (OS, 5)
CHANGES = {UPLOAD, ERASE, RESET}
HEARTBEAT = (877, 2)
LARGE = signed(version="2.0.0", body=bytes(range(256)) * 88)
LARGE_SLOT = Geometry(slot_sector_count=6)


def end(result: UpdateResult) -> tuple[UpdateOutcome, UpdateReason | None, str]:
    assert "\n" not in result.detail
    return result.outcome, result.reason, result.running


def test_a_board_is_updated_and_confirmed() -> None:
    board = VirtualBoard()

    result = board.updated()

    assert end(result) == (UpdateOutcome.CONFIRMED, None, "2.0.0")
    assert board.runs == "2.0.0"
    assert not board.is_on_trial


def test_an_update_to_what_runs_sends_nothing() -> None:
    board = VirtualBoard()

    result = board.updated(OLD)

    assert end(result) == (UpdateOutcome.CONFIRMED, None, "1.0.0")
    assert CHANGES.isdisjoint(board.heard)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not an image at all", UpdateReason.NOT_AN_IMAGE),
        (NEW[:-100], UpdateReason.TRUNCATED),
        (NEW[:700] + b"!" + NEW[701:], UpdateReason.DAMAGED),
        (signed(version="2.0.0", key=None), UpdateReason.NOT_SIGNED),
        (signed(version="2.0.0", key="stranger"), UpdateReason.WRONG_KEY),
        (signed(version="2.0.0", hw=99), UpdateReason.OTHER_BOARD),
        (signed(version="0.9.0"), UpdateReason.DOWNGRADE),
        (signed(version="2.0.0", body=bytes(9000)), UpdateReason.TOO_LARGE),
    ],
    ids=lambda value: value.value if isinstance(value, UpdateReason) else "",
)
def test_what_must_not_run_is_refused_before_a_byte_is_sent(
    data: bytes, reason: UpdateReason
) -> None:
    board = VirtualBoard()

    result = board.updated(data)

    assert end(result)[:2] == (UpdateOutcome.REFUSED, reason)
    assert ": " in result.detail
    assert CHANGES.isdisjoint(board.heard)


def test_a_site_without_keys_takes_no_image() -> None:
    board = VirtualBoard()

    result = board.run(lambda: board.update().update(NEW, keys=()))

    assert end(result)[:2] == (UpdateOutcome.REFUSED, UpdateReason.NO_KEYS)


def test_an_image_below_the_security_counter_is_refused() -> None:
    board = VirtualBoard(image=signed("--security-counter", "7", version="1.0.0"))

    assert end(board.updated())[:2] == (UpdateOutcome.REFUSED, UpdateReason.DOWNGRADE)


@pytest.mark.parametrize(
    "behaviour", ["does_not_start", "hangs", "mute", "unhealthy", "stays_safe"]
)
def test_an_image_that_does_not_work_goes_back(behaviour: str) -> None:
    board = VirtualBoard()
    board.run(lambda: board.client.configure(Configuration(trial_ms=10_000)))

    result = board.updated(broken(behaviour))

    assert end(result)[::2] == (UpdateOutcome.WENT_BACK, "1.0.0"), result
    assert board.runs == "1.0.0"
    assert not board.is_on_trial


def test_a_rollback_brings_the_image_of_before_back() -> None:
    board = VirtualBoard()
    board.updated()

    result = board.rolled_back()

    assert end(result) == (UpdateOutcome.CONFIRMED, None, "1.0.0")
    assert result.target == hash_of(OLD)
    assert not board.is_on_trial


def test_a_rollback_of_a_board_with_one_image_is_refused() -> None:
    result = VirtualBoard().rolled_back()

    assert end(result) == (UpdateOutcome.REFUSED, UpdateReason.NO_OTHER_IMAGE, "1.0.0")


def test_a_rollback_that_the_security_counter_forbids_changes_nothing() -> None:
    board = VirtualBoard()
    board.updated(signed("--security-counter", "7", version="2.0.0"))

    result = board.rolled_back()

    assert end(result) == (UpdateOutcome.REFUSED, UpdateReason.DOWNGRADE, "2.0.0")


# ---- what is not to happen now


def test_an_upload_that_meets_a_fire_pauses_and_goes_on() -> None:
    board = VirtualBoard(geometry=LARGE_SLOT)
    fire = Fire(board, begins_after=3, lasts_s=20.0)

    result = board.updated(LARGE, may_begin=fire.may_begin)

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert fire.changes == 0
    assert board.heard.count(UPLOAD) < 20


def test_a_restart_waits_for_the_end_of_a_fire() -> None:
    board = VirtualBoard()
    fire = Fire(board, begins_after=1, lasts_s=20.0, at=STATE)

    result = board.updated(may_begin=fire.may_begin)

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert fire.changes == 0


def test_a_board_whose_restart_waits_does_meanwhile_what_it_did_before() -> None:
    board = VirtualBoard()
    # It is looked at, looked at again with the image, and told to try it.
    fire = Fire(board, begins_after=3, lasts_s=20.0, at=STATE)
    told: list[UpdateProgress] = []

    result = board.updated(may_begin=fire.may_begin, on_progress=told.append)

    assert result.outcome is UpdateOutcome.CONFIRMED
    at_restart = [each.is_in_service for each in told if each.stage is UpdateStage.RESTARTS]
    assert at_restart == [True, False]
    assert not any(each.is_in_service for each in told if each.stage is UpdateStage.PROVES)


def test_an_image_that_is_unwell_is_not_taken_back_during_a_fire() -> None:
    board = VirtualBoard()
    fire = Fire(board, begins_after=1, lasts_s=20.0, at=RESET)

    result = board.updated(broken("unhealthy"), may_begin=fire.may_begin)

    assert result.outcome is UpdateOutcome.WENT_BACK
    assert fire.changes == 0


def test_a_fire_that_only_the_board_knows_of_is_waited_for() -> None:
    board = VirtualBoard()
    board.run(lambda: board.client.configure(Configuration(fire_input=0, is_fire_inverted=False)))
    board.board.set_contact(0, is_closed=True)
    board.happens = lambda group, command: (
        board.board.set_contact(0, is_closed=False) if board.now_s() > 30 else None
    )

    result = board.updated()

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert result.took_s > 20


def test_what_could_not_begin_in_its_time_is_refused() -> None:
    board = VirtualBoard()

    result = board.updated(
        rules=dataclasses.replace(RULES, begin_s_max=30.0), may_begin=lambda: False
    )

    assert end(result) == (UpdateOutcome.REFUSED, UpdateReason.NOT_NOW, "1.0.0")
    assert CHANGES.isdisjoint(board.heard)


def test_a_gateway_that_does_not_work_sends_no_heartbeat_and_confirms_nothing() -> None:
    board = VirtualBoard()

    result = board.updated(may_beat=lambda: HEARTBEAT not in board.heard)

    assert result.outcome is not UpdateOutcome.CONFIRMED
    assert board.heard.count(HEARTBEAT) == 1
    assert board.runs == "1.0.0"


class Fire:
    """A fire, from a request on and for a time. Attributes: changes: What was sent during it."""

    def __init__(
        self,
        board: VirtualBoard,
        *,
        begins_after: int,
        lasts_s: float,
        at: tuple[int, int] = UPLOAD,
    ) -> None:
        self.changes = 0
        self._board, self._lasts_s, self._at, self._left = board, lasts_s, at, begins_after
        self._until_s = float("-inf")
        board.happens = self.happens

    def may_begin(self) -> bool:
        return self._board.now_s() >= self._until_s

    def happens(self, group: int, command: int) -> None:
        self.changes += not self.may_begin() and (group, command) in CHANGES
        if (group, command) == self._at:
            self._left -= 1
            if self._left == 0:
                self._until_s = self._board.now_s() + self._lasts_s


# ---- what a cancel does


def test_an_upload_can_be_cancelled() -> None:
    board = VirtualBoard(geometry=LARGE_SLOT)

    updates: list[Update] = []

    def on_progress(told: UpdateProgress) -> None:
        if told.sent_bytes:
            updates[0].cancel()

    def act() -> Awaitable[UpdateResult]:
        updates.append(board.update(on_progress=on_progress))
        return updates[0].update(LARGE, keys=KEYS)

    result = board.run(act)

    assert end(result) == (UpdateOutcome.FAILED, UpdateReason.CANCELLED, "1.0.0")
    assert 0 < result.uploaded_bytes < len(LARGE)


def test_an_update_that_is_cancelled_first_sends_nothing() -> None:
    board = VirtualBoard()

    async def act() -> UpdateResult:
        update = board.update()
        assert update.cancel()
        return await update.update(NEW, keys=KEYS)

    assert end(board.run(act))[:2] == (UpdateOutcome.REFUSED, UpdateReason.CANCELLED)
    assert CHANGES.isdisjoint(board.heard)


# ---- heartbeats


def test_a_board_does_not_miss_its_heartbeats_while_it_is_updated() -> None:
    board = VirtualBoard(geometry=LARGE_SLOT)
    board.run(lambda: board.client.configure(Configuration(watchdog_ms=2000)))
    uploads: list[int] = []
    board.happens = lambda group, command: (
        uploads.append(board.safe_count) if (group, command) == UPLOAD else None
    )

    result = board.updated(LARGE)

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert len(uploads) > 5
    assert uploads[0] == uploads[-1]


def test_a_board_whose_node_is_away_is_not_kept_from_its_safe_state_while_an_update_waits() -> None:
    board = VirtualBoard()

    board.updated(rules=dataclasses.replace(RULES, begin_s_max=30.0), may_begin=lambda: False)

    assert board.heard.count(HEARTBEAT) <= 2
    assert board.safe_count


@pytest.mark.parametrize("command", [UPLOAD, STATE, RESET, (BOARD, 0), (BOARD, 1)])
def test_a_request_that_is_lost_costs_no_heartbeats(command: tuple[int, int]) -> None:
    board = VirtualBoard()
    board.run(lambda: board.client.configure(Configuration(watchdog_ms=4500)))
    board.client = BoardClient(board.bus)
    is_lost: list[bool] = []

    def happens(*named: int) -> None:
        board.faults.lost_requests = 1.0 if named == command and not is_lost else 0.0
        is_lost.extend([True] * (named == command))

    board.happens = happens
    board.updated()

    assert is_lost
    assert board.safe_count == 0


@pytest.mark.parametrize("is_pending", [False, True], ids=["first packet", "erase"])
def test_a_board_that_erases_for_long_is_kept_from_its_safe_state(is_pending: bool) -> None:
    board = VirtualBoard()
    board.run(lambda: board.client.configure(Configuration(watchdog_ms=4500)))
    board.updated(signed(version="1.5.0"))
    if is_pending:
        board.run(lambda: board.client.test(hash_of(OLD)))
    board.run(board.client.heartbeat)
    board.client = BoardClient(board.bus)
    board.busy_s, board.safe_count = 4.9, 0

    result = board.updated()

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert result.took_s > 4.9
    assert board.safe_count == 0


def test_whoever_may_not_speak_for_a_node_confirms_nothing() -> None:
    board = VirtualBoard()

    result = board.updated(may_beat=lambda: False)

    assert end(result) == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY, "1.0.0")
    assert board.safe_count


# ---- over a network


def test_a_claimed_board_on_a_network_is_updated_by_whoever_signs() -> None:
    signer = KeySigner(Ed25519PrivateKey.generate())
    board = VirtualBoard(port="udp://board", signer=signer)
    board.board.remember_claim(signer.public_key)

    assert board.updated().outcome is UpdateOutcome.CONFIRMED
    assert board.rolled_back().outcome is UpdateOutcome.CONFIRMED


def test_a_board_on_a_network_that_restarted_is_made_ready_again() -> None:
    signer = KeySigner(Ed25519PrivateKey.generate())
    board = VirtualBoard(port="udp://board", signer=signer)
    board.board.remember_claim(signer.public_key)

    def happens(*named: int) -> None:
        if named == UPLOAD and board.heard.count(UPLOAD) == 2:
            board.board.power(is_on=False)
            board.board.power(is_on=True)

    board.happens = happens

    assert board.updated().outcome is UpdateOutcome.CONFIRMED


@pytest.mark.parametrize("has_key", [True, False])
def test_nobody_else_updates_a_board_on_a_network(has_key: bool) -> None:
    stranger = KeySigner(Ed25519PrivateKey.generate())
    board = VirtualBoard(port="udp://board", signer=stranger if has_key else None)
    board.board.remember_claim(KeySigner(Ed25519PrivateKey.generate()).public_key)

    result = board.updated()

    assert end(result) == (UpdateOutcome.REFUSED, UpdateReason.REJECTED, "1.0.0")
    assert CHANGES.isdisjoint(board.heard)


def test_a_restart_is_asked_for_after_the_network_was_made_ready() -> None:
    signer = KeySigner(Ed25519PrivateKey.generate())
    board = VirtualBoard(port="udp://board", signer=signer)
    board.board.remember_claim(signer.public_key)
    log: list[str] = []

    def lie(group: int, command: int, values: dict[str, Any]) -> dict[str, Any]:
        """Grant no time, so that it is asked for before every step."""
        if set(values) != {"ms"}:
            return values
        log.append("ready")
        return {"ms": 0}

    def may_begin() -> bool:
        log.append("asked")
        return True

    board.lie = lie
    board.happens = lambda *named: log.append("restart") if named == RESET else None
    result = board.updated(may_begin=may_begin)

    assert result.outcome is UpdateOutcome.CONFIRMED
    assert log[log.index("restart") - 1] == "asked"


# ---- what is told


def test_every_stage_is_told_in_its_order() -> None:
    board = VirtualBoard()
    told: list[UpdateProgress] = []

    board.updated(on_progress=told.append)

    stages = list(dict.fromkeys(one.stage for one in told))
    assert stages == [
        UpdateStage.WAITS,
        UpdateStage.UPLOADS,
        UpdateStage.RESTARTS,
        UpdateStage.PROVES,
    ]
    assert told[-1].sent_bytes == told[-1].size_bytes == len(NEW)
    assert told[-1].target == hash_of(NEW)


# ---- power cuts, at every place


@pytest.mark.parametrize("offset", [0, 1, 700, len(NEW) // 2, len(NEW) - 1])
def test_a_power_cut_in_the_upload_is_gone_on_from(offset: int) -> None:
    board = VirtualBoard()
    board.board.cut_power_at_upload(offset)

    assert board.updated().outcome is UpdateOutcome.CONFIRMED
    assert board.runs == "2.0.0"


@pytest.mark.parametrize("after", range(0, 40, 3))
def test_a_power_cut_in_the_swap_leaves_a_board_that_runs(after: int) -> None:
    board = VirtualBoard()
    board.happens = lambda group, command: (
        board.board.cut_power_at_start(after_operations=after)
        if (group, command) == RESET and board.heard.count(RESET) == 1
        else None
    )

    result = board.updated()

    assert board.runs == result.running
    assert result.outcome in (UpdateOutcome.CONFIRMED, UpdateOutcome.WENT_BACK)
    assert not board.is_on_trial


def test_a_restart_while_the_board_is_asked_what_it_runs_is_noticed() -> None:
    board = VirtualBoard()

    def happens(*named: int) -> None:
        if named == (BOARD, 0) and board.heard.count(RESET) == 1 and board.runs == "1.0.0":
            board.board.restart()

    board.happens = happens

    assert board.updated().outcome is UpdateOutcome.CONFIRMED


def test_a_board_that_says_two_different_things_is_asked_again() -> None:
    board = VirtualBoard()
    said: list[int] = []

    def lie(group: int, command: int, values: dict[str, Any]) -> dict[str, Any]:
        """Say once that the new image runs already."""
        if (group, command) != STATE or said:
            return values
        said.append(command)
        return {"images": [image | {"hash": hash_of(NEW)} for image in values["images"]]}

    board.lie = lie

    assert board.updated().outcome is UpdateOutcome.CONFIRMED
    assert board.runs == "2.0.0"


# ---- another process goes on


@pytest.mark.parametrize("at", range(1, 60, 4))
def test_another_process_goes_on_where_one_ended(at: int) -> None:
    board = VirtualBoard()
    told: list[UpdateProgress] = []
    ended_at = broken_off(board, at=at, on_progress=told.append)

    result = board.updated(interrupted=told[-1] if told else None)

    assert ended_at is not None
    assert result.outcome is UpdateOutcome.CONFIRMED, result
    assert not board.is_on_trial


def broken_off(
    board: VirtualBoard, *, at: int, on_progress: Callable[[UpdateProgress], None]
) -> float | None:
    """Let an update end with its process at the request with this number; returns when."""

    async def act() -> float | None:
        update = board.update(on_progress=on_progress)
        task = asyncio.ensure_future(update.update(NEW, keys=KEYS))
        loop = asyncio.get_running_loop()
        board.happens = lambda group, command: (
            loop.call_soon_threadsafe(task.cancel) if len(board.heard) == at else None
        )
        await asyncio.wait([task])
        board.happens = lambda group, command: None
        return board.now_s() if task.cancelled() else None

    return board.run(act)
