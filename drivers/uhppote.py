"""A UHPPOTE door controller with up to four doors, over UDP; port ``udp://HOST:60000``.

The link has no encryption and no password: whoever is on its network can open doors. Keep it on a
network of its own.

Source: the packets that the public ``uhppoted`` libraries (0.9.1.1) encode and decode.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from drivers.asking import ask
from drivers.base import (
    AccessReported,
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    DoorMonitorChanged,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus, Priority
from drivers.protocols import FrameError
from drivers.protocols.uhppote import (
    DOOR_COUNT,
    GET_DOOR,
    GET_EVENT,
    GET_STATUS,
    OPEN_DOOR,
    SET_DOOR,
    SET_TIME,
    DoorMode,
    DoorSetUp,
    Event,
    Packet,
    ReplyDecoder,
    encode,
    encode_time,
)
from drivers.registry import register

CARD_EVENT: Final = 1
FETCH_COUNT_MAX: Final = 5
"""Events that one poll fetches, so that a command does not wait for a whole day's."""


@register("uhppote")
class Uhppote:
    """One controller; satisfies ``Driver``, ``DoorControl`` and ``LockOpenControl``.

    One request in flight.

    Events are fetched by their index, which rises by one: none is lost while we are away, as far as
    the controller keeps them, and none is told twice. Those from before ``start`` are history and
    are not told. Whether a door opened shows in its contact; the answer to a command says that the
    controller took it.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the controller is reached.

        Attributes:
            serial: Its serial number, as printed on it.
            timeout_s: Longest wait for one answer.
            attempt_count: Times that a question is sent before giving up, 1..10.
        """

        serial: int = 405419896
        timeout_s: float = 0.5
        attempt_count: int = 3

        def __post_init__(self) -> None:
            if not 1 <= self.serial < 2**32:
                raise ValueError(f"uhppote: serial is 1..2^32-1, not {self.serial}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"uhppote: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"uhppote: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"uhppote/{settings.serial}"
        self._doors: tuple[bool, ...] | None = None
        self._told: int | None = None
        self._found: list[Observation] = []
        self._modes: dict[int, int] = {}

    async def start(self) -> None:
        """Nothing is set up; raises when the controller does not answer."""
        self._doors = None
        status = await self._ask(GET_STATUS)
        if self._told is None:
            self._told = _event(status).index

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        status = await self._ask(GET_STATUS)
        doors, before = status.open_doors, self._doors
        self._found += [
            DoorMonitorChanged(door, is_open=is_open)
            for door, is_open in enumerate(doors)
            if (before is None and is_open) or (before is not None and before[door] is not is_open)
        ]
        self._doors = doors
        await self._fetch(_event(status))
        # Not before: what was found is not lost when an event cannot be fetched.
        found, self._found = self._found, []
        return found

    async def access_door(self, door: int) -> CommandReceipt:
        """See ``DoorControl.access_door``; 0..3. Sent once: a repetition opens it again."""
        reply = await self._ask(OPEN_DOOR, bytes([_number(door)]), is_command=True)
        if reply.body[0] != 1:
            raise CommandRejectedError(f"controller {self._settings.serial} does not open {door}")
        return CommandReceipt(attempts=1)

    @property
    def door_count(self) -> int:
        """See ``LockOpenControl.door_count``."""
        return DOOR_COUNT

    async def lock_open_door(self, door: int) -> CommandReceipt:
        """See ``LockOpenControl.lock_open_door``: the mode *normally open*, read back."""
        before = await self._set_up_of(door)
        if before.mode != DoorMode.NORMALLY_OPEN:
            self._modes[door] = before.mode
            await self._set_mode(before, DoorMode.NORMALLY_OPEN)
        return CommandReceipt(attempts=1)

    async def end_lock_open_door(self, door: int) -> CommandReceipt:
        """Give a door the mode that ``lock_open_door`` found; where that is lost, *controlled*."""
        now = await self._set_up_of(door)
        if now.mode == DoorMode.NORMALLY_OPEN:
            await self._set_mode(now, self._modes.get(door, DoorMode.CONTROLLED))
        self._modes.pop(door, None)
        return CommandReceipt(attempts=1)

    async def _set_up_of(self, door: int) -> DoorSetUp:
        number = _number(door)
        found = (await self._ask(GET_DOOR, bytes([number]), is_command=True)).door
        if found.door != number:
            raise CommandRejectedError(f"controller {self._settings.serial} has no door {door}")
        return found

    async def _set_mode(self, door: DoorSetUp, mode: int) -> None:
        wanted = dataclasses.replace(door, mode=mode)
        await self._ask(SET_DOOR, wanted.to_bytes(), is_command=True)
        if await self._set_up_of(door.door - 1) != wanted:
            message = f"controller {self._settings.serial} did not keep mode {mode}"
            raise ProtocolViolationError(f"{message} of door {door.door - 1}")

    async def set_time(self, now: datetime) -> None:
        """Set the controller's clock; ``now`` as the site's people have it.

        Raises:
            ProtocolViolationError: It has another time afterwards.
        """
        raw = encode_time(now)
        reply = await self._ask(SET_TIME, raw, is_command=True)
        if reply.body[:7] != raw:
            raise ProtocolViolationError(f"controller {self._settings.serial} kept another time")

    async def _fetch(self, newest: Event) -> None:
        """Tell the events since the last one; the newest stands in the status itself."""
        if self._told is None or newest.index < self._told:
            self._told = newest.index  # the controller was reset, or is another one
        wanted = range(self._told + 1, newest.index + 1)
        for index in wanted[:FETCH_COUNT_MAX]:
            event = newest
            if index != newest.index:
                event = _event(await self._ask(GET_EVENT, index.to_bytes(4, "little")))
            self._told = index
            if event.index == index and event.type == CARD_EVENT:
                self._found.append(_report(event))

    async def _ask(self, operation: int, body: bytes = b"", *, is_command: bool = False) -> Packet:
        request = Packet(operation, self._settings.serial, body)
        return await ask(
            self._bus,
            encode(request),
            lambda: ReplyDecoder(request),
            unit_id=self._unit_id,
            timeout_s=self._settings.timeout_s,
            priority=Priority.COMMAND if is_command else Priority.POLL,
            attempt_count=1 if operation == OPEN_DOOR else self._settings.attempt_count,
        )


def _number(door: int) -> int:
    if not 0 <= door < DOOR_COUNT:
        raise ValueError(f"door is 0..{DOOR_COUNT - 1}, not {door}")
    return door + 1


def _event(packet: Packet) -> Event:
    try:
        return packet.event
    except FrameError as error:
        raise ProtocolViolationError(str(error)) from error


def _report(event: Event) -> AccessReported:
    return AccessReported(
        event.index,
        max(0, event.door - 1),
        event.is_granted,
        CredentialKind.WIEGAND,
        str(event.card),
        event.time,
        f"reason {event.reason}",
    )
