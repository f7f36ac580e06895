"""`menshen sim board` over its wires, for clients that are not ours."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from smpclient import SMPClient
from smpclient.generics import success
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import EchoWrite, ResetWrite
from smpclient.requests.statistics_management import ListOfGroups
from smpclient.transport.serial import SMPSerialTransport
from smpclient.transport.udp import SMPUDPTransport

from drivers.simulation import Simulation, Wiring, make_simulator
from firmware_bridge.peer import Simulator
from firmware_bridge.peer_line import encode_lines
from tests.firmware_bridge.signing import firmware, key_file
from tests.firmware_bridge.simulated import put_on_trial, running, upload

LIMIT_S = 30.0
NEW = firmware("1.2.3+4", body_size_bytes=3000)


async def until_versions(client: SMPClient, wanted: list[str]) -> None:
    """Ask until the slots have these versions."""
    found: list[str] = []
    async with asyncio.timeout(LIMIT_S):
        while found != wanted:
            with contextlib.suppress(TimeoutError):  # it restarts
                states = await client.request(ImageStatesRead(), timeout_s=0.5)
                assert success(states)
                found = [image.version for image in states.images]


async def update(client: SMPClient) -> None:
    """Upload, put on trial and restart, as the library's documentation has it."""
    async for _ in client.upload(NEW):
        pass
    states = await client.request(ImageStatesRead())
    assert success(states)
    assert success(await client.request(ImageStatesWrite(hash=states.images[1].hash)))
    assert success(await client.request(ResetWrite()))


def test_smpclient_updates_it_over_a_pseudo_terminal(tmp_path: Path) -> None:
    async def run(address: str) -> None:
        async with SMPClient(SMPSerialTransport(), address) as client:
            await update(client)
            await until_versions(client, ["1.2.3.4", "1.0.0"])
            assert success(await client.request(ImageStatesWrite(confirm=True)))

    with Simulation("board", {"keys": key_file(tmp_path)}) as simulation:
        asyncio.run(run(simulation.address))

        assert not simulation.state()["boards"]["0"]["on_trial"]


def test_smpclient_asks_it_over_udp() -> None:
    async def run(host: str, port: int) -> None:
        transport = SMPUDPTransport(mtu=1428)
        await transport.connect(host, LIMIT_S, port)
        client = SMPClient(transport, host)
        echo = await client.request(EchoWrite(d="hello"))
        assert success(echo)
        assert echo.r == "hello"
        assert success(await client.request(ListOfGroups()))
        refused = await client.request(ResetWrite())
        assert "rc" in refused.model_dump()
        await client.disconnect()

    with Simulation("board", {}, Wiring(transport="udp")) as simulation:
        host, _, port = simulation.address.rpartition(":")
        asyncio.run(run(host, int(port)))


def test_a_flash_in_a_file_outlives_the_process(tmp_path: Path) -> None:
    words = {"keys": key_file(tmp_path), "flash": str(tmp_path / "flash")}
    before = make_simulator("board", words)
    upload(before.boards[0], NEW)
    put_on_trial(before.boards[0], NEW)
    assert running(before.boards[0]) == "1.2.3+4"
    before.let_go()

    after = make_simulator("board", words)

    assert running(after.boards[0]) == "1.0.0+0"  # nobody had confirmed it
    after.let_go()


def test_boards_of_one_line_answer_to_their_addresses() -> None:
    boards = make_simulator("board", {"address": (3, 4)})
    request = bytes.fromhex("08 00 00 01 03 6D 05 00 A0")

    heard = [boards.receive_data(encode_lines(request, address=number)) for number in (3, 4, 5, 0)]

    assert [answer[:4] for answers in heard for answer in answers] == [b"\x0103\n", b"\x0104\n"]
    assert boards.boards[4].serial_number == "SIM-0001-4"


def test_what_takes_its_time_is_answered_over_the_line(tmp_path: Path) -> None:
    async def run(address: str) -> None:
        async with SMPClient(SMPSerialTransport(), address) as client:
            await update(client)
            await until_versions(client, ["1.2.3.4", "1.0.0"])
            assert success(await client.request(ImageStatesWrite(confirm=True)))
            assert success(await client.request(ImageErase()))
            await until_versions(client, ["1.2.3.4"])

    with Simulation("board", {"keys": key_file(tmp_path), "erase_s": 0.05}) as simulation:
        asyncio.run(run(simulation.address))


def test_lost_requests_are_not_heard() -> None:
    board = make_simulator("board", {"lost": 1.0})

    assert board.receive_data(b"\x06\x09AAsKAAABA20FAqAcxg==\n") == []


@pytest.mark.parametrize(
    ("action", "arguments", "why"),
    [
        ("input", {"channel": 8}, "channel is 0..7, not 8"),
        ("swipe", {"reader": 2}, "reader is 0..1, not 2"),
        ("swipe", {"card": "no number"}, "card is a hexadecimal number"),
        ("swipe", {"card": "FFFF", "bit_length": 4}, "card does not fit into bit_length bits"),
        ("unwell", {"what": "mood"}, "what is one of supply, temperature, "),
        ("cut_power", {"after_operations": -1}, "a count is at least 0, not -1"),
        ("hang", {"address": 9}, "no board has address 9; there are: 0"),
    ],
)
def test_what_a_hand_cannot_do_is_refused(
    action: str, arguments: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        make_simulator("board", {}).act(action, arguments)


def test_hands_do_what_they_say() -> None:
    simulator = make_simulator("board", {})

    for action in Simulator.ACTIONS:
        simulator.act(action, {})
    simulator.act("restart", {})
    simulator.step(5)

    state = simulator.state()["boards"]["0"]
    assert state["is_powered"]
    assert state["health"] == 0b10
    assert state["inputs"][0]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"address": (0, 1)}, "address is 0, or 1..247 each"),
        ({"address": (1, 1)}, "an address is there twice"),
        ({"inputs": 33}, "inputs is 1..32, not 33"),
        ({"slot_size_bytes": 5000}, "a multiple of sector_size_bytes"),
        ({"sector_size_bytes": 100, "slot_size_bytes": 1000}, r"a sector has n \* 256 bytes"),
        ({"version": "one"}, "version is 1.2.3"),
        ({"model": "a name that is too long"}, "model has at most 16"),
        ({"serial_number": "a|b"}, "serial_number is printable"),
        ({"lost": 2.0}, "lost is 0..1"),
        ({"erase_s": 9.0}, "erase_s is 0..5"),
        ({"keys": "/nowhere.pem"}, "/nowhere.pem cannot be read"),
        ({"keys": "/dev/null"}, "there is no public key"),
        ({"flash": "/nowhere/flash"}, "cannot be used"),
        ({"image": "/nowhere.bin"}, "cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_line(
    words: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why) as error:
        make_simulator("board", words)

    assert "\n" not in str(error.value)
