import pytest

from drivers.base import CommandRejectedError, DeviceUnreachableError, ProtocolViolationError
from firmware_bridge.rom_loader import RomLoader, open_rom_port, page_batches
from tests.firmware_bridge.rom import Cable, chip_and_loader

BEGIN = 0x0800_0000
BLOCK = bytes(range(256))


class First:
    """Spoils the first answers that it gets, and no other."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def __call__(self, answer: bytes) -> bytes:
        return self._answers.pop(0) if self._answers else answer


def connected(**settings: int | bool | float) -> tuple[Cable, RomLoader]:
    cable, loader = chip_and_loader(**settings)
    loader.connect()
    return cable, loader


@pytest.mark.parametrize("is_extended", [False, True])
def test_a_loader_says_who_it_is(is_extended: bool) -> None:
    _, loader = chip_and_loader(is_extended=is_extended, chip_id=0x449)

    identity = loader.connect()

    assert (identity.version, identity.chip_id) == ("2.2", 0x449)
    assert (0x44 in identity.commands, 0x43 in identity.commands) == (is_extended, not is_extended)


def test_a_loader_that_is_awake_is_taken_up_with() -> None:
    _, loader = connected()

    assert loader.connect().chip_id == 0x410


@pytest.mark.parametrize(
    "waiting", ["31", "31 CE", "31 CE 08 00 00 00 08", "31 CE 08 00 00 00 08 FF AA"]
)
def test_a_loader_in_the_midst_of_a_command_is_taken_up_with(waiting: str) -> None:
    cable, loader = connected()
    cable.send(bytes.fromhex(waiting))

    assert loader.connect().chip_id == 0x410


@pytest.mark.parametrize("is_extended", [False, True])
def test_what_is_written_is_read(is_extended: bool) -> None:
    cable, loader = connected(is_extended=is_extended)
    cable.chip.flash[:2048] = bytes(2048)

    loader.erase([0, 1])
    loader.write(BEGIN + 0x100, BLOCK)
    loader.write(BEGIN + 0x200, b"\x01\x02\x03")

    assert loader.read(BEGIN + 0x100, 256) == BLOCK
    assert loader.read(BEGIN + 0x1FF, 5) == b"\xff\x01\x02\x03\xff"
    assert cable.chip.erased_pages == [0, 1]


@pytest.mark.parametrize("is_extended", [False, True])
def test_everything_is_erased(is_extended: bool) -> None:
    cable, loader = connected(is_extended=is_extended)
    cable.chip.flash[:] = bytes(len(cable.chip.flash))

    loader.erase_all()

    assert set(cable.chip.flash) == {0xFF}


def test_a_program_is_started_and_the_loader_is_gone() -> None:
    cable, loader = connected()

    loader.go(BEGIN)

    assert cable.chip.started_at == BEGIN
    with pytest.raises(DeviceUnreachableError, match="close BOOT0"):
        loader.connect()


@pytest.mark.parametrize("lost", range(1, 12))
def test_bytes_that_were_lost_on_the_way_are_written_again(lost: int) -> None:
    cable, loader = connected()

    cable.chip.do_lose(lost)
    loader.write(BEGIN, BLOCK)

    assert loader.read(BEGIN, 256) == BLOCK


@pytest.mark.parametrize(
    "answers", [[b""], [b"\x79", b""], [b"\x1f"], [b"\x79", b"\x79", b"\x79\x00"]]
)
def test_an_answer_that_was_damaged_is_asked_for_again(answers: list[bytes]) -> None:
    cable, loader = connected()
    cable.chip.flash[:256] = BLOCK

    cable.spoil = First(*answers)

    assert loader.read(BEGIN, 256) == BLOCK


def test_a_board_that_is_not_in_its_loader_says_what_to_do() -> None:
    cable, loader = chip_and_loader()
    cable.chip.do_power_cycle(in_loader=False)

    with pytest.raises(DeviceUnreachableError, match="close BOOT0, switch the board off and on"):
        loader.connect()


def test_a_loader_that_falls_silent_is_said_to() -> None:
    cable, loader = connected()
    cable.spoil = lambda _: b""

    with pytest.raises(DeviceUnreachableError, match=r"silent for 1 s: close BOOT0"):
        loader.read(BEGIN, 4)


def test_a_line_that_is_lost_is_said_so() -> None:
    cable, loader = connected()
    cable.is_connected = False

    with pytest.raises(DeviceUnreachableError, match="port /dev/ttyUSB0 is gone"):
        loader.write(BEGIN, BLOCK)


def test_another_baud_rate_or_program_is_guessed() -> None:
    cable, loader = chip_and_loader()
    cable.spoil = lambda answer: b"\xe0" * len(answer)

    with pytest.raises(ProtocolViolationError, match=r"neither ACK nor NACK: E0.*8E1"):
        loader.connect()


def test_a_protected_board_refuses_and_it_is_said_why() -> None:
    cable, loader = connected()
    cable.chip.do_protect(on=True)

    with pytest.raises(CommandRejectedError, match=r"READ_MEMORY.*read-out protection") as refused:
        loader.read(BEGIN, 4)

    assert refused.value.code == 0x1F


def test_an_address_outside_of_flash_is_refused() -> None:
    _, loader = connected()

    with pytest.raises(CommandRejectedError, match="to write at 0x20000000"):
        loader.write(0x2000_0000, BLOCK)


def test_an_erase_is_not_tried_again() -> None:
    cable, loader = connected()
    cable.sent.clear()
    cable.spoil = First(b"\x79", b"\x00")

    with pytest.raises(ProtocolViolationError):
        loader.erase([7])

    assert cable.chip.erased_pages == [7]
    assert len(cable.sent) == 2


def test_a_loader_without_a_command_that_is_needed_is_refused() -> None:
    cable, loader = chip_and_loader()
    cable.spoil = First(b"\x79", b"\x79", b"\x04\x22\x00\x01\x02\x11\x79")

    with pytest.raises(CommandRejectedError, match="no WRITE_MEMORY, GO, ERASE"):
        loader.connect()


def test_pages_are_erased_in_as_many_commands_as_it_takes() -> None:
    assert [len(batch) for batch in page_batches(range(600))] == [255, 255, 90]


def test_a_port_that_there_is_not_says_so() -> None:
    with pytest.raises(DeviceUnreachableError, match="is the adapter plugged in"):
        open_rom_port("/dev/ttyUSB99")


def test_a_line_on_which_others_talk_without_end_is_given_up() -> None:
    class Babble:
        def send(self, data: bytes) -> None: ...

        def receive(self, *, timeout_s: float) -> bytes:
            return b"\x01\x03\x02\x00\x2a"

        def discard_input(self) -> bytes:
            return b""

        def close(self) -> None: ...

    with pytest.raises(ProtocolViolationError, match="is nobody else on it"):
        RomLoader(Babble()).connect()


def test_an_answer_that_breaks_off_each_time_says_so() -> None:
    cable, loader = connected()
    cable.spoil = lambda answer: answer[:100]

    with pytest.raises(ProtocolViolationError, match=r"broke off after 79 FF.*lower baud rate"):
        loader.read(BEGIN, 256)


def test_a_refusal_needs_nothing_but_the_next_attempt() -> None:
    cable, loader = connected()
    cable.chip.do_protect(on=True)
    cable.sent.clear()

    with pytest.raises(CommandRejectedError):
        loader.read(BEGIN, 4)

    assert cable.sent == [b"\x11\xee"] * 3


def test_something_is_tried_at_least_once() -> None:
    with pytest.raises(ValueError, match="attempt_count is at least 1"):
        RomLoader(chip_and_loader()[0], attempt_count=0).read(BEGIN, 4)
