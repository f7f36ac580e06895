import hashlib
from collections.abc import Iterator

import pytest
from stm32loader.bootloader import Stm32Bootloader
from stm32loader.uart import SerialConnection

from config.board_image import ImageError
from config.contract.board_events import UpdateReason
from drivers.base import DeviceUnreachableError, ProtocolViolationError
from drivers.simulation import Simulation, Wiring
from firmware_bridge.rom_loader import RomLoader, open_rom_port
from firmware_bridge.rom_recovery import (
    FLASH_BEGIN,
    Recovered,
    RecoveryPlace,
    RecoveryStage,
    recover,
)
from tests.config.images import BODY, HW, public_key, signed
from tests.firmware_bridge.rom import Cable, chip_and_loader

SLOT = RecoveryPlace(address=FLASH_BEGIN + 0x4000, page_size_bytes=1024)
BARE = RecoveryPlace(address=FLASH_BEGIN, is_bare=True)


def recovered(
    loader: RomLoader,
    *,
    data: bytes | None = None,
    place: RecoveryPlace = SLOT,
    hw: int = HW,
) -> Recovered:
    image = signed() if data is None else data
    return recover(loader, image, keys=[public_key()], hw=hw, place=place)


@pytest.fixture
def chip() -> Iterator[Simulation]:
    simulation = Simulation("stm32_rom", {}, Wiring())
    yield simulation
    simulation.close()


def test_an_image_is_written_into_its_slot_and_the_chip_is_started() -> None:
    cable, loader = chip_and_loader()
    cable.chip.flash[:] = bytes(len(cable.chip.flash))

    done = recovered(loader)

    assert (str(done.version), done.written_bytes) == ("1.2.3+4", len(signed()))
    assert cable.chip.flash[0x4000 : 0x4000 + len(signed())] == signed()
    assert cable.chip.flash[:0x4000] == bytes(0x4000)
    assert cable.chip.erased_pages == [16, 17]
    assert cable.chip.started_at == FLASH_BEGIN


def test_a_board_without_mcuboot_gets_the_program_alone() -> None:
    cable, loader = chip_and_loader(is_extended=True)

    recovered(loader, place=BARE)

    assert cable.chip.flash[: len(BODY)] == BODY
    assert set(cable.chip.flash[len(BODY) :]) == {0xFF}


@pytest.mark.parametrize(
    ("data", "hw", "reason"),
    [
        (b"", HW, UpdateReason.NOT_AN_IMAGE),
        (signed()[:-1], HW, UpdateReason.TRUNCATED),
        (signed(key=None), HW, UpdateReason.NOT_SIGNED),
        (signed(key="another"), HW, UpdateReason.WRONG_KEY),
        (signed(), HW + 1, UpdateReason.OTHER_BOARD),
        (signed(hw=None), HW, UpdateReason.OTHER_BOARD),
    ],
)
def test_an_image_that_is_not_for_this_board_is_not_sent(
    data: bytes, hw: int, reason: UpdateReason
) -> None:
    cable, loader = chip_and_loader()

    with pytest.raises(ImageError) as refused:
        recovered(loader, data=data, hw=hw)

    assert refused.value.reason is reason
    assert cable.sent == []


@pytest.mark.parametrize(
    ("address", "page_size_bytes", "shown"),
    [
        (FLASH_BEGIN + 0x4000, 0, "what stands before 0x08004000 would be erased"),
        (FLASH_BEGIN + 512, 1024, "cannot begin at 0x08000200"),
        (0x2000_0000, 1024, "cannot begin at 0x20000000"),
        (0x1000_0000, 1024, "cannot begin at 0x10000000"),
        (FLASH_BEGIN, -1, "cannot begin"),
        (FLASH_BEGIN, 1024, "where MCUboot stands: give the address of its slot 0"),
    ],
)
def test_a_place_that_is_none_is_refused(address: int, page_size_bytes: int, shown: str) -> None:
    with pytest.raises(ValueError, match=shown):
        RecoveryPlace(address=address, page_size_bytes=page_size_bytes)


def test_what_was_done_is_told() -> None:
    _, loader = chip_and_loader()
    told: list[tuple[RecoveryStage, int, int]] = []

    recover(
        loader,
        signed(),
        keys=[public_key()],
        hw=HW,
        place=SLOT,
        on_progress=lambda *step: told.append(step),
    )

    assert list(dict.fromkeys(stage for stage, _, _ in told)) == list(RecoveryStage)
    for stage in RecoveryStage:
        done = [done_bytes for found, done_bytes, _ in told if found is stage]
        assert done == sorted(done)
        assert done[-1] == len(signed())


@pytest.mark.parametrize("fault", ["write_protect", "wear_out"])
def test_flash_that_does_not_take_it_is_seen(fault: str) -> None:
    cable, loader = chip_and_loader()
    cable.chip.act(fault, {"page": 17} if fault == "wear_out" else {})

    with pytest.raises(ProtocolViolationError, match=r"reads back differently.*write-protected"):
        recovered(loader)

    assert cable.chip.started_at is None


def test_a_block_that_the_line_spoils_once_is_read_again() -> None:
    cable, loader = chip_and_loader()
    spoilt: list[bytes] = []

    def spoil(answer: bytes) -> bytes:
        if len(answer) == 257 and not spoilt:
            spoilt.append(answer)
            return answer[:-1] + bytes([answer[-1] ^ 1])
        return answer

    cable.spoil = spoil
    recovered(loader)

    assert spoilt
    assert cable.chip.started_at == FLASH_BEGIN


def cut_after(cable: Cable, count: int) -> None:
    """Let the cable be lost after so many parts."""

    def spoil(answer: bytes) -> bytes:
        cable.is_connected = len(cable.sent) < count
        return answer

    cable.spoil = spoil


@pytest.mark.parametrize("count", range(4, 43, 3))
def test_a_recovery_that_is_broken_off_starts_nothing_and_is_done_again(count: int) -> None:
    cable, loader = chip_and_loader()
    cut_after(cable, count)

    with pytest.raises(DeviceUnreachableError):
        recovered(loader)
    is_whole = cable.chip.flash[0x4000 : 0x4000 + len(signed())] == signed()
    has_head = cable.chip.flash[0x4000:0x4100] == signed()[:256]
    assert is_whole or not has_head

    cable.is_connected, cable.spoil = True, lambda answer: answer
    cable.chip.do_power_cycle(in_loader=True)
    recovered(loader)
    assert cable.chip.flash[0x4000 : 0x4000 + len(signed())] == signed()


def test_over_a_serial_port(chip: Simulation) -> None:
    port = open_rom_port(chip.driver_port)
    try:
        done = recovered(RomLoader(port, timeout_s=5.0), place=BARE)
    finally:
        port.close()

    assert done.identity.chip_id == 0x410
    assert chip.state()["started_at"] == FLASH_BEGIN
    flash = BODY + b"\xff" * (65_536 - len(BODY))
    assert chip.state()["sha256"] == hashlib.sha256(flash).hexdigest()


def test_over_a_noisy_line(chip: Simulation) -> None:
    for kind in ("noise", "drop", "truncate"):
        chip.set_fault({"kind": kind, "probability": 0.01})
    port = open_rom_port(chip.driver_port)
    try:
        recovered(RomLoader(port, timeout_s=0.2, attempt_count=10), place=BARE)
    finally:
        port.close()

    assert chip.state()["started_at"] == FLASH_BEGIN


class WithoutModemLines(SerialConnection):  # type: ignore[misc]  # it publishes no types
    """stm32loader's own connection; a pseudo-terminal has no BOOT0 and no reset."""

    def enable_boot0(self, enable: bool = True) -> None: ...

    def enable_reset(self, enable: bool = True) -> None: ...


@pytest.mark.parametrize("is_extended", [False, True])
def test_stm32loader_finds_our_chip_to_be_one(is_extended: bool) -> None:
    chip = Simulation("stm32_rom", {"is_extended": is_extended}, Wiring())
    connection = WithoutModemLines(chip.driver_port, parity="N")
    connection.connect()
    try:
        loader = Stm32Bootloader(connection, device_family="F1", verbosity=0)
        loader.write(loader.Command.SYNCHRONIZE)
        assert connection.read() == b"\x79"
        assert loader.get() == 0x22
        assert loader.get_id() == 0x410
        loader.erase_memory([0, 1])
        loader.write_memory_data(FLASH_BEGIN, BODY)
        loader.verify_data(loader.read_memory_data(FLASH_BEGIN, len(BODY)), BODY)
        loader.erase_memory()
        assert loader.read_memory(FLASH_BEGIN, 4) == b"\xff" * 4
        loader.go(FLASH_BEGIN)
    finally:
        connection.disconnect()
        state = chip.state()
        chip.close()

    assert state["started_at"] == FLASH_BEGIN
