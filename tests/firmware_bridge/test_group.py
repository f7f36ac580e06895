from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import FrameError
from firmware_bridge import group
from firmware_bridge.bodies import decode_map, encode_map
from firmware_bridge.frames import Frame, Op
from firmware_bridge.group import (
    Answer,
    Beat,
    Claim,
    Claimed,
    Command,
    Configuration,
    Health,
    Held,
    Hold,
    Identity,
    Maintain,
    Maintained,
    Outputs,
    ReadConfig,
    ReadIdentity,
    ReadState,
    Request,
    SendHeartbeat,
    SetOutput,
    Signed,
    State,
    WriteConfig,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
    request_of,
)
from firmware_bridge.refusals import BOARD, OS, BoardRefusedError, Refusal, refusal_map

NONCE = b"12345678"
REQUEST = encode_request(SendHeartbeat(), sequence=5)
IDENTITY = Identity(
    model="MB-4",
    hw=42,
    revision="C",
    serial_number="A1-0042",
    version="1.2.3+4",
    image_hash=bytes(range(32)),
    input_count=8,
    output_count=4,
    reader_count=2,
    address=18,
    is_claimed=True,
    security_counter=3,
    slot_size_bytes=131_072,
)
STATE = State(boot=7, sequence=9, uptime_ms=1 << 40, inputs=5, health=18, raw_events=([9, 8, 10],))
CONFIG = Configuration(watchdog_ms=5000, safe=(1, 0, 2), fire_input=3, fire_on=1)
REQUESTS: list[tuple[Request, Op, int, dict[str, object]]] = [
    (ReadIdentity(), Op.READ, 0, {}),
    (ReadState(boot=7, sequence=4), Op.READ, 1, {"boot": 7, "seq": 4, "max": 16}),
    (SendHeartbeat(), Op.WRITE, 2, {}),
    (
        SetOutput(boot=7, nonce=NONCE, channel=3, is_on=True, duration_ms=500),
        Op.WRITE,
        3,
        {"boot": 7, "n": NONCE, "ch": 3, "on": True, "ms": 500},
    ),
    (ReadConfig(), Op.READ, 4, {}),
    (
        WriteConfig(boot=7, nonce=NONCE, watchdog_ms=0, safe=(1, 2), is_fire_inverted=False),
        Op.WRITE,
        4,
        {"boot": 7, "n": NONCE, "wd": 0, "safe": (1, 2), "fire_inv": False},
    ),
    (Hold(boot=7, duration_ms=60_000), Op.WRITE, 5, {"boot": 7, "ms": 60_000}),
    (Claim(boot=7, public_key=bytes(32)), Op.WRITE, 6, {"boot": 7, "key": bytes(32)}),
    (Signed(body=b"x", signature=bytes(64)), Op.WRITE, 7, {"body": b"x", "sig": bytes(64)}),
    (Maintain(boot=7, duration_ms=0), Op.WRITE, 8, {"boot": 7, "ms": 0}),
]
ANSWERS: list[Answer] = [
    IDENTITY,
    STATE,
    Beat(boot=7, is_safe=True, watchdog_ms=2990),
    Outputs(outputs=0x80000001),
    CONFIG,
    Held(hold_ms=1000),
    Claimed(key_start=bytes(8)),
    Maintained(duration_ms=600_000),
]


@pytest.mark.parametrize(("request_", "op", "command", "values"), REQUESTS)
def test_a_request_has_the_keys_of_the_page(
    request_: Request, op: Op, command: int, values: dict[str, object]
) -> None:
    frame = encode_request(request_, sequence=9)

    assert (frame.op, frame.group, frame.command, frame.sequence) == (op, 877, command, 9)
    assert request_.to_map() == values
    assert decode_request(frame) == request_


def test_every_command_has_a_request() -> None:
    assert {command for _, _, command, _ in REQUESTS} == set(Command)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_read_as_it_was_said(answer: Answer) -> None:
    assert decode_answer(encode_answer(REQUEST, answer), type(answer)) == answer


def test_an_identity_has_the_keys_of_the_page() -> None:
    assert IDENTITY.to_map() == {
        "proto": 1,
        "model": "MB-4",
        "hw": 42,
        "rev": "C",
        "sn": "A1-0042",
        "ver": "1.2.3+4",
        "hash": bytes(range(32)),
        "in": 8,
        "out": 4,
        "rd": 2,
        "addr": 18,
        "claimed": True,
        "counter": 3,
        "slot": 131_072,
    }


def test_a_state_has_the_keys_of_the_page() -> None:
    keys = "boot seq up in out safe cause fire hold wd health lost open ev"

    assert list(STATE.to_map()) == keys.split()


def test_a_configuration_is_as_delivered_where_nothing_is_said() -> None:
    assert Configuration().to_map() == {
        "wd": 3000,
        "safe": (),
        "fire_in": 255,
        "fire_inv": True,
        "fire_on": 0,
        "fire_off": 0,
        "inv": 0,
        "deb": 20,
        "trial": 300_000,
    }


def answered(values: dict[str, object]) -> Frame:
    return REQUEST.answer(encode_map(values))


def test_keys_that_nobody_knows_are_passed_over() -> None:
    newer = {**IDENTITY.to_map(), "colour": "red", "more": {"x": [1]}}

    assert decode_answer(answered(newer), Identity) == IDENTITY
    assert request_of(Op.WRITE, 2, {"newer": 1}) == SendHeartbeat()


def test_absent_keys_have_the_values_in_brackets() -> None:
    assert decode_answer(answered({"boot": 3}), State) == State(boot=3)
    assert request_of(Op.READ, 1, {}) == ReadState(boot=0, sequence=0, event_count_max=16)
    assert request_of(Op.WRITE, 3, {"n": NONCE, "ch": 0, "on": True}).to_map()["ms"] == 0


@pytest.mark.parametrize(
    "values",
    [
        {"boot": 0},
        {"boot": "7"},
        {"boot": True},
        {"boot": -1},
        {"boot": 7, "in": 1 << 32},
        {"boot": 7, "ev": [[1, 2]]},
        {"boot": 7, "ev": [["a", 2, 3]]},
        {"boot": 7, "ev": 3},
        {},
    ],
)
def test_an_answer_that_is_not_as_it_should_be_is_noise(values: dict[str, object]) -> None:
    with pytest.raises(FrameError, match="not as it should be"):
        decode_answer(answered(values), State)


@pytest.mark.parametrize("body", [b"", b"\x83\x01", b"\xff", b"\x01", b"\x80", b"\xa1\x01"])
def test_a_body_that_is_no_map_is_noise(body: bytes) -> None:
    with pytest.raises(FrameError, match="a body is no"):
        decode_answer(REQUEST.answer(body), Beat)


def test_a_map_of_indefinite_length_is_read() -> None:
    assert decode_map(bytes.fromhex("BF 64 626F6F74 07 FF")) == {"boot": 7}


def test_keys_that_are_no_text_are_passed_over() -> None:
    assert decode_map(encode_map({"boot": 7}) + b"") == {"boot": 7}
    assert decode_map(bytes.fromhex("A2 01 02 61 61 03")) == {"a": 3}


def refused(command: int, values: dict[str, object], op: Op = Op.WRITE) -> tuple[int, int | None]:
    with pytest.raises(BoardRefusedError) as refusal:
        request_of(op, command, values)
    return refusal.value.group, refusal.value.code


@pytest.mark.parametrize(
    ("command", "values", "code"),
    [
        (3, {"ch": 0, "on": True}, (OS, 3)),
        (3, {"n": NONCE, "ch": 0, "on": 1}, (OS, 3)),
        (3, {"n": "12345678", "ch": 0, "on": True}, (OS, 3)),
        (3, {"n": b"1234567", "ch": 0, "on": True}, (BOARD, 3)),
        (3, {"n": NONCE, "ch": 0, "on": True, "ms": 600_001}, (BOARD, 3)),
        (5, {"ms": 0}, (BOARD, 3)),
        (5, {"ms": 600_001}, (BOARD, 3)),
        (6, {"key": bytes(31)}, (BOARD, 3)),
        (8, {"ms": 600_001}, (BOARD, 3)),
        (9, {}, (OS, 8)),
        (0, {}, (OS, 8)),
    ],
)
def test_a_request_out_of_bounds_is_refused_as_the_page_says(
    command: int, values: dict[str, object], code: tuple[int, int]
) -> None:
    assert refused(command, values) == code


@pytest.mark.parametrize("version", [0, 1])
def test_a_refusal_is_read_in_both_versions(version: int) -> None:
    frame = Frame(Op.WRITE, 877, 3, 1, b"", version)
    said = frame.answer(encode_map(refusal_map(BOARD, Refusal.FIRE, version=version)))

    with pytest.raises(BoardRefusedError, match="its fire input is active") as refusal:
        decode_answer(said, Outputs)
    assert (refusal.value.group, refusal.value.code) == (BOARD, Refusal.FIRE)


def test_a_bare_code_is_one_of_smp_and_not_of_the_group() -> None:
    with pytest.raises(BoardRefusedError, match="does not know this command") as refusal:
        decode_answer(answered({"rc": 8}), Beat)
    assert refusal.value.group == OS


def test_a_code_that_nobody_knows_is_a_refusal() -> None:
    with pytest.raises(BoardRefusedError, match=r"refuses \(code 99 of group 877\)"):
        decode_answer(answered({"err": {"group": 877, "rc": 99}}), Beat)


@pytest.mark.parametrize("said", [{"rc": 0}, {"err": {"group": 877, "rc": 0}}, {"err": 3}])
def test_what_refuses_nothing_is_an_answer(said: dict[str, object]) -> None:
    assert decode_answer(answered({"boot": 7, **said}), Beat) == Beat(boot=7)


def test_health_is_said_in_words() -> None:
    assert Health(0b110011).words == ("supply", "temperature", "output", "bit_5")
    assert Health(0).words == ()


@pytest.mark.parametrize("serial_number", ["A|B", "Ä", "A\n"])
def test_a_serial_number_that_could_move_a_signature_is_refused(serial_number: str) -> None:
    values = {**IDENTITY.to_map(), "sn": serial_number}

    with pytest.raises(FrameError):
        decode_answer(answered(values), Identity)


@given(st.binary(max_size=300), st.sampled_from(ANSWERS))
def test_garbage_never_escapes(body: bytes, answer: Answer) -> None:
    with suppress(FrameError, BoardRefusedError):
        decode_answer(REQUEST.answer(body), type(answer))
    with suppress(FrameError, BoardRefusedError):
        decode_request(Frame(Op.WRITE, 877, body[0] % 10 if body else 0, 1, body))


def test_the_group_has_its_number() -> None:
    assert (BOARD, group.PROTOCOL) == (877, 1)
