"""The SMP server of the simulated board: frames in, frames out, and the standard groups.

Source: docs/board.md, sections 1, 2 and 5; Zephyr's MCUmgr for what it leaves open.
"""

import dataclasses
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import cbor2

from firmware_bridge.peer_application import Application
from firmware_bridge.peer_group import (
    GROUP,
    READ,
    WRITE,
    BoardGroup,
    BoardRefusedError,
    Code,
    InvalidRequestError,
    decoded_map,
)
from firmware_bridge.peer_slots import ImageGroupError, Slots

HEADER: Final = struct.Struct(">BBHHBB")
OS, IMAGE, STATISTICS, FILES = 0, 1, 2, 8
INVALID, NOT_SUPPORTED, ACCESS_DENIED = 3, 8, 11
"""SMP's own refusals."""
UNKNOWN_STATISTICS: Final = 2
NO_FILE: Final = 3
DATAGRAM_SIZE_BYTES_MAX: Final = 1400
CHECKED_SIZE_BYTES: Final = 4
"""Length and check sum share the buffer with the frame."""
FILE_ANSWER_SIZE_BYTES: Final = 64
"""Of an answer with a piece of a file, without the piece."""
LOG_FILE: Final = "/log/board.txt"

_Answer = dict[str, Any] | None
_Request = Mapping[str, Any]


class RefusedError(Exception):
    """A request is refused. Attributes: code: why; group: whose code it is; None is SMP's own."""

    def __init__(self, code: int, group: int | None = None) -> None:
        super().__init__(f"group {group}: {code}")
        self.code, self.group = code, group


class Owner(Protocol):
    """What the server needs of the board around it."""

    def may_change_images(self, *, is_datagram: bool) -> bool:
        """Return whether upload, erase, state and reset are taken."""
        ...

    def ask_for_restart(self) -> None:
        """Restart when the answer has been sent."""
        ...

    def expect_upload(self, offset: int, size_bytes: int) -> None:
        """Hear that so many bytes of an image are written next."""
        ...

    def image_confirmed(self) -> None:
        """Hear that the running image stays."""
        ...

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return all groups of statistics."""
        ...

    def log(self) -> bytes:
        """Return the log file."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class _Context:
    """About one request. Attributes: its operation; the room for an answer; when; and over what."""

    operation: int
    size_bytes_max: int
    now_ms: int
    is_datagram: bool


class Server:
    """Answers frames, from one start to the next.

    Attributes:
        frame_count, bad_count: Requests that were read, and that were not.
    """

    def __init__(
        self,
        owner: Owner,
        application: Application,
        slots: Slots,
        group: BoardGroup,
        *,
        buffer_size_bytes: int,
    ) -> None:
        self.frame_count = self.bad_count = 0
        self._owner, self._application, self._slots = owner, application, slots
        self._group, self._buffer_size_bytes = group, buffer_size_bytes
        self._log = b""
        self._commands: dict[tuple[int, int, int], Callable[[_Request, _Context], _Answer]] = {
            (OS, 0, READ): self._echo,
            (OS, 0, WRITE): self._echo,
            (OS, 5, WRITE): self._reset,
            (OS, 6, READ): self._parameters,
            (OS, 8, READ): lambda request, context: {"bootloader": "MCUboot"},
            (IMAGE, 0, READ): lambda request, context: self._slots.state(),
            (IMAGE, 0, WRITE): self._set_state,
            (IMAGE, 1, WRITE): self._upload,
            (IMAGE, 5, WRITE): self._erase,
            (STATISTICS, 0, READ): self._statistics,
            (STATISTICS, 1, READ): lambda r, c: {"stat_list": list(self._owner.statistics())},
            (FILES, 0, READ): self._download,
        }

    def answer(self, frame: bytes, *, now_ms: int, is_datagram: bool) -> bytes | None:
        """Return the answer to one frame; None where there is none.

        Raises:
            PowerCutError: The power failed meanwhile.
        """
        if len(frame) < HEADER.size:
            return self._unread()
        first, _, size_bytes, group, sequence, command = HEADER.unpack_from(frame)
        operation, version = first & 0b111, first >> 3 & 0b11
        request = decoded_map(frame[HEADER.size :])
        is_sound = operation in (READ, WRITE) and version in (0, 1) and request is not None
        if not is_sound or request is None or len(frame) != HEADER.size + size_bytes:
            return self._unread()
        self.frame_count += 1
        room = self._buffer_size_bytes - CHECKED_SIZE_BYTES
        if is_datagram:
            room = min(room, DATAGRAM_SIZE_BYTES_MAX)
        context = _Context(operation, room - HEADER.size, now_ms, is_datagram)
        try:
            body = self._done(group, command, request, context)
        except RefusedError as refusal:
            body = _refusal(refusal, version)
        except ImageGroupError as refusal:
            body = _refusal(RefusedError(refusal.code, IMAGE), version)
        except BoardRefusedError as refusal:
            body = _refusal(RefusedError(refusal.code, GROUP), version)
        except InvalidRequestError:
            body = _refusal(RefusedError(INVALID), version)
        raw = cbor2.dumps(body)
        head = HEADER.pack(operation + 1 | version << 3, 0, len(raw), group, sequence, command)
        return head + raw

    def _unread(self) -> bytes | None:
        self.bad_count += 1
        return None

    def _done(
        self, group: int, command: int, request: _Request, context: _Context
    ) -> dict[str, Any]:
        if group == GROUP:
            answer = self._group.answer(
                context.operation,
                command,
                request,
                now_ms=context.now_ms,
                size_bytes_max=context.size_bytes_max,
                is_datagram=context.is_datagram,
            )
        else:
            do = self._commands.get((group, command, context.operation))
            answer = None if do is None else do(request, context)
        if answer is None:
            raise RefusedError(NOT_SUPPORTED)
        return answer

    def _echo(self, request: _Request, context: _Context) -> _Answer:
        return {"r": _text(request, "d")}

    def _parameters(self, request: _Request, context: _Context) -> _Answer:
        return {"buf_size": self._buffer_size_bytes, "buf_count": 1}

    def _reset(self, request: _Request, context: _Context) -> _Answer:
        self._check_may(context)
        self._check_fire()
        self._owner.ask_for_restart()
        return {}

    def _set_state(self, request: _Request, context: _Context) -> _Answer:
        self._check_may(context)
        wanted, confirm = request.get("hash"), request.get("confirm", False)
        if not isinstance(confirm, bool) or not isinstance(wanted, bytes | None):
            raise RefusedError(INVALID)
        answer, is_newly_confirmed = self._slots.set_state(wanted, confirm=confirm)
        if is_newly_confirmed:
            self._owner.image_confirmed()
        return answer

    def _upload(self, request: _Request, context: _Context) -> _Answer:
        self._check_may(context)
        self._check_fire()
        offset, data = request.get("off"), request.get("data")
        size_bytes, sha = request.get("len"), request.get("sha")
        if type(offset) is not int or offset < 0 or not isinstance(data, bytes):
            raise RefusedError(INVALID)
        if type(size_bytes) not in (int, type(None)) or not isinstance(sha, bytes | None):
            raise RefusedError(INVALID)
        if request.get("image", 0) != 0:
            raise RefusedError(INVALID)
        self._owner.expect_upload(offset, len(data))
        return self._slots.upload(offset, data, size_bytes=size_bytes, sha=sha)

    def _erase(self, request: _Request, context: _Context) -> _Answer:
        self._check_may(context)
        self._check_fire()
        slot = request.get("slot", 1)
        if type(slot) is not int:
            raise RefusedError(INVALID)
        return self._slots.erase(slot)

    def _statistics(self, request: _Request, context: _Context) -> _Answer:
        name = _text(request, "name")
        groups = self._owner.statistics()
        if name not in groups:
            raise RefusedError(UNKNOWN_STATISTICS, STATISTICS)
        return {"name": name, "fields": groups[name]}

    def _download(self, request: _Request, context: _Context) -> _Answer:
        offset = request.get("off", 0)
        if type(offset) is not int or offset < 0:
            raise RefusedError(INVALID)
        if _text(request, "name") != LOG_FILE:
            raise RefusedError(NO_FILE, FILES)
        if offset == 0:
            self._log = self._owner.log()  # lines that come meanwhile are for the next one
        end = offset + context.size_bytes_max - FILE_ANSWER_SIZE_BYTES
        return {"off": offset, "data": self._log[offset:end], "len": len(self._log)}

    def _check_may(self, context: _Context) -> None:
        if not self._owner.may_change_images(is_datagram=context.is_datagram):
            raise RefusedError(ACCESS_DENIED)

    def _check_fire(self) -> None:
        if self._application.is_fire:
            raise BoardRefusedError(Code.FIRE)


def _refusal(refusal: RefusedError, version: int) -> dict[str, Any]:
    if refusal.group is None or version == 0:
        return {"rc": int(refusal.code)}
    return {"err": {"group": refusal.group, "rc": int(refusal.code)}}


def _text(request: _Request, key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise RefusedError(INVALID)
    return value
