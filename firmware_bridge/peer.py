"""The controller board's own role: what ``menshen sim board`` runs, and tests, demo and benches.

It is built from docs/board.md and nothing else: it knows neither our client nor our reading of
images. The board itself is ``peer_board.Board``; here are its line, its settings and its hands.

    menshen sim board --port /tmp/board --set keys=keys.pem --set flash=/tmp/board.flash

What a broken image does: see ``peer_board``.

Source: docs/board.md.
"""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from drivers.simulators.far_end import FarEnd
from firmware_bridge.peer_application import Health
from firmware_bridge.peer_board import Board
from firmware_bridge.peer_flash import Flash, Geometry
from firmware_bridge.peer_image import PublicKey, Version, read_keys, version_text
from firmware_bridge.peer_line import LineDecoder, encode_lines
from firmware_bridge.peer_make import Make

ADDRESS_MAX: Final = 247
CARD_BIT_COUNT_MAX: Final = 255


class Simulator(FarEnd):
    """The boards of one line, and what a hand can do to them; address -1 is the first."""

    KIND = "controller_board"
    TRANSPORTS = ("serial", "tcp", "udp")
    BAUDRATE = 115_200
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {"watchdog_s": 0.0}
    """On the bench nobody tells the board that a node lives."""
    ACTIONS: ClassVar = {
        "input": {"address": -1, "channel": 0, "on": True},
        "swipe": {"address": -1, "reader": 0, "card": "02F764DD", "bit_length": 26},
        "tamper": {"address": -1, "on": True},
        "power": {"address": -1, "on": True},
        "cut_power": {"address": -1, "after_operations": 0, "returns_s": 0.5},
        "cut_power_in_upload": {"address": -1, "offset": 0, "returns_s": 0.5},
        "cut_power_in_swap": {"address": -1, "after_operations": 0, "returns_s": 0.5},
        "hang": {"address": -1},
        "restart": {"address": -1},
        "jumper": {"address": -1, "on": True},
        "unwell": {"address": -1, "what": "temperature", "on": True},
    }
    STIMULI: ClassVar[tuple[tuple[str, Mapping[str, Any], str], ...]] = (
        ("input", {}, "InputChanged"),
        ("input", {"on": False}, "InputChanged"),
        ("swipe", {}, "CredentialRead"),
        ("tamper", {}, "TamperChanged"),
        ("tamper", {"on": False}, "TamperChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What boards are on the line.

        Attributes:
            address: 0 alone; or 1..247 each, several boards.
            model, hw, revision, serial_number: What they say of themselves; a board with an address
                adds it to its serial number.
            inputs, outputs, readers: Of each: 1..32, 1..32, 0..4.
            slot_size_bytes, sector_size_bytes: Of the flash.
            endurance: Erases that a sector stands.
            erase_s: How long one takes.
            flash: File that outlives this process (a board with an address adds it); empty: memory.
            keys: PEM files with the public keys whose images are started.
            image: Signed image that the board is delivered with; empty is one of its own.
            version, counter: Of its own one, as ``1.2.3+4``.
            behaviour: Of its own one: empty is good; see ``peer_board``.
            buffer_size_bytes: The longest frame with its check sum, 384..65535.
            lost: How often a request is not heard at all, 0..1.
            seed: Of what is random.
        """

        address: Sequence[int] = (0,)
        model: str = "menshen-b1"
        hw: int = 42
        revision: str = "A"
        serial_number: str = "SIM-0001"
        inputs: int = 8
        outputs: int = 4
        readers: int = 2
        slot_size_bytes: int = 0x20000
        sector_size_bytes: int = 4096
        endurance: int = 10_000
        erase_s: float = 0.0
        flash: str = ""
        keys: Sequence[str] = ()
        image: str = ""
        version: str = "1.0.0+0"
        counter: int = 0
        behaviour: str = ""
        buffer_size_bytes: int = 2048
        lost: float = 0.0
        seed: int = 1

        def __post_init__(self) -> None:
            addresses = tuple(self.address)
            is_alone = addresses == (0,)
            if not addresses or not (is_alone or all(1 <= a <= ADDRESS_MAX for a in addresses)):
                raise ValueError(f"board: address is 0, or 1..247 each, not {addresses}")
            if len(set(addresses)) != len(addresses):
                raise ValueError(f"board: an address is there twice: {addresses}")
            _check("inputs", self.inputs, 1, 32)
            _check("outputs", self.outputs, 1, 32)
            _check("readers", self.readers, 0, 4)
            _check("hw", self.hw, 0, 0xFFFFFFFF)
            _check("counter", self.counter, 0, 0xFFFFFFFF)
            _check("buffer_size_bytes", self.buffer_size_bytes, 384, 65_535)
            _check("endurance", self.endurance, 1, 0xFFFFFFFE)
            if not 0 <= self.erase_s <= 5:
                raise ValueError(f"board: erase_s is 0..5, not {self.erase_s}")
            if not 0 <= self.lost <= 1:
                raise ValueError(f"board: lost is 0..1, not {self.lost}")
            if self.slot_size_bytes <= 0 or self.slot_size_bytes % self.sector_size_bytes:
                raise ValueError("board: slot_size_bytes is a multiple of sector_size_bytes")
            for name, longest in (("model", 16), ("revision", 8), ("serial_number", 24)):
                text = getattr(self, name)
                if len(text) > longest:
                    raise ValueError(f"board: {name} has at most {longest} characters")
                if not text.isascii() or not text.isprintable() or "|" in text:
                    raise ValueError(f"board: {name} is printable ASCII without |")
            _version(self.version)

    def __init__(self, settings: Settings) -> None:
        """Make the boards, and switch them on.

        Raises:
            ValueError: A file cannot be used; one line.
        """
        keys = [key for path in settings.keys for key in _keys_of(path)]
        self._random = random.Random(settings.seed)  # noqa: S311 - repeatable on purpose
        self._lost = settings.lost
        self.boards = {address: _board(settings, address, keys) for address in settings.address}
        self._decoders = {
            address: LineDecoder(address=address, size_bytes_max=settings.buffer_size_bytes)
            for address in settings.address
        }

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``; over UDP the first board alone answers."""
        if self.is_datagram:
            board = next(iter(self.boards.values()))
            answer = None if self._is_lost() else board.receive(data, is_datagram=True)
            return [] if answer is None else [answer]
        answers = []
        for address, board in self.boards.items():
            decoder = self._decoders[address]
            bad_count = decoder.bad_count
            for frame in decoder.receive_data(data):
                answer = None if self._is_lost() else board.receive(frame)
                if answer is not None:
                    answers.append(encode_lines(answer, address=address))
            board.count_bad(decoder.bad_count - bad_count)
        return answers

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``; a board never speaks unasked, but an erase takes its time."""
        answers = []
        for address, board in self.boards.items():
            board.step(dt_s)
            if (answer := board.late_answer()) is not None:
                lines = answer if self.is_datagram else encode_lines(answer, address=address)
                answers.append(lines)
        return answers

    def let_go(self) -> None:
        """See ``FarEnd.close``."""
        for board in self.boards.values():
            board.flash.close()

    def state(self) -> dict[str, Any]:
        """Return every board's state by address."""
        return {"boards": {str(address): _state(one) for address, one in self.boards.items()}}

    def do_input(self, address: int, channel: int, *, on: bool) -> None:
        """Close a contact, or open it."""
        board = self._board(address)
        _check("channel", channel, 0, len(board.contacts) - 1)
        board.set_contact(channel, is_closed=on)

    def do_swipe(self, address: int, reader: int, card: str, bit_length: int) -> None:
        """Hold a card to a reader; the card's bits as a hexadecimal number."""
        board = self._board(address)
        _check("reader", reader, 0, board.make.reader_count - 1)
        _check("bit_length", bit_length, 1, CARD_BIT_COUNT_MAX)
        try:
            value = int(card, 16)
        except ValueError as error:
            raise ValueError("card is a hexadecimal number") from error
        if not 0 <= value < 1 << bit_length:
            raise ValueError("card does not fit into bit_length bits")
        size_bytes = -(-bit_length // 8)
        left_aligned = (value << 8 * size_bytes - bit_length).to_bytes(size_bytes, "big")
        board.card(reader, bit_length, left_aligned)

    def do_tamper(self, address: int, *, on: bool) -> None:
        """Open the housing, or close it."""
        self._board(address).set_housing(is_open=on)

    def do_power(self, address: int, *, on: bool) -> None:
        """Switch the power off until it is switched on, or on."""
        self._board(address).power(is_on=on)

    def do_cut_power(self, address: int, after_operations: int, returns_s: float) -> None:
        """Cut the power in the middle of a write or erase, after so many more of them."""
        board = self._cut(address, returns_s)
        board.cut_power(after_operations=_count(after_operations))

    def do_cut_power_in_upload(self, address: int, offset: int, returns_s: float) -> None:
        """Cut the power when this byte of an image is written."""
        self._cut(address, returns_s).cut_power_at_upload(_count(offset))

    def do_cut_power_in_swap(self, address: int, after_operations: int, returns_s: float) -> None:
        """Cut the power at the next start, after so many writes and erases."""
        board = self._cut(address, returns_s)
        board.cut_power_at_start(after_operations=_count(after_operations))

    def do_hang(self, address: int) -> None:
        """Let the application hang, until the hardware's watchdog restarts the board."""
        self._board(address).hang()

    def do_restart(self, address: int) -> None:
        """Press the reset button."""
        self._board(address).restart()

    def do_jumper(self, address: int, *, on: bool) -> None:
        """Close the jumper that lets the board be claimed anew after its next start."""
        self._board(address).is_jumper_now = on

    def do_unwell(self, address: int, what: str, *, on: bool) -> None:
        """Let something be wrong: supply, temperature, flash, self_test or output."""
        names = {bit.name.lower(): bit for bit in Health}
        if what not in names:
            raise ValueError(f"what is one of {', '.join(names)}, not {what!r}")
        board, bit = self._board(address), 1 << names[what]
        board.unwell = board.unwell | bit if on else board.unwell & ~bit

    def _is_lost(self) -> bool:
        return self._lost > 0 and self._random.random() < self._lost

    def _cut(self, address: int, returns_s: float) -> Board:
        board = self._board(address)
        board.power_returns_s = returns_s
        return board

    def _board(self, address: int) -> Board:
        if address == -1:
            return next(iter(self.boards.values()))
        if address not in self.boards:
            known = ", ".join(map(str, self.boards))
            raise ValueError(f"no board has address {address}; there are: {known}")
        return self.boards[address]


def _board(settings: Simulator.Settings, address: int, keys: Sequence[PublicKey]) -> Board:
    """Make one board.

    Raises:
        ValueError: A file cannot be used; one line.
    """
    suffix = f".{address}" if address else ""
    geometry = Geometry(
        sector_size_bytes=settings.sector_size_bytes,
        slot_sector_count=settings.slot_size_bytes // settings.sector_size_bytes,
    )
    make = Make(
        model=settings.model,
        hw=settings.hw,
        revision=settings.revision,
        serial_number=settings.serial_number + suffix.replace(".", "-"),
        address=address,
        input_count=settings.inputs,
        output_count=settings.outputs,
        reader_count=settings.readers,
        geometry=geometry,
        erase_s=settings.erase_s,
        buffer_size_bytes=settings.buffer_size_bytes,
        version=_version(settings.version),
        counter=settings.counter,
        image=_read(settings.image) if settings.image else b"",
        behaviour=settings.behaviour,
    )
    path = Path(settings.flash + suffix) if settings.flash else None
    try:
        flash = Flash(geometry, path=path, endurance=settings.endurance, seed=settings.seed)
    except OSError as error:
        raise ValueError(f"board: the file {path} cannot be used: {error.strerror}") from error
    return Board(make, keys, flash)


def _state(board: Board) -> dict[str, Any]:
    app, image = board.application, board.running
    return {
        "is_powered": board.is_powered,
        "is_unbootable": board.is_unbootable,
        "version": "" if image is None else version_text(image.version),
        "outputs": [] if app is None else list(app.outputs),
        "inputs": list(board.contacts),
        "safe": app is not None and app.is_safe,
        "fire": app is not None and app.is_fire,
        "on_trial": board.slots is not None and board.slots.is_on_trial,
        "uploaded_bytes": 0 if board.slots is None else board.slots.offset,
        "claimed": bool(board.claim_key),
        "health": 0 if app is None else app.health,
        "restarts": board.restart_count,
        "erases": sum(board.flash.erase_counts),
    }


def _keys_of(path: str) -> list[PublicKey]:
    pem = _read(path)
    try:
        return read_keys(pem)
    except ValueError as error:
        raise ValueError(f"board: {path}: {error}") from error


def _read(path: str) -> bytes:
    """Return a file's bytes.

    Raises:
        ValueError: It cannot be read; one line.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"board: {path} cannot be read: {error.strerror}") from error


def _version(text: str) -> Version:
    """Return ``1.2.3+4`` as four numbers.

    Raises:
        ValueError: It is no version.
    """
    words = text.replace("+", ".").split(".")
    try:
        major, minor, revision, build = map(int, [*words, "0"][:4])
    except ValueError as error:
        raise ValueError(f"board: version is 1.2.3+4, not {text!r}") from error
    return major, minor, revision, build


def _check(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"board: {name} is {lowest}..{highest}, not {value}")


def _count(value: int) -> int:
    if value < 0:
        raise ValueError(f"a count is at least 0, not {value}")
    return value
