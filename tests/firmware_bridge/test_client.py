import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.base import CommandRejectedError, DeviceUnreachableError, ProtocolViolationError
from firmware_bridge.client import BoardClient, Parameters, SlotImage
from firmware_bridge.group import Claimed, Configuration, Identity, Signed, State
from firmware_bridge.refusals import BOARD, BoardRefusedError, Refusal
from firmware_bridge.signing import KeySigner, is_signed_by, read_order
from tests.firmware_bridge.scripted import Reply, ScriptedBoard, on_a_line

SIGNER = KeySigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
IDENTITY = Identity(hw=42, version="1.0.0", image_hash=bytes(32), serial_number="A1-0042")
CLAIMED = IDENTITY.model_copy(update={"is_claimed": True})
IMAGE = bytes(range(256)) * 20
PARAMETERS = {"buf_size": 2048, "buf_count": 1}


def says(values: dict[str, Any]) -> Reply:
    return lambda _: values


def refuses(group: int, code: int) -> Reply:
    def reply(_: dict[str, Any]) -> None:
        raise BoardRefusedError(group, code)

    return reply


def losing(count: int, reply: Reply) -> Reply:
    """Return a reply of which the first answers are lost."""
    lost = list(range(count))

    def lossy(values: dict[str, Any]) -> dict[str, Any] | None:
        answer = reply(values)
        return None if lost and lost.pop() >= 0 else answer

    return lossy


def board(
    script: dict[tuple[int, int], Reply] | None = None, *, is_datagram: bool = False
) -> ScriptedBoard:
    every = {
        (877, 0): says(IDENTITY.to_map()),
        (877, 1): says({"boot": 7}),
        (877, 2): says({"boot": 7, "wd": 3000}),
        (877, 3): says({"out": 2}),
        (0, 6): says(PARAMETERS),
    }
    return ScriptedBoard({**every, **(script or {})}, is_datagram=is_datagram)


class Upload:
    """Takes an upload as a board does. Attributes: data: what it has."""

    def __init__(self, kept: bytes = b"") -> None:
        self.data = bytearray(kept)

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        if values["off"] == len(self.data):
            self.data += values["data"]
        return {"off": len(self.data)}


def test_who_a_board_is() -> None:
    far_end = board()

    assert on_a_line(far_end, lambda client: client.identity()) == IDENTITY
    assert far_end.heard == [(877, 0, {})]


def test_a_state_acknowledges_what_was_heard() -> None:
    far_end = board()

    state = on_a_line(far_end, lambda client: client.state(boot=7, seq=12))

    assert state == State(boot=7)
    assert far_end.heard == [(877, 1, {"boot": 7, "seq": 12, "max": 16})]


def test_an_output_is_set_for_the_start_that_was_heard_of() -> None:
    far_end = board()

    async def act(client: BoardClient) -> int:
        await client.heartbeat()
        return await client.set_output(1, on=True, duration_s=0.5)

    assert on_a_line(far_end, act) == 2
    values = far_end.heard[1][2]
    assert len(values.pop("n")) == 8
    assert values == {"boot": 7, "ch": 1, "on": True, "ms": 500}


def test_a_start_that_nobody_heard_of_is_asked_for_first() -> None:
    far_end = board()

    on_a_line(far_end, lambda client: client.set_output(1, on=False))

    assert [command for _, command, _ in far_end.heard] == [1, 3]


def test_a_repeated_request_has_the_same_nonce_and_the_same_sequence() -> None:
    far_end = board({(877, 3): losing(2, says({"out": 1}))})

    assert on_a_line(far_end, lambda client: client.set_output(0, on=True, boot=7)) == 1
    nonces = {values["n"] for _, _, values in far_end.heard}
    assert (len(far_end.heard), len(nonces), len(set(far_end.sequences))) == (3, 1, 1)


def test_each_command_has_its_own_nonce_and_sequence() -> None:
    far_end = board()

    async def act(client: BoardClient) -> None:
        await client.set_output(0, on=True, boot=7)
        await client.set_output(0, on=True, boot=7)

    on_a_line(far_end, act)
    assert len({values["n"] for _, _, values in far_end.heard}) == 2
    assert len(set(far_end.sequences)) == 2


def test_a_board_that_never_answers_is_asked_so_often_and_then_once() -> None:
    far_end = board({(877, 0): lambda _: None})

    async def act(client: BoardClient) -> None:
        for _ in range(2):
            with pytest.raises(DeviceUnreachableError, match=r"unit smp/0 .* no reply"):
                await client.identity()

    on_a_line(far_end, act, attempt_count=3)
    assert len(far_end.heard) == 4


def test_a_late_answer_is_never_taken_for_the_next() -> None:
    asked: list[bytes] = []

    def answer(data: bytes) -> list[tuple[float, bytes]]:
        asked.append(data)
        answers = [
            board({(877, 1): says({"boot": boot})}).receive_data(request)[0]
            for boot, request in enumerate(asked, 1)
        ]
        return [(0.7, answers[0])] if len(asked) == 1 else [(0.01, frame) for frame in answers]

    async def act(client: BoardClient) -> State:
        with pytest.raises(DeviceUnreachableError):
            await client.state()
        return await client.state()

    assert on_a_line(board(), act, answer=answer, attempt_count=1).boot == 2


def test_a_refusal_is_not_asked_again() -> None:
    far_end = board({(877, 3): refuses(BOARD, Refusal.FIRE)})

    async def act(client: BoardClient) -> None:
        with pytest.raises(CommandRejectedError, match="fire input") as refusal:
            await client.set_output(0, on=True, boot=7)
        assert refusal.value.code == Refusal.FIRE

    on_a_line(far_end, act)
    assert len(far_end.heard) == 1


def test_an_answer_of_other_types_is_a_violation() -> None:
    far_end = board({(877, 2): says({"boot": "x"})})

    async def act(client: BoardClient) -> None:
        with pytest.raises(ProtocolViolationError, match="not as it should be"):
            await client.heartbeat()

    on_a_line(far_end, act)


def test_only_what_was_set_of_a_configuration_is_written() -> None:
    far_end = board({(877, 4): says(Configuration(watchdog_ms=5000).to_map())})

    async def act(client: BoardClient) -> Configuration:
        return await client.configure(Configuration(watchdog_ms=5000, safe=(1,)), boot=7)

    assert on_a_line(far_end, act).watchdog_ms == 5000
    values = far_end.heard[0][2]
    assert values.pop("n")
    assert values == {"boot": 7, "wd": 5000, "safe": [1]}


# ---- signed


def orders(far_end: ScriptedBoard) -> list[tuple[int, int, dict[str, Any]]]:
    """Return counter, command and arguments of what came signed."""
    found = []
    for _, command, values in far_end.heard:
        if command == 7:
            signed = Signed(body=values["body"], signature=values["sig"])
            assert is_signed_by(signed, SIGNER.public_key, serial_number="A1-0042")
            order = read_order(signed)
            found.append((order.counter, order.command, order.arguments))
    return found


def test_a_claimed_board_is_held_by_a_signed_command() -> None:
    far_end = board({(877, 0): says(CLAIMED.to_map()), (877, 7): says({"hold": 60_000})})

    assert on_a_line(far_end, lambda client: client.hold(60), signer=SIGNER) == 60
    ((_, command, arguments),) = orders(far_end)
    assert (command, arguments) == (5, {"ms": 60_000})


def test_a_signed_command_is_repeated_with_a_new_counter_and_the_same_nonce() -> None:
    far_end = board(
        {(877, 0): says(CLAIMED.to_map()), (877, 7): losing(2, says(Configuration().to_map()))}
    )

    on_a_line(far_end, lambda c: c.configure(Configuration(stable_ms=5)), signer=SIGNER)

    (one, _, first), (two, _, second), (three, _, third) = orders(far_end)
    assert one < two < three
    assert first == second == third


def test_outputs_on_a_line_are_not_signed() -> None:
    far_end = board({(877, 0): says(CLAIMED.to_map())})

    on_a_line(far_end, lambda client: client.set_output(1, on=True), signer=SIGNER)

    assert orders(far_end) == []


def test_over_udp_every_write_is_signed_and_frames_are_datagrams() -> None:
    far_end = board(
        {(877, 0): says(CLAIMED.to_map()), (877, 7): says({"out": 2, "boot": 7})}, is_datagram=True
    )

    async def act(client: BoardClient) -> None:
        await client.set_output(1, on=True)
        await client.heartbeat()

    on_a_line(far_end, act, signer=SIGNER, port="udp://127.0.0.1:1337")
    assert [command for _, command, _ in orders(far_end)] == [3, 2]


def test_an_unclaimed_board_is_claimed_unsigned_and_then_signed_for() -> None:
    claimed = Claimed(key_start=hashlib.sha256(SIGNER.public_key).digest()[:8]).to_map()
    far_end = board({(877, 6): says(claimed), (877, 7): says({"hold": 1000})})

    async def act(client: BoardClient) -> None:
        await client.claim(SIGNER.public_key)
        far_end.script[877, 0] = says(CLAIMED.to_map())
        await client.hold(1)

    on_a_line(far_end, act, signer=SIGNER)
    assert [command for _, command, _ in orders(far_end)] == [5]


def test_a_board_that_took_another_key_is_told_of() -> None:
    far_end = board({(877, 6): says({"key": bytes(8)})})

    async def act(client: BoardClient) -> None:
        with pytest.raises(ProtocolViolationError, match="another key"):
            await client.claim(SIGNER.public_key)

    on_a_line(far_end, act)


def test_a_refused_signature_makes_it_ask_again_who_it_is() -> None:
    far_end = board(
        {(877, 0): says(CLAIMED.to_map()), (877, 7): refuses(BOARD, Refusal.OTHER_START)}
    )

    async def act(client: BoardClient) -> None:
        for _ in range(2):
            with pytest.raises(BoardRefusedError, match="restarted"):
                await client.hold(1)

    on_a_line(far_end, act, signer=SIGNER)
    assert [command for _, command, _ in far_end.heard] == [1, 0, 7, 1, 0, 7]


# ---- the standard groups


def test_packets_are_as_long_as_the_boards_buffer() -> None:
    upload, told = Upload(), list[int]()
    far_end = board({(1, 1): upload})

    on_a_line(far_end, lambda client: client.upload(IMAGE, on_progress=told.append))

    assert bytes(upload.data) == IMAGE
    assert told[-1] == len(IMAGE)
    assert max(far_end.sizes_bytes) == 2044
    first = far_end.heard[1][2]
    assert (first["len"], first["sha"]) == (len(IMAGE), hashlib.sha256(IMAGE).digest())


@pytest.mark.parametrize(
    ("buffer_size_bytes", "settings", "size_bytes"),
    [
        (384, {}, 380),
        (100_000, {}, 2048),
        (2048, {"baudrate": 9600}, 256),
        (2048, {"baudrate": 19_200}, 421),
        (2048, {"port": "udp://127.0.0.1:1337"}, 1400),
        (2048, {"port": "socket://127.0.0.1:1", "baudrate": 9600}, 2044),
    ],
)
def test_packets_fit_the_board_the_line_and_whoever_waits(
    buffer_size_bytes: int, settings: dict[str, Any], size_bytes: int
) -> None:
    parameters = says({"buf_size": buffer_size_bytes, "buf_count": 4})
    is_datagram = settings.get("port", "").startswith("udp")
    far_end = board({(1, 1): Upload(), (0, 6): parameters}, is_datagram=is_datagram)

    on_a_line(far_end, lambda client: client.upload(IMAGE), **settings)

    assert max(far_end.sizes_bytes) == size_bytes


def test_an_upload_goes_on_where_it_was_broken_off() -> None:
    upload, told = Upload(IMAGE[:3000]), list[int]()
    far_end = board({(1, 1): upload})

    on_a_line(far_end, lambda client: client.upload(IMAGE, on_progress=told.append))

    assert bytes(upload.data) == IMAGE
    assert told[0] == 3000


def test_a_lost_answer_in_an_upload_costs_one_packet() -> None:
    upload = Upload()
    far_end = board({(1, 1): losing(1, upload)})

    on_a_line(far_end, lambda client: client.upload(IMAGE))

    assert bytes(upload.data) == IMAGE
    assert len(far_end.heard) == 1 + 4


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (says({"off": 0}), "takes nothing after 0 bytes"),
        (says({"off": 10_000_000}), "wants more than 5120 bytes"),
        (says({}), "No offset received"),
        (says({"off": "x"}), "not as it should be"),
        (says({"off": len(IMAGE), "match": False}), "mismatched"),
    ],
)
def test_a_board_that_does_not_take_an_upload_ends_it(reply: Reply, words: str) -> None:
    async def act(client: BoardClient) -> None:
        with pytest.raises(ProtocolViolationError, match=words) as violation:
            await client.upload(IMAGE)
        assert "\n" not in str(violation.value)

    on_a_line(board({(1, 1): reply}), act)


def test_a_refused_upload_says_why() -> None:
    async def act(client: BoardClient) -> None:
        with pytest.raises(BoardRefusedError, match="it runs a newer version"):
            await client.upload(IMAGE)

    on_a_line(board({(1, 1): refuses(1, 27)}), act)


def test_a_board_that_does_not_tell_its_buffer_has_the_smallest() -> None:
    far_end = board()
    del far_end.script[0, 6]

    assert on_a_line(far_end, lambda client: client.parameters()) == Parameters(384, 1)


def test_images_are_read_whatever_else_stands_there() -> None:
    images = [
        {"slot": 1, "version": "1.1.0", "hash": bytes(32), "pending": True, "colour": "red"},
        {"slot": 0, "version": "1.0.0", "hash": b"x" * 32, "active": True, "confirmed": True},
    ]
    far_end = board({(1, 0): says({"images": images, "splitStatus": 0, "newer": 1})})

    found = on_a_line(far_end, lambda client: client.images())

    assert found == (
        SlotImage(0, "1.0.0", b"x" * 32, is_active=True, is_confirmed=True),
        SlotImage(1, "1.1.0", bytes(32), is_pending=True),
    )


def test_an_image_is_put_on_trial_and_confirmed_by_its_hash() -> None:
    far_end = board({(1, 0): says({"images": []})})

    async def act(client: BoardClient) -> None:
        await client.test(b"x" * 32)
        await client.confirm(b"y" * 32)

    on_a_line(far_end, act)
    assert [values for *_, values in far_end.heard] == [
        {"hash": b"x" * 32, "confirm": False},
        {"hash": b"y" * 32, "confirm": True},
    ]


def test_a_restart_is_asked_for_once() -> None:
    far_end = board({(0, 5): lambda _: None})

    async def act(client: BoardClient) -> None:
        with pytest.raises(DeviceUnreachableError):
            await client.reset()

    on_a_line(far_end, act)
    assert len(far_end.heard) == 1


def test_an_erase_may_take_its_time() -> None:
    erased = board({(1, 5): says({})})
    reply = erased.receive_data

    def answer(data: bytes) -> list[tuple[float, bytes]]:
        return [(4.9, frame) for frame in reply(data)]

    on_a_line(erased, lambda client: client.erase(), answer=answer, attempt_count=1)

    assert set(map(str, erased.heard)) == {str((1, 5, {"slot": 1}))}


def test_statistics_are_read_by_group() -> None:
    fields = {"link": {"frames": 3}, "power": {"supply_mv": 12_000}}
    far_end = board(
        {
            (2, 1): says({"stat_list": list(fields)}),
            (2, 0): lambda values: {"name": values["name"], "fields": fields[values["name"]]},
        }
    )

    assert on_a_line(far_end, lambda client: client.statistics()) == fields


def test_a_file_is_read_part_by_part() -> None:
    def reply(values: dict[str, Any]) -> dict[str, Any]:
        part = {"off": values["off"], "data": IMAGE[values["off"] :][:1000]}
        return part if values["off"] else {**part, "len": len(IMAGE)}

    far_end = board({(8, 0): reply})

    assert on_a_line(far_end, lambda client: client.download("/log/board.txt")) == IMAGE


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"off": 0, "data": b""}, "does not say how long"),
        ({"off": 0, "data": b"", "len": 1 << 30}, "does not say how long"),
        ({"off": 0, "data": b"", "len": 9}, "another part"),
        ({"off": 5, "data": b"abc", "len": 9}, "another part"),
        ({"off": 0, "data": b"abc", "len": 2}, "another part"),
    ],
)
def test_a_file_that_is_none_ends(values: dict[str, Any], words: str) -> None:
    async def act(client: BoardClient) -> None:
        with pytest.raises(ProtocolViolationError, match=words):
            await client.download("/log/board.txt")

    on_a_line(board({(8, 0): says(values)}), act)


def test_an_empty_file_is_one() -> None:
    far_end = board({(8, 0): says({"off": 0, "data": b"", "len": 0})})

    assert on_a_line(far_end, lambda client: client.download("/log/board.txt")) == b""


def test_a_text_comes_back() -> None:
    far_end = board({(0, 0): lambda values: {"r": values["d"]}})

    assert on_a_line(far_end, lambda client: client.echo("门神")) == "门神"
