"""DL/T 645-2007: frames, the driver, and the independent package ``dlt645`` at either end."""

import asyncio
import os
import threading
import time
import tty
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from dlt645 import MeterClientService, MeterServerService
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    ProtocolViolationError,
    ReadingChanged,
)
from drivers.bus import Bus
from drivers.dlt645 import Dlt645
from drivers.protocols import FrameError
from drivers.protocols.dlt645 import (
    ITEMS,
    MORE,
    READ,
    READ_FOLLOWING,
    REPLY,
    Frame,
    FrameDecoder,
    ReplyDecoder,
    bcd,
    encode,
    read_request,
)
from drivers.simulation import Simulation, Wiring
from drivers.simulators.dlt645 import Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

METER = "000000000161"
PEER_S_METER = "610100000000"
"""The package takes an address as it stands on the wire, lowest byte first."""
ENERGY_REQUEST = bytes.fromhex("68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16")
ENERGY_REPLY = bytes.fromhex("68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16")
VOLTAGE_REPLY = bytes.fromhex("68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16")
frames = st.builds(
    Frame,
    st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}"),
    st.integers(0, 255),
    st.binary(max_size=40),
)


def test_a_request_is_framed_as_the_standard_has_it() -> None:
    assert encode(read_request(METER, 0x00010000), preamble_count=0) == ENERGY_REQUEST
    assert encode(read_request(METER, 0x00010000)).startswith(bytes.fromhex("FE FE FE FE 68"))


@pytest.mark.parametrize(
    ("raw", "quantity", "value"),
    [(ENERGY_REPLY, "energy_import", "0.26"), (VOLTAGE_REPLY, "voltage_l1", "100.1")],
)
def test_a_reply_means_what_the_standard_says(raw: bytes, quantity: str, value: str) -> None:
    decoder = ReplyDecoder(read_request(METER, ITEMS[quantity].identifier))

    (frame,), _ = frames_of(decoder, [b"\xfe\xfe" + raw])

    assert ITEMS[quantity].value(frame.data[4:]) == Decimal(value)


@given(sent=st.lists(frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


def test_a_damaged_frame_does_not_hide_the_good_one_behind_it() -> None:
    damaged = ENERGY_REPLY[:12] + b"\x00" + ENERGY_REPLY[13:]

    found, refusals = frames_of(FrameDecoder(), [damaged + ENERGY_REPLY])

    assert len(found) == 1
    assert refusals


@pytest.mark.parametrize(
    "other",
    [
        Frame("000000000162", READ | REPLY, bytes.fromhex("00 00 01 00 26 00 00 00")),
        Frame(METER, READ | REPLY, bytes.fromhex("00 00 02 00 26 00 00 00")),
        Frame(METER, 0x93, bytes(6)),
    ],
    ids=["another meter", "another reading", "another question"],
)
def test_a_sound_frame_that_is_not_the_answer_is_passed_over(other: Frame) -> None:
    decoder = ReplyDecoder(read_request(METER, 0x00010000))

    found, refusals = frames_of(decoder, [encode(other) + ENERGY_REPLY])

    assert (len(found), len(refusals)) == (1, 1)


def test_a_digit_that_is_none_is_no_number() -> None:
    with pytest.raises(FrameError, match="no BCD number: 2A"):
        bcd(b"\x2a")


def simulator() -> Simulator:
    return Simulator(Simulator.Settings())


def test_the_first_poll_reads_all_and_the_next_reports_what_changed() -> None:
    meter = simulator()

    async def act(bus: Bus) -> None:
        driver = Dlt645(bus, Dlt645.Settings())
        first = await driver.poll()
        meter.act("turn", {"kwh": 1})

        assert ReadingChanged("energy_import", Decimal("1234.56"), "kWh") in first
        found = [o for _ in range(4) for o in await driver.poll()]
        assert found == [ReadingChanged("energy_import", Decimal("1235.56"), "kWh")]

    with_bus(LineInMemory(answers_of(meter)), act)


def test_a_meter_that_does_not_have_a_reading_says_so() -> None:
    meter = simulator()
    meter.act("lose", {"quantity": "power_total"})

    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="refuses: no such data"):
            await Dlt645(bus, Dlt645.Settings()).poll()

    with_bus(LineInMemory(answers_of(meter)), act)


def test_a_reading_with_wrong_digits_is_not_believed() -> None:
    reply = Frame(METER, READ | REPLY, bytes.fromhex("00 00 01 00 FF 00 00 00"))

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="no BCD number"):
            await Dlt645(bus, Dlt645.Settings(attempt_count=1)).start()

    with_bus(LineInMemory(lambda _: [(0.0, encode(reply))]), act)


def test_a_long_answer_is_fetched_to_its_end() -> None:
    identifier = bytes.fromhex("00 00 01 00")
    parts = {
        READ: Frame(METER, READ | REPLY | MORE, identifier + bytes.fromhex("26 00")),
        READ_FOLLOWING: Frame(
            METER, READ_FOLLOWING | REPLY, identifier + bytes.fromhex("00 00 01")
        ),
    }

    def answer(data: bytes) -> list[tuple[float, bytes]]:
        (asked,), _ = frames_of(FrameDecoder(), [data])
        return [(0.0, encode(parts[asked.control]))]

    async def act(bus: Bus) -> None:
        driver = Dlt645(bus, Dlt645.Settings(readings=("energy_import",)))

        assert await driver.poll() == [ReadingChanged("energy_import", Decimal("0.26"), "kWh")]

    with_bus(LineInMemory(answer), act)


def test_the_only_meter_s_address_can_be_asked_for_and_the_time_told() -> None:
    meter = simulator()

    async def act(bus: Bus) -> None:
        driver = Dlt645(bus, Dlt645.Settings())
        await driver.set_time(datetime(2026, 11, 23, 12, 34, 56))  # noqa: DTZ001 - the meter's zone

        assert await driver.read_address() == METER
        assert meter.time == "261123123456"

    with_bus(LineInMemory(answers_of(meter)), act)


def test_a_silent_meter_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError):
            await Dlt645(bus, Dlt645.Settings(timeout_s=0.02, attempt_count=1)).start()

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize(
    "settings", [{"address": "161"}, {"readings": ("colour",)}, {"readings": ()}]
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"dlt645: {next(iter(settings))} is"):
        Dlt645.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose


class Cable:
    """Two pseudo-terminals joined, for two programs that both want a path."""

    def __init__(self) -> None:
        self._ends = [os.openpty(), os.openpty()]
        for master, _ in self._ends:
            tty.setraw(master)
        self.paths = [os.ttyname(slave) for _, slave in self._ends]
        self._is_cut = threading.Event()
        self._threads = [
            threading.Thread(target=self._carry, args=pair, daemon=True)
            for pair in ((0, 1), (1, 0))
        ]
        for thread in self._threads:
            thread.start()

    def _carry(self, here: int, there: int) -> None:
        os.set_blocking(self._ends[here][0], False)
        while not self._is_cut.is_set():
            try:
                os.write(self._ends[there][0], os.read(self._ends[here][0], 512))
            except BlockingIOError:
                self._is_cut.wait(0.002)

    def cut(self) -> None:
        self._is_cut.set()
        for thread in self._threads:
            thread.join()
        for descriptors in self._ends:
            for descriptor in descriptors:
                os.close(descriptor)


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable()
    yield cable
    cable.cut()


def test_the_independent_meter_is_read_by_our_driver(cable: Cable) -> None:
    server = MeterServerService.new_rtu_server(cable.paths[0], 8, 1, 9600, "N", 1.0)
    server.set_address(PEER_S_METER)
    server.set_00(0x00010000, 50.0)
    server.set_02(0x02010100, 220.5)
    server.server.start()

    async def act() -> list[object]:
        bus = Bus(cable.paths[1])
        try:
            settings = Dlt645.Settings(readings=("energy_import", "voltage_l1"))
            return list(await Dlt645(bus, settings).poll())
        finally:
            await bus.close()

    try:
        found = asyncio.run(act())
    finally:
        server.server.stop()
    assert found == [
        ReadingChanged("energy_import", Decimal("50.00"), "kWh"),
        ReadingChanged("voltage_l1", Decimal("220.5"), "V"),
    ]


def test_the_independent_client_reads_our_simulator(tmp_path: Path) -> None:
    with Simulation("dlt645", {}, Wiring(link=tmp_path / "meter")) as simulation:
        simulation.act("show", {"quantity": "voltage_l1", "value": 221.7})
        client = MeterClientService.new_rtu_client(simulation.address, 9600, 8, 1, "N", 2.0)
        client.set_address(PEER_S_METER)
        deadline_s, reading = time.monotonic() + 10, None
        while reading is None and time.monotonic() < deadline_s:
            reading = client.read_02(0x02010100)

    assert reading is not None
    assert reading.value == 221.7
