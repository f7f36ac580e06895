"""The client and the simulated board, where one did something that the other did not see."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.bus import Priority
from firmware_bridge.client import BoardClient
from firmware_bridge.group import Beat, Configuration
from firmware_bridge.refusals import BoardRefusedError
from firmware_bridge.signing import EPOCH_S, KeySigner
from tests.firmware_bridge.virtual_board import VirtualBoard

SIGNER = KeySigner(Ed25519PrivateKey.generate())


def claimed(*, port: str = "a line") -> VirtualBoard:
    board = VirtualBoard(port=port, signer=SIGNER)
    board.board.remember_claim(SIGNER.public_key)
    return board


def test_a_signed_command_that_overtakes_another_costs_it_nothing() -> None:
    board = claimed(port="udp://board")

    async def act() -> list[object]:
        await board.client.state()
        beats = [board.client.heartbeat() for _ in range(3)]
        output = board.client.set_output(0, on=True, priority=Priority.FIRE)
        return await asyncio.gather(*beats, output, board.client.heartbeat())

    *beats, output, last = board.run(act)

    assert all(isinstance(beat, Beat) for beat in (*beats, last))
    assert output == 1


@pytest.mark.parametrize("ahead_s", [60.0, 7200.0, 86_400.0, 90 * 86_400.0])
def test_a_clock_that_was_set_back_costs_a_board_on_a_network_few_heartbeats(
    ahead_s: float,
) -> None:
    board = claimed(port="udp://board")
    now_s = EPOCH_S + 1000.0
    before = BoardClient(board.bus, signer=SIGNER, now_s=lambda: now_s + ahead_s)
    client = BoardClient(board.bus, signer=SIGNER, now_s=lambda: now_s)

    async def act() -> list[bool]:
        await before.heartbeat()
        are_taken: list[bool] = []
        for _ in range(4):
            try:
                await client.heartbeat()
            except BoardRefusedError:
                are_taken.append(False)
            else:
                are_taken.append(True)
        return are_taken

    assert board.run(act).count(False) <= 1


def test_a_signed_command_whose_answer_was_lost_is_done_once() -> None:
    board = claimed(port="udp://board")
    lost: list[int] = []

    def happens(group: int, command: int) -> None:
        board.faults.lost_answers = 1.0 if command == 7 and not lost else 0.0
        lost.extend([command] * (command == 7))

    async def act() -> int:
        await board.client.state()
        board.happens = happens
        return await board.client.set_output(0, on=True, duration_s=5.0)

    assert board.run(act) == 1
    events = board.board.application.events.after(0) if board.board.application else []
    assert [event[2:] for event in events if event[2] == 4] == [[4, 0, 1, 1]]
    assert len(lost) > 1


def test_a_claim_that_the_client_did_not_make_is_found_out() -> None:
    board = VirtualBoard(signer=SIGNER)

    async def act() -> float:
        await board.client.identity()
        board.board.remember_claim(SIGNER.public_key)
        with pytest.raises(BoardRefusedError, match="signature"):
            await board.client.hold(1.0)
        return await board.client.hold(1.0)

    assert board.run(act) == 1.0


def test_another_start_of_the_board_is_found_out() -> None:
    board = VirtualBoard()

    async def act() -> Configuration:
        await board.client.state()
        board.board.restart()
        board.pass_time(1.0)
        with pytest.raises(BoardRefusedError, match="restarted"):
            await board.client.configure(Configuration(trial_ms=20_000))
        return await board.client.configure(Configuration(trial_ms=20_000))

    assert board.run(act).trial_ms == 20_000
