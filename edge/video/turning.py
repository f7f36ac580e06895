"""Turns the heads of cameras to stored positions, by the devices of this node."""

from collections.abc import Mapping
from typing import Final, Protocol

from config.contract.command_events import CommandOutcome, CommandRefusal
from drivers.base import CommandReceipt, CommandRejectedError, DriverError
from edge.commands.carrying import DONE
from edge.commands.desk import Carried

_NOT_HERE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
_REFUSES: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.DEVICE_REFUSES)
_SILENT: Final = Carried(CommandOutcome.UNKNOWN, CommandRefusal.DEVICE_SILENT)


class Head(Protocol):
    """The part of a device's task that is needed here."""

    @property
    def has_presets(self) -> bool:
        """See ``DeviceTask.has_presets``."""
        ...

    async def call_preset(self, number: int) -> CommandReceipt:
        """See ``DeviceTask.call_preset``."""
        ...


class Heads:
    """The heads of one node, by device."""

    def __init__(self, devices: Mapping[str, Head]) -> None:
        """Turn these."""
        self._devices = devices

    async def call(self, device: str, preset: int) -> Carried:
        """Turn a head to a stored position and return what became of it."""
        head = self._devices.get(device)
        if head is None or not head.has_presets:
            return _NOT_HERE
        try:
            await head.call_preset(preset)
        except (CommandRejectedError, ValueError):
            # A number that the device does not know is refused before anything is sent.
            return _REFUSES
        except DriverError:
            return _SILENT
        return DONE
