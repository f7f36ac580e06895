"""What all lanes of a node share, and the gate that each has."""

import dataclasses
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from config.contract.access import CropClass
from config.contract.events import Event, EventData
from config.site import Policy
from drivers.base import CommandReceipt, GateMode, Side
from edge.access.attempts import CodeShown
from edge.access.doorkeeper import Doorkeeper
from edge.access.screen import Board


class Gate(Protocol):
    """The gate, as its lane commands it."""

    @property
    def id(self) -> str:
        """Of the device."""
        ...

    async def access(self, side: Side, *, access_time_s: float | None = None) -> CommandReceipt:
        """Let one person through; see ``DeviceTask.access``."""
        ...

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """Have a side treat people so; see ``DeviceTask.set_mode``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        """See ``Journal.append``."""
        ...

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...

    def count_unrecorded(self) -> None:
        """See ``Journal.count_unrecorded``."""
        ...


class People(Protocol):
    """The part of the replica that is needed here."""

    def holder_of_card(self, number: str) -> str | None:
        """Return whose card this is."""
        ...

    def end_of_card(self, number: str) -> datetime | None:
        """Return when a temporary card is over."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all lanes of a node share.

    Attributes:
        doorkeeper: Decides, and is told what happens.
        read_code: Reads a scanned QR code, whatever was scanned.
        offer_blob: Sends a picture when possible.
        now: Wall clock, aware UTC.
        monotonic: The clock of attempts and passages.
    """

    journal: Recorder
    people: People
    doorkeeper: Doorkeeper
    read_code: Callable[[str], CodeShown]
    board: Board
    policy: Policy
    offer_blob: Callable[[bytes, CropClass], str]
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
