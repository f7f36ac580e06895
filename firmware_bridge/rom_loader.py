"""The ROM loader of an STM32, at a serial port: what still answers when a board's flash does not.

A person closes BOOT0 and switches the board off and on; the loader then waits at 8E1.
It checks no signature: ``rom_recovery`` does, before a byte is written. Blocking; for one thread.

Source: ST AN3155 Rev 14, *USART protocol used in the STM32 bootloader*; what is done after lost
bytes is our own.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    ProtocolViolationError,
)
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.transport import LineError, Transport, open_transport
from firmware_bridge.rom_frames import (
    BLOCK_SIZE_BYTES_MAX,
    INIT,
    NACK,
    PAGE_COUNT_MAX,
    Answer,
    AnswerDecoder,
    Command,
    Follows,
    encode_address,
    encode_block,
    encode_command,
    encode_erase,
    encode_erase_all,
    encode_read_count,
)

BAUDRATE: Final = 115_200
PARITY: Final = "E"
PUSH: Final = b"\xff"
"""Ends what the loader waits for with a wrong check sum; as a command it is none, and refused."""
PUSH_COUNT: Final = BLOCK_SIZE_BYTES_MAX + 8
"""More than it can wait for."""
PUSH_S: Final = 0.1
"""Longer than a byte, its answer, and an adapter's own delay."""
LIST_SIZE_BYTES_MAX: Final = 64
"""No loader lists more commands."""
HOW_TO_START: Final = "close BOOT0, switch the board off and on, and try again"
_NEEDED: Final = (Command.GET_ID, Command.READ_MEMORY, Command.WRITE_MEMORY, Command.GO)
_Value = TypeVar("_Value")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RomIdentity:
    """What a loader says of itself.

    Attributes:
        version: Of the loader, as ``3.1``.
        commands: Codes that it takes.
        chip_id: ST's number of the chip's family, as 0x410.
    """

    version: str
    commands: frozenset[int]
    chip_id: int


def open_rom_port(port: str, *, baudrate: int = BAUDRATE) -> Transport:
    """Open a port as the loader wants it: 8 bits, even parity, 1 stop bit.

    Raises:
        DeviceUnreachableError: It cannot be opened.
    """
    try:
        return open_transport(port, baudrate=baudrate, parity=PARITY)
    except LineError as error:
        raise DeviceUnreachableError(str(error)) from error


class RomLoader:
    """One loader. Every method may raise ``DriverError``, with one line that says what to do.

    A block that was damaged on the line is read or written again; a command that erases is not.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout_s: float = 1.0,
        erase_timeout_s: float = 60.0,
        attempt_count: int = 3,
    ) -> None:
        """Take a port.

        Args:
            transport: Closed by whoever opened it.
            timeout_s: Longest silence in an answer.
            erase_timeout_s: Longest wait for 255 pages, or for everything.
            attempt_count: Times that a block is tried, at least 1.
        """
        self._transport = transport
        self._timeout_s, self._erase_timeout_s = timeout_s, erase_timeout_s
        self._attempt_count = attempt_count
        self._is_extended = False

    def connect(self) -> RomIdentity:
        """Wake the loader, or take up with one that is awake, and ask who it is.

        Raises:
            DeviceUnreachableError: Nothing answers.
            ProtocolViolationError: Something else answers.
            CommandRejectedError: It lacks a command that is needed.
        """
        if not self._is_woken() and not self._resync():
            raise DeviceUnreachableError(f"no ROM loader answers: {HOW_TO_START}")
        listed = self._again(lambda: self._list(Command.GET))
        version, commands = listed[0], frozenset(listed[1:])
        missing = [command.name for command in _NEEDED if command not in commands]
        if not commands & {Command.ERASE, Command.EXTENDED_ERASE}:
            missing.append(Command.ERASE.name)
        if missing:
            raise CommandRejectedError(
                f"the ROM loader has no {', '.join(missing)}: use the maker's own tool"
            )
        self._is_extended = Command.EXTENDED_ERASE in commands
        chip = self._again(lambda: self._list(Command.GET_ID))
        return RomIdentity(
            version=f"{version >> 4}.{version & 0xF}",
            commands=commands,
            chip_id=int.from_bytes(chip, "big"),
        )

    def read(self, address: int, size_bytes: int) -> bytes:
        """Return 1..256 bytes of memory."""

        def read() -> bytes:
            self._command(Command.READ_MEMORY)
            self._part(encode_address(address), f"to read at 0x{address:08X}")
            decoder = AnswerDecoder(Follows.MEMORY, size_bytes=size_bytes)
            return self._part(encode_read_count(size_bytes), "to read", decoder).data

        return self._again(read)

    def write(self, address: int, data: bytes) -> None:
        """Write 1..256 bytes of flash that is erased, at a multiple of 4; not read back here."""

        def write() -> None:
            self._command(Command.WRITE_MEMORY)
            self._part(encode_address(address), f"to write at 0x{address:08X}")
            self._part(encode_block(data), f"to write {len(data)} bytes at 0x{address:08X}")

        self._again(write)

    def erase(self, pages: Sequence[int]) -> None:
        """Erase 1..255 pages, by their numbers, 0-based."""
        self._erase(
            encode_erase(pages, is_extended=self._is_extended),
            f"to erase pages {pages[0]} to {pages[-1]}",
        )

    def erase_all(self) -> None:
        """Erase all flash of the chip."""
        self._erase(encode_erase_all(is_extended=self._is_extended), "to erase everything")

    def go(self, address: int) -> None:
        """Start the program whose vectors stand at an address; the loader is gone then."""
        self._command(Command.GO)
        self._part(encode_address(address), f"to start at 0x{address:08X}")

    # ---- parts

    def _is_woken(self) -> bool:
        """Whether it answers to the byte it is woken with; one that is awake takes two of them."""
        for _ in range(2):
            self._send(INIT)
            answer = self._receive(AnswerDecoder(), self._timeout_s, is_silence_fine=True)
            if answer is not None:
                return True
        return False

    def _list(self, command: Command) -> bytes:
        return self._command(
            command, AnswerDecoder(Follows.COUNTED, size_bytes=LIST_SIZE_BYTES_MAX)
        ).data

    def _erase(self, pages: bytes, what: str) -> None:
        command = Command.EXTENDED_ERASE if self._is_extended else Command.ERASE
        self._command(command)
        self._part(pages, what, timeout_s=self._erase_timeout_s)

    def _command(self, command: Command, decoder: AnswerDecoder | None = None) -> Answer:
        what = f"the command {command.name} (is its read-out protection on?)"
        return self._part(encode_command(command), what, decoder)

    def _part(
        self,
        data: bytes,
        what: str,
        decoder: AnswerDecoder | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send one part of a command, and return its answer, which is an ACK."""
        self._send(data)
        answer = self._receive(decoder or AnswerDecoder(), timeout_s or self._timeout_s)
        if answer is None or not answer.is_ack:
            raise CommandRejectedError(f"the board's ROM loader refuses {what}", code=NACK)
        return answer

    def _send(self, data: bytes) -> None:
        try:
            self._transport.discard_input()
            self._transport.send(data)
        except LineError as error:
            raise DeviceUnreachableError(str(error)) from error

    def _receive(
        self, decoder: AnswerDecoder, timeout_s: float, *, is_silence_fine: bool = False
    ) -> Answer | None:
        """Return an answer; None where nothing came and that is fine."""
        arrived = b""
        wait_s = timeout_s
        while data := self._received(wait_s):
            wait_s = min(timeout_s, self._timeout_s)
            arrived = (arrived + data)[:8]
            decoder.receive_data(data)
            try:
                answer = decoder.next_frame()
            except FrameError as error:
                raise ProtocolViolationError(
                    f"what came is no answer of a ROM loader ({error}): is the line at 8E1 and this"
                    " baud rate, and is nobody else on it?"
                ) from error
            if not isinstance(answer, NeedData):
                return answer
        if arrived:
            raise ProtocolViolationError(
                f"the ROM loader's answer broke off after {spaced_hex(arrived)}: try again, or with"
                " a lower baud rate"
            )
        if is_silence_fine:
            return None
        raise DeviceUnreachableError(
            f"the ROM loader is silent for {timeout_s:g} s: {HOW_TO_START}"
        )

    def _received(self, timeout_s: float) -> bytes:
        try:
            return self._transport.receive(timeout_s=timeout_s)
        except LineError as error:
            raise DeviceUnreachableError(str(error)) from error

    # ---- after something went wrong

    def _again(self, action: Callable[[], _Value]) -> _Value:
        """Do it until it is done, from the start of the command, or say what went wrong first."""
        first: DriverError | None = None
        for _ in range(self._attempt_count):
            try:
                return action()
            except DriverError as error:
                first = first or error
                if isinstance(error, CommandRejectedError):
                    continue  # a NACK has ended the command
                if not self._resync():
                    break
        if first is None:
            raise ValueError("attempt_count is at least 1")
        raise first

    def _resync(self) -> bool:
        """Bring the loader to where it waits for a command; False where nothing is there.

        Whatever it still waits for is filled up. Of what is left over it then holds one byte, or
        none.
        """
        self._send(PUSH * PUSH_COUNT)
        if not self._received(self._timeout_s):
            return False
        for _ in range(PUSH_COUNT):  # a line on which others talk is never quiet
            if not self._received(PUSH_S):
                break
        for _ in range(self._attempt_count + 1):
            self._send(PUSH)
            if self._received(PUSH_S)[-1:] == bytes([NACK]):
                return True
        return False


def page_batches(pages: Sequence[int]) -> list[Sequence[int]]:
    """Return pages as they can be erased, one command each."""
    return [pages[at : at + PAGE_COUNT_MAX] for at in range(0, len(pages), PAGE_COUNT_MAX)]
