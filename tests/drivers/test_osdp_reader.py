"""The driver against libosdp's own device, over a pseudo-terminal."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    Display,
    FaultsChanged,
    InputChanged,
    KeysPressed,
    Observation,
    OutputBoard,
    PowerFaultChanged,
    SecureChannelChanged,
    TamperChanged,
)
from drivers.bus import Bus
from drivers.osdp_reader import LedColour, OsdpReader
from drivers.readings import READING_AGE_S_MAX
from drivers.simulation import Simulation, Wiring
from tests.drivers.heard import ClockOfATest, observed

KEY = "00112233445566778899AABBCCDDEEFF"
FIRST_POLL = [
    SecureChannelChanged(active=True),
    TamperChanged(active=False),
    PowerFaultChanged(active=False),
]
CARD = CredentialRead(CredentialKind.WIEGAND, "2D4B19B", bit_length=26)
Readers = list[OsdpReader]
BUSY_S = 3.0
"""What takes a second at most may take so long on a busy machine; a mistake takes longer."""


def key_file(folder: Path, key: str = KEY) -> str:
    path = folder / "reader.key"
    path.touch(mode=0o600)
    path.write_text(key)
    return str(path)


@contextlib.asynccontextmanager
async def running(
    simulation: Simulation, addresses: Sequence[int], **settings: object
) -> AsyncIterator[Readers]:
    """Make readers on one bus; they leave it at the end."""
    bus = Bus(simulation.driver_port, baudrate=115_200)
    given: dict[str, Any] = dict(settings)
    readers = [
        OsdpReader(bus, OsdpReader.Settings(address=address, **given)) for address in addresses
    ]
    try:
        async with asyncio.timeout(60):
            yield readers
    finally:
        for reader in readers:
            await reader.close()
        await bus.close()


def with_readers(
    folder: Path,
    act: Callable[[Simulation, Readers], Awaitable[None]],
    *,
    addresses: Sequence[int] = (0,),
    simulated: Sequence[int] | None = None,
    key: str = KEY,
    faults: dict[str, float | None] | None = None,
    **settings: object,
) -> None:
    """Run a test with readers that are simulated, and with their drivers."""

    async def run(simulation: Simulation) -> None:
        async with running(simulation, addresses, **settings) as readers:
            await act(simulation, readers)

    settings.setdefault("key_file", key_file(folder))
    simulator_settings = {"address": simulated or addresses, "key": key}
    wiring = Wiring(link=folder / "line", faults=faults or {})
    with Simulation("osdp_reader", simulator_settings, wiring) as simulation:
        asyncio.run(run(simulation))


async def absence(reader: OsdpReader) -> tuple[str, float]:
    """Return what is said when a reader is gone, and after how many seconds."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while True:
        try:
            await reader.poll()
        except DeviceUnreachableError as error:
            return str(error), loop.time() - began_s
        await asyncio.sleep(0.01)


async def back(reader: OsdpReader) -> Sequence[Observation]:
    """Return the first poll's observations when a reader is there again."""
    while True:
        await asyncio.sleep(0.01)
        with contextlib.suppress(DeviceUnreachableError):
            return await reader.poll()


async def until_seen(reader: OsdpReader, wanted: Observation) -> list[Observation]:
    """Return what is observed up to something that is waited for, through absences."""
    found: list[Observation] = []
    while wanted not in found:
        found += await back(reader)
    return found


def test_it_has_the_capabilities_that_it_says(tmp_path: Path) -> None:
    reader = OsdpReader(Bus("none"), OsdpReader.Settings(key_file=key_file(tmp_path)))

    assert isinstance(reader, OutputBoard)
    assert isinstance(reader, Display)


def test_cards_keys_and_states_are_reported_once(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        assert await reader.poll() == FIRST_POLL
        simulation.act("swipe", {})
        simulation.act("keys", {"digits": "19*#"})
        simulation.act("tamper", {})
        simulation.act("power_fault", {})

        assert await observed(reader, 4) == [
            CARD,
            KeysPressed("19*#"),
            TamperChanged(active=True),
            PowerFaultChanged(active=True),
        ]
        assert await reader.poll() == []

    with_readers(tmp_path, act)


def test_inputs_are_reported_from_their_first_report_on(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.act("input", {"channel": 2})
        found = await observed(reader, 8)
        simulation.act("input", {"channel": 2, "on": False})

        assert found == [InputChanged(channel, active=channel == 2) for channel in range(8)]
        assert await observed(reader) == [InputChanged(2, active=False)]

    with_readers(tmp_path, act)


def test_leading_zeros_of_a_card_count(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.act("swipe", {"card": "01", "bit_length": 37})

        found = await observed(reader)

        assert found == [CredentialRead(CredentialKind.WIEGAND, "0000000001", bit_length=37)]
        assert "0000000001" not in repr(found)

    with_readers(tmp_path, act)


def test_commands_are_confirmed_and_seen_at_the_reader(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()

        receipts = [
            await reader.set_output(2, on=True),
            await reader.pulse_output(3, duration_s=0.5),
            await reader.show("Welcome"),
            await reader.set_led(LedColour.GREEN),
            await reader.beep(count=3),
        ]

        state = simulation.state()["readers"]["0"]
        assert receipts == [CommandReceipt(attempts=1)] * 5
        assert [index for index, on in enumerate(state["outputs"]) if on] == [2, 3]
        assert (state["text"], state["led"], state["beep_count"]) == ("Welcome", "green", 3)

    with_readers(tmp_path, act)


def test_a_refused_command_is_an_error_and_the_reader_stays(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.act("refuse", {})

        with pytest.raises(CommandRejectedError, match="reader 0 refuses"):
            await reader.show("no")

        simulation.act("refuse", {"on": False})
        simulation.act("swipe", {})
        await until_seen(reader, CARD)

    with_readers(tmp_path, act)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda reader: reader.set_output(8, on=True), r"channel is 0\.\.7, not 8"),
        (lambda reader: reader.set_output(-1, on=True), r"channel is 0\.\.7, not -1"),
        (lambda reader: reader.pulse_output(0, duration_s=0), r"a time is 0\.1\.\.6553\.5 s"),
        (lambda reader: reader.pulse_output(0, duration_s=float("nan")), "a time is"),
        (lambda reader: reader.beep(count=0), r"count is 1\.\.255"),
        (lambda reader: reader.show("ü"), "up to 32 printable ASCII"),
        (lambda reader: reader.show("x" * 33), "up to 32 printable ASCII"),
        (lambda reader: reader.set_led(LedColour.RED, duration_s=6554), "a time is"),
    ],
)
def test_impossible_commands_are_not_sent(
    tmp_path: Path, call: Callable[[OsdpReader], Awaitable[CommandReceipt]], why: str
) -> None:
    async def act(_: Simulation, readers: Readers) -> None:
        await readers[0].start()

        with pytest.raises(ValueError, match=why):
            await call(readers[0])

    with_readers(tmp_path, act)


def test_a_reader_with_another_key_is_not_heard(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        simulation.act("swipe", {})

        with pytest.raises(DeviceUnreachableError, match="no secure channel with reader 0"):
            await reader.start()
        with pytest.raises(DeviceUnreachableError, match="no secure channel"):
            await reader.poll()
        with pytest.raises(DeviceUnreachableError, match="no secure channel"):
            await reader.show("hello")

    with_readers(tmp_path, act, key="FF112233445566778899AABBCCDDEEFF", timeout_s=0.5)


def test_outside_install_mode_no_key_is_given(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        with pytest.raises(DeviceUnreachableError, match="no secure channel"):
            await readers[0].start()

        assert not simulation.state()["readers"]["0"]["has_key"]

    with_readers(tmp_path, act, key="", timeout_s=0.5)


def test_install_mode_gives_a_new_reader_its_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "new.key"

    async def act(simulation: Simulation, readers: Readers) -> None:
        await readers[0].start()

        found = await readers[0].poll()

        assert found[:2] == [SecureChannelChanged(active=True), FaultsChanged(("install_mode",))]
        assert simulation.state()["readers"]["0"]["has_key"]

    with caplog.at_level(logging.DEBUG):
        with_readers(tmp_path, act, key="", key_file=str(path), install_mode=True)

    assert "reader 0 on" in caplog.text
    assert "install mode" in caplog.text
    assert path.read_text().strip() not in caplog.text


def test_without_its_key_file_a_reader_says_so_and_the_others_work(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        bus = readers[0]._bus  # noqa: SLF001 - the same line
        path = str(tmp_path / "none")
        keyless = OsdpReader(bus, OsdpReader.Settings(address=9, key_file=path))

        with pytest.raises(DeviceUnreachableError, match=r"key_file .*none cannot be read"):
            await keyless.start()
        await readers[0].start()

        assert await readers[0].poll() == FIRST_POLL
        await keyless.close()

    with_readers(tmp_path, act)


def test_absence_is_noticed_within_a_second_and_nothing_is_lost(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.set_fault({"kind": "mute", "on": True})
        simulation.act("swipe", {})

        said, after_s = await absence(reader)
        simulation.set_fault({"kind": "mute", "on": False})
        found = [*await back(reader), *await observed(reader)]

        assert said == "no reply from reader 0 for 0.8 s"
        assert after_s < BUSY_S
        assert found[0] == SecureChannelChanged(active=True)
        assert found.count(CARD) == 1

    with_readers(tmp_path, act)


def test_a_pulled_adapter_is_noticed_at_once_and_found_again(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.set_fault({"kind": "unplug", "on": True})
        simulation.act("swipe", {})

        said, after_s = await absence(reader)
        simulation.set_fault({"kind": "unplug", "on": False})
        found = [*await back(reader), *await observed(reader)]

        assert "line is gone" in said
        assert after_s < BUSY_S
        assert found.count(CARD) == 1

    with_readers(tmp_path, act)


def test_a_reader_that_lost_power_is_begun_anew_at_once(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        began_s = asyncio.get_running_loop().time()
        simulation.act("restart", {})
        await asyncio.sleep(0.2)
        simulation.act("swipe", {})

        await until_seen(reader, CARD)

        assert asyncio.get_running_loop().time() - began_s < 2 * BUSY_S

    with_readers(tmp_path, act)


def test_one_reader_s_absence_costs_the_others_little(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        absent, present = readers
        await present.start()
        await present.poll()
        with pytest.raises(DeviceUnreachableError, match="no reply from reader 3"):
            await absent.start()
        began_s = asyncio.get_running_loop().time()
        simulation.act("swipe", {"address": 5})

        found = await observed(present)

        assert found == [CARD]
        assert asyncio.get_running_loop().time() - began_s < BUSY_S

    with_readers(tmp_path, act, addresses=(3, 5), simulated=(5,), timeout_s=4.0)


def test_readers_of_one_line_are_told_apart(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        for reader in readers:
            await reader.start()
            await reader.poll()
        simulation.act("tamper", {"address": 2})

        assert await observed(readers[1]) == [TamperChanged(active=True)]
        assert [await reader.poll() for reader in readers] == [[], [], []]

    with_readers(tmp_path, act, addresses=(1, 2, 126))


def test_two_readers_with_one_address_are_refused(tmp_path: Path) -> None:
    bus, settings = Bus("none"), OsdpReader.Settings(key_file=key_file(tmp_path))
    reader = OsdpReader(bus, settings)

    with pytest.raises(ValueError, match="two readers have address 0"):
        OsdpReader(bus, settings)

    assert reader.line_reader is not None


def test_no_card_is_lost_among_damaged_frames(tmp_path: Path) -> None:
    faults: dict[str, float | None] = {"noise": 0.2, "drop": 0.05, "truncate": 0.05}
    cards = [f"{number:02X}" for number in range(1, 21)]

    async def act(simulation: Simulation, readers: Readers) -> None:
        await readers[0].start()
        await readers[0].poll()
        for card in cards:
            simulation.act("swipe", {"card": card, "bit_length": 8})

        found = await observed(readers[0], len(cards))

        assert [card.number for card in found if isinstance(card, CredentialRead)] == cards
        assert any("a damaged reply was asked for again" in text for text in readers[0].findings)

    with_readers(tmp_path, act, faults=faults)


@pytest.mark.parametrize("kind", ["late", "duplicate", "echo", "babble", "dribble", "foreign"])
def test_what_a_line_does_to_frames_is_survived(tmp_path: Path, kind: str) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        with contextlib.suppress(DeviceUnreachableError):
            await readers[0].start()
        await back(readers[0])
        simulation.act("swipe", {})

        found = await until_seen(readers[0], CARD)

        assert found.count(CARD) == 1

    with_readers(tmp_path, act, faults={kind: None})


def test_a_card_that_nobody_fetched_in_time_opens_nothing(tmp_path: Path) -> None:
    clock = ClockOfATest(now_s=time.monotonic() + 2 * READING_AGE_S_MAX)

    async def act(simulation: Simulation, readers: Readers) -> None:
        bus = Bus(simulation.driver_port, baudrate=115_200)
        settings = OsdpReader.Settings(key_file=key_file(tmp_path))
        reader = OsdpReader(bus, settings, clock)
        await reader.start()
        await reader.poll()
        simulation.act("swipe", {})
        simulation.act("tamper", {})

        found = await observed(reader)
        await reader.close()

        assert found == [TamperChanged(active=True)]
        assert "1 x a reading waited longer than 5 s" in reader.findings

    with_readers(tmp_path, act)


def test_a_command_nobody_waits_for_any_more_is_not_done_later(tmp_path: Path) -> None:
    async def act(simulation: Simulation, readers: Readers) -> None:
        (reader,) = readers
        await reader.start()
        await reader.poll()
        simulation.set_fault({"kind": "unplug", "on": True})
        await asyncio.sleep(0)
        commands = [reader.set_output(1, on=True), reader.set_output(2, on=True)]
        results = await asyncio.gather(*commands, return_exceptions=True)
        simulation.set_fault({"kind": "unplug", "on": False})
        await back(reader)
        await reader.set_output(0, on=True)

        assert [type(result) for result in results] == [DeviceUnreachableError] * 2
        assert simulation.state()["readers"]["0"]["outputs"][:3] == [True, False, False]

    with_readers(tmp_path, act, timeout_s=1.5)


def test_a_reader_that_was_closed_says_so(tmp_path: Path) -> None:
    async def act(_: Simulation, readers: Readers) -> None:
        await readers[0].start()
        await readers[0].close()
        await readers[0].close()

        with pytest.raises(DeviceUnreachableError, match="was closed"):
            await readers[0].poll()
        await readers[0].start()
        assert await readers[0].poll() == FIRST_POLL

    with_readers(tmp_path, act)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"address": 127}, r"osdp_reader: address is 0\.\.126, not 127"),
        ({"address": -1}, r"osdp_reader: address is 0\.\.126, not -1"),
        ({"key_file": ""}, "osdp_reader: key_file is the path"),
        ({"timeout_s": 0.0}, "osdp_reader: timeout_s is above 0"),
        ({"timeout_s": 5.5}, "osdp_reader: timeout_s is above 0"),
        ({"timeout_s": float("nan")}, "osdp_reader: timeout_s is above 0"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        OsdpReader.Settings(**{"key_file": "reader.key", **settings})
