"""Cards and codes that readers read beside the gates: each goes to its access point's lane."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from config.site import DeviceEntry, Site, SiteError
from drivers.base import CredentialKind, CredentialRead, CredentialReader, Driver, Observation
from drivers.readings import Holding
from edge.devices import DeviceListener
from edge.patrol.numbers import forms
from edge.patrol.rules import IDENTIFYING

HELD_S: Final = 2.0
"""A reader that says the same card again within this time has it held to it: one person."""


class ReadingLane(Protocol):
    """The part of a lane that is needed here."""

    def show_card(self, numbers: tuple[str, ...]) -> object:
        """See ``Lane.show_card``."""
        ...

    def show_code(self, text: str) -> object:
        """See ``Lane.show_code``."""
        ...


class PointReaders:
    """Listens to one device with readers, and passes on what it hears; see ``DeviceListener``."""

    def __init__(
        self,
        listener: DeviceListener,
        points: Mapping[int, str],
        lanes: Mapping[str, ReadingLane],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        """Show lanes what is read at them.

        Args:
            listener: Hears everything, after the lanes.
            points: Access point of each of the device's readers.
            lanes: By access point; those that are made later count.
            monotonic: The clock.
        """
        self._listener, self._points, self._lanes = listener, points, lanes
        self._monotonic = monotonic
        self._held: dict[int, Holding] = {reader: Holding(HELD_S) for reader in points}

    def observed(self, observation: Observation) -> None:
        """Show a lane what was read at it."""
        if isinstance(observation, CredentialRead) and observation.reader in self._points:
            self._take(observation)
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """Pass it on."""
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """Pass it on."""
        self._listener.returned(absence_s)

    def _take(self, reading: CredentialRead) -> None:
        lane = self._lanes[self._points[reading.reader]]
        if not self._held[reading.reader].is_new(reading.number, now_s=self._monotonic()):
            return
        if reading.kind in IDENTIFYING:
            lane.show_card(forms(reading.kind, reading.number))
        elif reading.kind is CredentialKind.QR:
            lane.show_code(reading.number)


def readers_of(device: DeviceEntry, driver: Driver, site: Site) -> dict[int, str]:
    """Return the access point of each reader of a device.

    Raises:
        SiteError: It reads neither cards nor codes; the message says what it reads.
    """
    found = {
        reader.reader: point.id
        for point in site.access_point
        for reader in point.readers
        if reader.device == device.id
    }
    kinds = driver.credential_kinds if isinstance(driver, CredentialReader) else frozenset()
    if found and not kinds & (IDENTIFYING | {CredentialKind.QR}):
        listed = ", ".join(sorted(kinds)) or "nothing"
        raise SiteError(
            f"access_point {next(iter(found.values()))!r} needs a reader of cards or codes; device"
            f" {device.id!r} is a {device.driver!r}, which reads {listed}"
        )
    return found
