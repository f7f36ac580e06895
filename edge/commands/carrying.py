"""What each command does at this node: lanes, gates, devices and the status."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol
from uuid import UUID

from config.contract.access import DoorCommandOutcome
from config.contract.board_commands import CancelBoardUpdate, RollBackBoard, UpdateBoard
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import (
    BeginDrill,
    BeginFireTest,
    CheckDuty,
    CloseFireOutput,
    CloseFireRelease,
    EndDrill,
    EndFireTest,
    HoldOpen,
    NodeCommand,
    OfFire,
    OpenOnce,
    ReconnectDevice,
    ReportStatus,
    Secure,
    Signal,
)
from config.contract.video_commands import CallPreset, KeepClip, WatchCamera
from drivers.base import CommandRejectedError, DriverError
from edge.alarms.sounders import Sounders
from edge.commands.desk import Carried
from edge.commands.holds import Held, Holds
from edge.kept_file import KeptFileError

DONE: Final = Carried(CommandOutcome.DONE)
_NOT_HERE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
_ON_FIRE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.FIRE_RELEASE)
_LOCKED: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.LOCKED_DOWN)
_ANSWERS: Final = {
    DoorCommandOutcome.CONFIRMED: DONE,
    DoorCommandOutcome.REFUSED: Carried(CommandOutcome.REFUSED, CommandRefusal.DEVICE_REFUSES),
    DoorCommandOutcome.UNREACHABLE: Carried(CommandOutcome.UNKNOWN, CommandRefusal.DEVICE_SILENT),
}


class Commanded(Held, Protocol):
    """The part of a lane that is needed here."""

    @property
    def is_locked(self) -> bool:
        """See ``Lane.is_locked``."""
        ...

    @property
    def is_on_fire(self) -> bool:
        """See ``Lane.is_on_fire``."""
        ...

    async def release(self, command_id: UUID) -> DoorCommandOutcome:
        """See ``Lane.release``."""
        ...


class Device(Protocol):
    """The part of a device's task that is needed here."""

    async def reconnect(self) -> None:
        """See ``DeviceTask.reconnect``."""
        ...


async def no_cameras(command: NodeCommand) -> Carried:
    """Refuse: this node has none."""
    return _NOT_HERE


async def no_boards(command: NodeCommand) -> Carried:
    """Refuse: this node has none."""
    return _NOT_HERE


class Fire(Protocol):
    """The part of the fire station's orders that is needed here."""

    async def carry_out(self, what: OfFire, *, asked_by: str) -> Carried:
        """See ``FireOrders.carry_out``."""
        ...


class NoFire:
    """Of a site without a fire zone."""

    async def carry_out(self, what: OfFire, *, asked_by: str) -> Carried:
        """Refuse: there is nothing here that could be meant."""
        return _NOT_HERE


@dataclasses.dataclass(frozen=True, slots=True)
class Hands:
    """Everything at a node that a command may touch.

    Attributes:
        lanes: By access point.
        cameras: What is about cameras; answers at once, whatever goes on behind it.
        boards: What is about controller boards; the same.
        fire: What is about fire.
    """

    lanes: Mapping[str, Commanded]
    devices: Mapping[str, Device]
    holds: Holds
    report_status: Callable[[], None]
    cameras: Callable[[NodeCommand], Awaitable[Carried]] = no_cameras
    boards: Callable[[NodeCommand], Awaitable[Carried]] = no_boards
    sounders: Sounders | None = None
    fire: Fire = dataclasses.field(default_factory=NoFire)

    async def carry_out(self, command: NodeCommand) -> Carried:
        """Do what a command says and return what became of it."""
        match command.what:
            case OpenOnce(access_point=point):
                return await self._open_once(point, command.id)
            case HoldOpen() | Secure() as what:
                return await self._hold(what)
            case ReconnectDevice(device=device):
                return await self._reconnect(device)
            case Signal() as wish:
                if self.sounders is None or wish.sounder not in self.sounders:
                    return _NOT_HERE
                return _ANSWERS[await self.sounders.signal(wish)]
            case ReportStatus():
                self.report_status()
                return DONE
            case WatchCamera() | KeepClip() | CallPreset():
                return await self.cameras(command)
            case UpdateBoard() | RollBackBoard() | CancelBoardUpdate():
                return await self.boards(command)
            case (
                CloseFireRelease()
                | CloseFireOutput()
                | BeginDrill()
                | EndDrill()
                | BeginFireTest()
                | EndFireTest()
                | CheckDuty() as what
            ):
                return await self.fire.carry_out(what, asked_by=command.asked_by)

    async def _open_once(self, point: str, command_id: UUID) -> Carried:
        lane = self.lanes.get(point)
        if lane is None:
            return _NOT_HERE
        return _LOCKED if lane.is_locked else _ANSWERS[await lane.release(command_id)]

    async def _hold(self, what: HoldOpen | Secure) -> Carried:
        lane = self.lanes.get(what.access_point)
        if lane is None:
            return _NOT_HERE
        try:
            if isinstance(what, Secure):
                if lane.is_on_fire:
                    await self.holds.end(what.access_point)
                    return _ON_FIRE
                return _ANSWERS[await self.holds.end(what.access_point)]
            if lane.is_locked:
                return _LOCKED
            return _ANSWERS[await self.holds.begin(what.access_point, what.until)]
        except KeptFileError:
            return Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_RECORDABLE)

    async def _reconnect(self, device_id: str) -> Carried:
        device = self.devices.get(device_id)
        if device is None:
            return _NOT_HERE
        try:
            await device.reconnect()
        except CommandRejectedError:
            return _ANSWERS[DoorCommandOutcome.REFUSED]
        except DriverError:
            return _ANSWERS[DoorCommandOutcome.UNREACHABLE]
        return DONE
