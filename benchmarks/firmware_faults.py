"""Updates that something happens to: a power cut or a link fault at a random byte.

Boards are simulated in this process and in their own time. Each has an image that works, is offered
another, and at some byte on the wire something happens. Whatever it was, the board must start; and
what is not signed for it must never have run, neither through our gateway nor past it.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import random
from collections.abc import Callable, Iterable
from enum import StrEnum, auto
from typing import Final

from config.contract.board_events import UpdateOutcome
from drivers.base import DriverError
from drivers.protocols import FrameError, NeedData
from firmware_bridge.frames import encode_lines
from firmware_bridge.peer_flash import Geometry
from tests.config.images import signed
from tests.firmware_bridge.virtual_board import KEYS, VirtualBoard, hash_of

SECTORS_OF_A_SLOT: Final = 4
FLASH_OPERATIONS_MAX: Final = 260
"""Of a whole swap and more: what is cut later is cut in another place."""
OUTAGE_S_MAX: Final = 20.0
SETTLED_S: Final = 30.0
"""Until a board has its power again, and has started."""
ATTEMPTS_MAX: Final = 50
"""A cut that waits for a write, or for a byte that never comes, happens to nothing."""
WIRE_SHARE: Final = 1.7
"""Bytes on the wire for each of an image, with everything that is asked before and after."""
TLV_INFO_SIZE_BYTES, TLV_HEAD_SIZE_BYTES, PROGRAM_BEGIN = 4, 4, 0x200
BODY: Final = bytes(range(256)) * 50


class Mischief(StrEnum):
    """What happens."""

    POWER_IN_FLASH = auto()
    """The power fails in the middle of a write or erase, so many of them after the byte."""
    POWER_AT_ONCE = auto()
    POWER_IN_SWAP = auto()
    LINE_DEAD = auto()
    """Nothing goes through for a while."""
    BYTE_DAMAGED = auto()
    BYTE_LOST = auto()
    FRAME_TWICE = auto()
    FRAME_LATE = auto()
    OUR_DEATH = auto()
    """Our own process ends; another one goes on without knowing anything."""


class Offer(StrEnum):
    """What a board is offered."""

    GOOD = auto()
    BROKEN = auto()
    """Signed well; it does not work."""
    UNSIGNED = auto()
    STRANGER = auto()
    """Signed by somebody else: not signed, as far as this site is concerned."""
    FORGED = auto()
    """Names our key, and its signature is another image's."""
    DOWNGRADE = auto()
    WITHDRAWN = auto()
    """A higher version, and a security counter that is too low."""
    FOREIGN = auto()
    """For another type of board."""

    @property
    def may_run(self) -> bool:
        """Whether a board may ever start it."""
        return self in (Offer.GOOD, Offer.BROKEN)


SHARES: Final = {
    Offer.GOOD: 12,
    Offer.BROKEN: 2,
    Offer.UNSIGNED: 1,
    Offer.STRANGER: 1,
    Offer.FORGED: 1,
    Offer.DOWNGRADE: 2,
    Offer.WITHDRAWN: 1,
    Offer.FOREIGN: 1,
}
BEHAVIOURS: Final = ("does_not_start", "hangs", "mute", "unhealthy", "stays_safe")


@dataclasses.dataclass(slots=True)
class Tally:
    """What became of all updates.

    Attributes:
        updates: Each ended with something that happened; more were made on the way to it.
        faults: How many of them did.
        unfinished: Good images that did not run, even when the same update was made again.
        broken_kept: Boards that kept an image that does not work.
    """

    updates: int = 0
    faults: int = 0
    unbootable: int = 0
    accepted_unsigned: int = 0
    accepted_downgrade: int = 0
    accepted_foreign: int = 0
    unfinished: int = 0
    broken_kept: int = 0


def offered(offer: Offer, dice: random.Random) -> bytes:
    """Return the image's file, as imgtool makes it."""
    match offer:
        case Offer.GOOD:
            return signed("--security-counter", "5", version="2.0.0", body=BODY)
        case Offer.BROKEN:
            mark = f"menshen-board-behaviour: {dice.choice(BEHAVIOURS)}\n".encode()
            return signed("--security-counter", "5", version="2.0.0", body=mark.ljust(3000, b"-"))
        case Offer.UNSIGNED:
            return signed("--security-counter", "5", version="2.0.0", body=BODY, key=None)
        case Offer.STRANGER:
            return signed("--security-counter", "5", version="2.0.0", body=BODY, key="stranger")
        case Offer.FORGED:
            return forged(offered(Offer.GOOD, dice))
        case Offer.DOWNGRADE:
            return signed("--security-counter", "5", version="0.9.0", body=BODY)
        case Offer.WITHDRAWN:
            return signed("--security-counter", "4", version="3.0.0", body=BODY)
        case Offer.FOREIGN:
            return signed("--security-counter", "5", version="2.0.0", body=BODY, hw=99)


def forged(data: bytes) -> bytes:
    """Return an image with another program, its hash put right and its signature left."""
    digest = hash_of(data)
    at = data.index(digest)
    hashed_end = at - TLV_INFO_SIZE_BYTES - TLV_HEAD_SIZE_BYTES
    program = bytearray(data[:hashed_end])
    program[PROGRAM_BEGIN] ^= 0xFF
    return bytes(program) + data[hashed_end:at] + hashlib.sha256(program).digest() + data[at + 32 :]


def delivered() -> bytes:
    """Return what every board runs first."""
    return signed("--security-counter", "5", version="1.0.0", body=BODY[:4000])


class UnluckyBoard(VirtualBoard):
    """A board to which something happens at one byte of what goes over its line.

    Attributes:
        has_struck: It has happened.
        ran: Hashes of all images that it ever ran.
        die: Ends our own process.
    """

    def __init__(self, dice: random.Random) -> None:
        self.has_struck = self._had_no_power = False
        self.ran: set[bytes] = set()
        self.die: Callable[[], object] = lambda: None
        self._dice = dice
        self._mischief: Mischief | None = None
        self._wire_bytes = self._strikes_at_byte = 0
        self._dead_until_s = 0.0
        self._power_back_at_s: float | None = None
        geometry = Geometry(slot_sector_count=SECTORS_OF_A_SLOT)
        super().__init__(seed=dice.randrange(1 << 30), image=delivered(), geometry=geometry)

    @property
    def had_fault(self) -> bool:
        """Whether something really happened: a cut that waited for a write may have got none."""
        is_of_power = self._mischief in (Mischief.POWER_IN_FLASH, Mischief.POWER_IN_SWAP)
        return self.has_struck and (self._had_no_power or not is_of_power)

    def expect(self, mischief: Mischief, at_byte: int) -> None:
        """Have something happen, so many bytes from now on."""
        self._mischief, self._strikes_at_byte = mischief, self._wire_bytes + at_byte

    def catch_up(self) -> None:
        """See ``VirtualBoard.catch_up``; also sees what runs."""
        if self._power_back_at_s is not None and self.clock.now_s >= self._power_back_at_s:
            self._power_back_at_s = None
            self.board.power(is_on=True)
        super().catch_up()
        self._had_no_power |= not self.board.is_powered
        if self.board.running is not None:
            self.ran.add(self.board.running.hash)

    def _answer(self, data: bytes) -> Iterable[tuple[float, bytes]]:
        self.catch_up()
        self._decoder.receive_data(self._over_the_line(data))
        answers: list[tuple[float, bytes]] = []
        for raw in self._requests():
            answer = self.board.receive(raw)
            if answer is not None:
                answers += self._said(encode_lines(answer))
        return answers

    def _requests(self) -> Iterable[bytes]:
        while True:
            try:
                received = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(received, NeedData):
                return
            yield bytes(received.frame)

    def _said(self, lines: bytes) -> list[tuple[float, bytes]]:
        was_struck = self.has_struck
        heard = self._over_the_line(lines)
        if self.has_struck and not was_struck and self._mischief is Mischief.FRAME_LATE:
            return [(1.0, heard)]
        if self.has_struck and not was_struck and self._mischief is Mischief.FRAME_TWICE:
            return [(0.001, heard), (0.002, heard)]
        return [(0.001, heard)] if heard else []

    def _over_the_line(self, data: bytes) -> bytes:
        """Return what of some bytes arrives; something may happen in the middle of them."""
        index = self._strikes_at_byte - self._wire_bytes
        self._wire_bytes += len(data)
        if self.clock.now_s < self._dead_until_s:
            return b""
        if self._mischief is None or self.has_struck or not 0 <= index < len(data):
            return data
        self.has_struck = True
        return self._strike(self._mischief, data, index)

    def _strike(self, mischief: Mischief, data: bytes, index: int) -> bytes:
        dice, board = self._dice, self.board
        outage_s = board.power_returns_s = dice.uniform(0.1, OUTAGE_S_MAX)
        match mischief:
            case Mischief.POWER_IN_FLASH:
                board.cut_power(after_operations=dice.randrange(FLASH_OPERATIONS_MAX))
            case Mischief.POWER_IN_SWAP:
                board.cut_power_at_start(after_operations=dice.randrange(FLASH_OPERATIONS_MAX))
            case Mischief.POWER_AT_ONCE:
                board.power(is_on=False)
                self._power_back_at_s = self.clock.now_s + outage_s
                return data[:index]
            case Mischief.LINE_DEAD:
                self._dead_until_s = self.clock.now_s + outage_s
                return data[:index]
            case Mischief.BYTE_DAMAGED:
                flipped = data[index] ^ 1 << dice.randrange(8)
                return data[:index] + bytes([flipped]) + data[index + 1 :]
            case Mischief.BYTE_LOST:
                return data[:index] + data[index + 1 :]
            case Mischief.OUR_DEATH:
                self.die()
            case Mischief.FRAME_TWICE | Mischief.FRAME_LATE:
                pass  # of an answer; of a request it is the same to the board as a lost answer
        return data


def unlucky_update(seed: str, tally: Tally) -> None:
    """Update boards, or try to, until something has happened to one; see what became of each."""
    tally.updates += 1
    for number in range(ATTEMPTS_MAX):
        if _had_fault(f"{seed}/{number}", tally):
            tally.faults += 1
            return


def _had_fault(seed: str, tally: Tally) -> bool:
    dice = random.Random(seed)  # noqa: S311 - the same for the same seed
    offer = dice.choices(list(SHARES), list(SHARES.values()))[0]
    data, board = offered(offer, dice), UnluckyBoard(dice)
    board.expect(dice.choice(list(Mischief)), dice.randrange(int(len(data) * WIRE_SHARE)))
    if offer.may_run:
        _updated(board, data)
        is_taken = False
    else:
        is_taken = board.updated(data).outcome is not UpdateOutcome.REFUSED
        with contextlib.suppress(asyncio.CancelledError):
            board.run(lambda: _past_the_gateway(board, data))
    board.pass_time(SETTLED_S)
    had_fault = board.had_fault
    board.board.restart()
    board.pass_time(SETTLED_S)
    tally.unbootable += board.board.running is None or board.board.is_unbootable
    if not offer.may_run:
        _count_accepted(offer, tally, is_accepted=is_taken or hash_of(data) in board.ran)
    elif offer is Offer.GOOD:
        tally.unfinished += board.updated(data).outcome is not UpdateOutcome.CONFIRMED
    else:
        tally.broken_kept += board.runs != "1.0.0"
    return had_fault


def _count_accepted(offer: Offer, tally: Tally, *, is_accepted: bool) -> None:
    if offer in (Offer.UNSIGNED, Offer.STRANGER, Offer.FORGED):
        tally.accepted_unsigned += is_accepted
    elif offer is Offer.FOREIGN:
        tally.accepted_foreign += is_accepted
    else:
        tally.accepted_downgrade += is_accepted


def _updated(board: UnluckyBoard, data: bytes) -> None:
    """Follow an update to its end; where our process dies, another one begins again."""

    async def follow() -> object:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            board.die = lambda: loop.call_soon_threadsafe(task.cancel)
        return await board.update().update(data, keys=KEYS)

    try:
        board.run(follow)
    except asyncio.CancelledError:
        board.updated(data)


async def _past_the_gateway(board: UnluckyBoard, data: bytes) -> None:
    """Send what our gateway refuses, as another program would: the board must refuse it, too."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is not None:
        board.die = lambda: loop.call_soon_threadsafe(task.cancel)
    for step in (
        lambda: board.client.upload(data),
        lambda: board.client.test(hash_of(data)),
        board.client.reset,
        lambda: board.client.confirm(hash_of(data)),
    ):
        with contextlib.suppress(DriverError):
            await step()
        await board.sleep(1.0)
