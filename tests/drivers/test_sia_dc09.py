"""SIA DC-09: messages, the receiver's answers, and ``pysiaalarm`` as an independent receiver."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pysiaalarm.account import SIAAccount
from pysiaalarm.event import SIAEvent

from drivers.base import DeviceUnreachableError, PointChanged, PointCondition
from drivers.bus import Bus
from drivers.protocols import FrameError
from drivers.protocols.sia_dc09 import (
    Event,
    Message,
    MessageDecoder,
    crc,
    decrypt,
    encode,
    event_of,
)
from drivers.sia_dc09 import SiaDc09
from drivers.simulators.sia_dc09 import REPEAT_AFTER_S, REPEAT_COUNT, Simulator
from tests.drivers.heard import ClockOfATest, cut, frames_of
from tests.drivers.lines import LineInMemory, with_bus

VECTOR = b'\nD3610033"SIA-DCS"0001L0#1234[#1234|Nri1/FA01*SMOKE HALL*NM]\r'
FIRE = Message("SIA-DCS", "0001", "", "L0", "1234", "#1234|Nri1/FA01*SMOKE HALL*NM")
KEY = b"0123456789abcdef"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def test_the_vector_is_read_and_written_byte_for_byte() -> None:
    assert frames_of(MessageDecoder(), [VECTOR]) == ([FIRE], [])
    assert encode(FIRE) == VECTOR


@pytest.mark.parametrize("size", range(1, 9))
def test_messages_come_out_whatever_the_pieces(size: int) -> None:
    assert frames_of(MessageDecoder(), cut(VECTOR * 2, [size])) == ([FIRE, FIRE], [])


def test_a_crc_of_two_raw_bytes_is_taken() -> None:
    body = VECTOR[9:-1]
    raw = b"\n" + crc(body).to_bytes(2, "big") + VECTOR[5:]

    assert frames_of(MessageDecoder(), [raw])[0] == [FIRE]


def test_a_damaged_message_does_not_hide_the_good_one_behind_it() -> None:
    found, refusals = frames_of(MessageDecoder(), [VECTOR.replace(b"HALL", b"BALL") + VECTOR])

    assert found == [FIRE]
    assert refusals


def test_what_is_refused_is_not_quoted() -> None:
    decoder = MessageDecoder()
    decoder.receive_data(VECTOR.replace(b"HALL", b"BALL"))

    with pytest.raises(FrameError) as caught:
        decoder.next_frame()

    assert "BALL" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "content", "event"),
    [
        ("SIA-DCS", "#1234|Nri1/FA01*SMOKE HALL*NM", Event("FA", "1", "01", "SMOKE HALL")),
        ("SIA-DCS", "#1234|NFA", Event("FA", "", "")),
        ("ADM-CID", "#1234|1110 01 001", Event("110", "01", "001")),
        ("ADM-CID", "#1234|3301 00 000", Event("301", "00", "000", is_restore=True)),
        ("NULL", "", None),
    ],
)
def test_a_message_s_event_is_read(kind: str, content: str, event: Event | None) -> None:
    assert event_of(Message(kind, "0001", content=content)) == event


def test_an_encrypted_message_is_read_with_its_key_and_with_no_other() -> None:
    (message,), _ = frames_of(MessageDecoder(), [encode(FIRE, KEY, now=NOW)])

    plain = decrypt(message, KEY)

    assert (plain.content, plain.sent_at) == (FIRE.content, NOW)
    assert "SMOKE" not in repr(plain)
    with pytest.raises(FrameError, match="is the key the panel's"):
        decrypt(message, bytes(16))


def peer_s_event(raw: bytes, key: str | None = None) -> SIAEvent:
    accounts = {"1234": SIAAccount("1234", key, allowed_timeband=None)}
    return SIAEvent.from_line(raw.decode().strip("\n\r"), accounts)


def test_the_independent_receiver_takes_our_panel_s_messages() -> None:
    panel = Simulator(Simulator.Settings())
    panel.act("fire", {})
    (raw,) = panel.step(0.0)

    event = peer_s_event(raw)

    assert (event.valid_message, event.code, event.account) == (True, "FA", "1234")
    assert event.ri == "1"
    assert event.message == "01*SMOKE HALL*NM"


def test_our_panel_takes_the_independent_receiver_s_answer() -> None:
    panel = Simulator(Simulator.Settings())
    panel.act("fire", {})
    (raw,) = panel.step(0.0)
    answer = peer_s_event(raw).create_response()

    panel.receive_data(answer)

    assert panel.state() == {"acknowledged": 1, "refused": 0, "given_up": 0, "waiting": 0}


def test_the_independent_receiver_reads_what_we_encrypt() -> None:
    raw = encode(dataclasses.replace(FIRE, receiver="R0"), KEY, now=datetime.now(UTC))

    event = peer_s_event(raw, KEY.decode())

    assert (event.valid_message, event.code, event.ri) == (True, "FA", "1")


class Wire:
    """A receiver on a line in memory; panels' messages are let arrive by hand."""

    def __init__(self, bus: Bus, line: LineInMemory, settings: SiaDc09.Settings) -> None:
        self.line, self.clock = line, ClockOfATest()
        self.driver = SiaDc09(bus, settings, self.clock, lambda: NOW)

    async def polled(self, raw: bytes) -> tuple[list[object], Message]:
        """Let a message arrive; returns what was observed and what was answered."""
        count, found = len(self.line.sent), list[object]()
        self.line.arrive(raw)
        while len(self.line.sent) == count:
            found += await self.driver.poll()
            await asyncio.sleep(0.001)
        (answer,), _ = frames_of(MessageDecoder(), [self.line.sent[-1][1]])
        return found, answer


async def wired(bus: Bus, line: LineInMemory, **settings: object) -> Wire:
    wire = Wire(bus, line, SiaDc09.Settings(**settings))  # type: ignore[arg-type]  # of the tests
    await wire.driver.start()
    return wire


def test_an_acknowledgement_has_the_sequence_and_never_the_word_none() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        wire = await wired(bus, line)
        found, answer = await wire.polled(VECTOR)

        assert found == [PointChanged("1234/1/01", (PointCondition.FIRE,), "SMOKE HALL", "FA")]
        assert (answer.kind, answer.sequence, answer.receiver) == ("ACK", "0001", "")
        assert b"None" not in line.sent[-1][1]

    with_bus(line, act)


def test_a_repetition_is_acknowledged_and_told_once() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        wire = await wired(bus, line)
        (first, _), (second, answer) = await wire.polled(VECTOR), await wire.polled(VECTOR)

        assert (len(first), second, answer.kind) == (1, [], "ACK")

    with_bus(line, act)


def test_a_restore_ends_the_condition_and_keeps_the_text() -> None:
    line = LineInMemory()
    restore = dataclasses.replace(FIRE, sequence="0002", content="#1234|Nri1/FH01")

    async def act(bus: Bus) -> None:
        wire = await wired(bus, line)
        await wire.polled(VECTOR)
        found, _ = await wire.polled(encode(restore))

        assert found == [PointChanged("1234/1/01", (), "SMOKE HALL", "FH")]

    with_bus(line, act)


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (encode(Message("NULL", "0007", account="1234")), "ACK"),
        (encode(Message("SIA-DCS", "0007", account="1234", content="#1234|NXX99")), "ACK"),
        (encode(Message("HELLO", "0007", account="1234")), "DUH"),
        (encode(FIRE, KEY, now=NOW), "NAK"),
    ],
    ids=["supervision", "a code without meaning here", "another protocol", "encrypted"],
)
def test_what_reports_nothing_is_answered_as_the_standard_says(raw: bytes, answer: str) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        found, said = await (await wired(bus, line)).polled(raw)

        assert (found, said.kind) == ([], answer)

    with_bus(line, act)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "panel.key"
    path.write_text(KEY.hex(), encoding="ascii")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("age_s", "kind"), [(0, "ACK"), (39, "ACK"), (41, "NAK"), (-19, "ACK"), (-21, "NAK")]
)
def test_an_encrypted_message_must_be_of_our_time(key_file: Path, age_s: int, kind: str) -> None:
    line = LineInMemory()
    raw = encode(FIRE, KEY, now=NOW - timedelta(seconds=age_s))

    async def act(bus: Bus) -> None:
        found, answer = await (await wired(bus, line, key_file=str(key_file))).polled(raw)

        assert (answer.kind, bool(found)) == (kind, kind == "ACK")
        assert bool(answer.encrypted) == (kind == "ACK")

    with_bus(line, act)


def test_with_a_key_a_message_in_the_clear_is_refused(key_file: Path) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        found, answer = await (await wired(bus, line, key_file=str(key_file))).polled(VECTOR)

        assert (found, answer.kind) == ([], "NAK")
        assert b"_12:00:00,11-23-2026" in line.sent[-1][1]

    with_bus(line, act)


def test_silence_beyond_supervision_is_an_absence() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        wire = await wired(bus, line, supervision_s_max=180.0)
        wire.clock.now_s += 181

        with pytest.raises(DeviceUnreachableError, match="silent for 181 s"):
            await wire.driver.poll()

    with_bus(line, act)


def test_a_panel_repeats_and_gives_up() -> None:
    panel = Simulator(Simulator.Settings())
    panel.act("supervise", {})

    said = [len(panel.step(REPEAT_AFTER_S)) for _ in range(REPEAT_COUNT + 4)]

    assert (sum(said), panel.given_up) == (REPEAT_COUNT + 1, 1)


def test_a_key_file_that_others_can_read_is_refused(key_file: Path) -> None:
    key_file.chmod(0o644)

    with pytest.raises(ValueError, match="is open to others: chmod 600"):
        SiaDc09(Bus("none"), SiaDc09.Settings(key_file=str(key_file)))


@pytest.mark.parametrize("settings", [{"account": "xyz"}, {"supervision_s_max": -1.0}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"sia_dc09: {next(iter(settings))} is"):
        SiaDc09.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose
