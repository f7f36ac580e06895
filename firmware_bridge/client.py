"""A board as the gateway sees it: every command of docs/board.md, over a bus that others share."""

import dataclasses
import hashlib
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, TypeVar, cast

from smp.exceptions import SMPException
from smpclient.exceptions import SMPClientException
from smpclient.requests.file_management import FileDownload
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite
from smpclient.requests.statistics_management import GroupData, ListOfGroups

from drivers.base import DriverError, ProtocolViolationError
from drivers.bus import Bus, Priority
from drivers.protocols import FrameError
from firmware_bridge.board_line import BUFFER_SIZE_BYTES, BoardLine
from firmware_bridge.group import (
    NONCE_SIZE_BYTES,
    Answer,
    Beat,
    Claim,
    Claimed,
    Configuration,
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
    State,
    WriteConfig,
    decode_answer,
    encode_request,
)
from firmware_bridge.refusals import BOARD, NOT_SUPPORTED, OS, BoardRefusedError, Refusal
from firmware_bridge.signing import Signer, longer_leap, next_counter, sign_request
from firmware_bridge.slot_images import SlotImage as SlotImage
from firmware_bridge.slot_images import slot_images
from firmware_bridge.standard_groups import StandardGroups, violation

FILE_SIZE_BYTES_MAX: Final = 1 << 20
STALLED_PACKETS_MAX: Final = 8
"""A board that asks for the same part again and again never takes it."""

_SIGNED_ON_A_LINE: Final = (WriteConfig, Hold, Claim, Maintain)
_AnswerT = TypeVar("_AnswerT", bound=Answer)


@dataclasses.dataclass(frozen=True, slots=True)
class Parameters:
    """What a board's buffers hold. Attributes: buffer_size_bytes: frame and check sum."""

    buffer_size_bytes: int
    buffer_count: int


class BoardClient:
    """One board. Every method may raise ``DriverError``; several calls at once take turns."""

    def __init__(
        self,
        bus: Bus,
        *,
        address: int = 0,
        timeout_s: float = 0.5,
        attempt_count: int = 3,
        signer: Signer | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Address a board.

        Args:
            bus: See ``BoardLine``, also for what follows.
            address: Of the board.
            timeout_s: Until an answer begins.
            attempt_count: Times to ask.
            signer: Has the key that the board was claimed with; None signs nothing.
            now_s: Seconds since 1970; counters of signed commands are made from it.
        """
        self.line = BoardLine(
            bus, address=address, timeout_s=timeout_s, attempt_count=attempt_count
        )
        self._signer, self._now_s = signer, now_s
        self._standard = StandardGroups(self.line)
        self._sequence = secrets.randbelow(256)
        self._counter = self._leap = 0
        self._identity: Identity | None = None
        self._boot = 0

    # ---- the board group

    async def identity(self) -> Identity:
        """Return who it is."""
        self._identity = await self._ask(ReadIdentity(), Identity)
        return self._identity

    async def state(
        self, *, boot: int = 0, seq: int = 0, priority: Priority = Priority.POLL
    ) -> State:
        """Return how it is and what happened.

        Args:
            boot: Of the start that ``seq`` is of; 0 acknowledges nothing.
            seq: Events up to it are known, and forgotten by the board.
            priority: Decides the turn.
        """
        state = await self._ask(ReadState(boot=boot, sequence=seq), State, priority=priority)
        self._boot = state.boot
        return state

    async def heartbeat(self, *, attempt_count: int | None = None) -> Beat:
        """Hold off the safe state, or end it. Args: attempt_count: another than the line's."""
        beat = await self._write(SendHeartbeat(), Beat, attempt_count=attempt_count)
        self._boot = beat.boot
        return beat

    async def set_output(
        self,
        channel: int,
        *,
        on: bool,
        duration_s: float | None = None,
        boot: int | None = None,
        priority: Priority = Priority.COMMAND,
    ) -> int:
        """Switch an output; returns all of them, bit 0 is channel 0. Never done twice.

        Args:
            channel: 0-based.
            on: What it becomes.
            duration_s: 0.01..600 of a pulse that the board itself ends; None stays.
            boot: Of the start that this is meant for; None is the one that was last heard of.
            priority: Decides the turn.

        Raises:
            BoardRefusedError: No such channel, a fire, or another start.
            DriverError: Whether it was done is unknown.
        """
        request = SetOutput(
            boot=await self._boot_of(boot),
            nonce=secrets.token_bytes(NONCE_SIZE_BYTES),
            channel=channel,
            is_on=on,
            duration_ms=0 if duration_s is None else max(1, round(duration_s * 1000)),
        )
        return (await self._write(request, Outputs, priority=priority)).outputs

    async def config(self) -> Configuration:
        """Return its configuration."""
        return await self._ask(ReadConfig(), Configuration)

    async def configure(self, wanted: Configuration, *, boot: int | None = None) -> Configuration:
        """Write what was set of a configuration, and nothing else; returns all of it.

        Args:
            wanted: ``Configuration(watchdog_ms=5000)`` changes that alone.
            boot: See ``set_output``.
        """
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        nonce = secrets.token_bytes(NONCE_SIZE_BYTES)
        request = WriteConfig(boot=await self._boot_of(boot), nonce=nonce, **changes)
        return await self._write(request, Configuration)

    async def hold(self, duration_s: float, *, boot: int | None = None) -> float:
        """Have it wait so long for a heartbeat, 0.001..600; returns how long it does."""
        request = Hold(boot=await self._boot_of(boot), duration_ms=round(duration_s * 1000))
        return (await self._write(request, Held)).hold_ms / 1000

    async def claim(self, key: bytes, *, boot: int | None = None) -> None:
        """Make it take signed commands of this key's holder alone. Args: key: Ed25519, raw."""
        request = Claim(boot=await self._boot_of(boot), public_key=key)
        try:
            claimed = await self._write(request, Claimed)
        except BoardRefusedError as error:
            is_signature = (error.group, error.code) == (BOARD, Refusal.SIGNATURE)
            if self._signer is None or self.line.is_datagram or not is_signature:
                raise
            # Somebody else's board takes a key from the line while its jumper was closed at its
            # start, and refuses once more where it was not.
            claimed = await self._ask(request, Claimed, priority=Priority.COMMAND)
        self._identity = None
        if claimed.key_start != hashlib.sha256(key).digest()[: len(claimed.key_start)]:
            raise ProtocolViolationError("the board took another key than it was given")

    async def maintain(self, duration_s: float, *, boot: int | None = None) -> float:
        """Have it take updates over UDP for so long, 0..600; returns how long it does."""
        request = Maintain(boot=await self._boot_of(boot), duration_ms=round(duration_s * 1000))
        return (await self._write(request, Maintained)).duration_ms / 1000

    # ---- the standard groups

    async def echo(self, text: str) -> str:
        """Return what it makes of a text: the same."""
        return str((await self._standard.request(EchoWrite(d=text))).r)

    async def parameters(self) -> Parameters:
        """Return its buffers; packets are as long as they allow from now on."""
        try:
            answer = await self._standard.request(MCUMgrParametersRead())
            found = Parameters(answer.buf_size, answer.buf_count)
        except BoardRefusedError as error:
            if (error.group, error.code) != (OS, NOT_SUPPORTED):
                raise
            found = Parameters(BUFFER_SIZE_BYTES, 1)
        self._standard.transport.initialize(found.buffer_size_bytes)
        return found

    async def images(self) -> tuple[SlotImage, ...]:
        """Return what its slots hold, by slot."""
        return slot_images((await self._standard.request(ImageStatesRead())).images)

    async def upload(
        self, data: bytes, *, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Put an image into slot 1; goes on where the same upload was broken off.

        Args:
            data: The signed image's file.
            on_progress: Told how many bytes the board has, after each packet.

        Raises:
            BoardRefusedError: It takes no such image.
            DriverError: Broken off; another call goes on.
        """
        await self.parameters()
        offset_before, stalled_count = -1, 0
        try:
            # It is declared as any iterator, and is a generator, which is to be closed.
            offsets = cast("AsyncGenerator[int, None]", self._standard.client.upload(data))
            async with aclosing(offsets):
                async for offset in offsets:
                    if offset > len(data):
                        raise ProtocolViolationError(f"the board wants more than {len(data)} bytes")
                    stalled_count = stalled_count + 1 if offset <= offset_before else 0
                    if stalled_count >= STALLED_PACKETS_MAX:
                        raise ProtocolViolationError(
                            f"the board takes nothing after {offset} bytes"
                        )
                    offset_before = offset
                    on_progress(offset)
        except (SMPClientException, SMPException, TimeoutError) as error:
            raise violation(error) from error

    async def test(self, image_hash: bytes) -> tuple[SlotImage, ...]:
        """Put the image of slot 1 with this hash (MCUboot's) on trial at the next start."""
        return await self._set_state(ImageStatesWrite(hash=image_hash, confirm=False))

    async def confirm(self, image_hash: bytes | None = None) -> tuple[SlotImage, ...]:
        """Make the running image stay. Args: image_hash: Its own, or the board refuses."""
        return await self._set_state(ImageStatesWrite(hash=image_hash, confirm=True))

    async def erase(self) -> None:
        """Empty slot 1."""
        await self._standard.request(ImageErase(slot=1))

    async def reset(self) -> None:
        """Restart it within a second. Asked once: whether it does is unknown without an answer."""
        await self._standard.request(ResetWrite())

    async def statistics(self) -> dict[str, dict[str, int]]:
        """Return its counts, by group."""
        names = (await self._standard.request(ListOfGroups())).stat_list
        return {
            name: dict((await self._standard.request(GroupData(name=name))).fields)
            for name in names
        }

    async def download(self, path: str) -> bytes:
        """Return a file, ``/log/board.txt`` for one; 1 MiB at most."""
        await self.parameters()
        data = bytearray()
        size_bytes: int | None = None
        while size_bytes is None or len(data) < size_bytes:
            answer = await self._standard.request(FileDownload(name=path, off=len(data)))
            size_bytes = answer.len if size_bytes is None else size_bytes
            if size_bytes is None or not 0 <= size_bytes <= FILE_SIZE_BYTES_MAX:
                raise ProtocolViolationError(f"the board does not say how long {path} is")
            is_next = answer.off == len(data) and (answer.data or len(data) == size_bytes)
            data += answer.data
            if not is_next or len(data) > size_bytes:
                raise ProtocolViolationError(f"the board sends another part of {path}")
        return bytes(data)

    async def _set_state(self, request: ImageStatesWrite) -> tuple[SlotImage, ...]:
        return slot_images((await self._standard.request(request)).images)

    # ---- how it is asked

    async def _boot_of(self, boot: int | None) -> int:
        if boot is not None:
            return boot
        return self._boot or (await self.state()).boot

    async def _write(
        self,
        request: Request,
        wanted: type[_AnswerT],
        *,
        priority: Priority = Priority.COMMAND,
        attempt_count: int | None = None,
    ) -> _AnswerT:
        try:
            if self._signer is None or not await self._is_signed(request):
                return await self._ask(
                    request, wanted, priority=priority, attempt_count=attempt_count
                )
            return await self._ask_signed(request, wanted, signer=self._signer, priority=priority)
        except BoardRefusedError:
            self._identity, self._boot = None, 0  # it may be another board, or another start
            raise

    async def _is_signed(self, request: Request) -> bool:
        if not self.line.is_datagram and not isinstance(request, _SIGNED_ON_A_LINE):
            return False
        return (self._identity or await self.identity()).is_claimed

    async def _ask_signed(
        self, request: Request, wanted: type[_AnswerT], *, signer: Signer, priority: Priority
    ) -> _AnswerT:
        """A counter is used once: each attempt has its own, and the same nonce inside.

        What is more urgent overtakes others that have a lower counter: those are signed anew.
        Where somebody signed before with a clock that was ahead of ours, ours leaps after it.
        """
        left_count = self.line.attempt_count
        while True:
            left_count -= 1
            identity = self._identity or await self.identity()
            boot = getattr(request, "boot", 0) or await self._boot_of(None)
            before = self._counter + self._leap
            self._counter = next_counter(before, now_s=self._now_s())
            signed = sign_request(
                request,
                signer=signer,
                serial_number=identity.serial_number,
                boot=boot,
                counter=self._counter,
            )
            try:
                answer = await self._ask(signed, wanted, priority=priority, attempt_count=1)
            except BoardRefusedError as error:
                if (error.group, error.code) != (BOARD, Refusal.COUNTER_USED):
                    raise
                self._leap = longer_leap(self._leap)
                if left_count <= 0:
                    raise
            except DriverError:
                if left_count <= 0:
                    raise
            else:
                self._leap = 0
                return answer

    async def _ask(
        self,
        request: Request,
        wanted: type[_AnswerT],
        *,
        priority: Priority = Priority.POLL,
        attempt_count: int | None = None,
    ) -> _AnswerT:
        self._sequence = (self._sequence + 1) % 256
        frame = encode_request(request, sequence=self._sequence)
        answer = await self.line.ask(frame, priority=priority, attempt_count=attempt_count)
        try:
            return decode_answer(answer, wanted)
        except FrameError as error:
            raise ProtocolViolationError(str(error)) from error
