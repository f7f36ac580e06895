"""Listens to one device for fire, and passes on what it hears; see ``DeviceListener``."""

import time
from collections.abc import Callable
from typing import Final

from drivers.base import (
    Driver,
    FireContact,
    InputChanged,
    Observation,
    PointChanged,
    PointCondition,
    SpeaksUnasked,
)
from edge.devices import DeviceListener
from edge.fire.station import FireStation

GATE_CONTACT: Final = "contact"
"""The point of a gate's own fire contact."""


class FireWatch:
    """Of a panel, and of whatever a fire releases: it is told again when it comes back."""

    def __init__(
        self,
        device: str,
        driver: Driver,
        listener: DeviceListener,
        station: FireStation,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell ``station`` first, then ``listener``."""
        self._device, self._driver, self._listener = device, driver, listener
        self._station, self._monotonic = station, monotonic
        self._is_panel = device in station.places.own_panels
        if self._is_panel:
            station.panels.listen_to(device, self._heard_at_s)

    def _heard_at_s(self) -> float | None:
        driver = self._driver
        return driver.heard_at_s if isinstance(driver, SpeaksUnasked) else None

    def observed(self, observation: Observation) -> None:
        """A poll found a change."""
        if self._is_panel:
            heard_at_s = self._heard_at_s() or self._monotonic()
            told = _as_point(observation, self._driver)
            self._station.observed(self._device, told, heard_at_s=heard_at_s)
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """It does not answer any more."""
        if self._is_panel:
            self._station.panel_lost(self._device)
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """It answers."""
        if self._is_panel:
            # What speaks unasked says again what changes, and nothing of what stands.
            tells_all = not isinstance(self._driver, SpeaksUnasked)
            self._station.panel_returned(self._device, tells_all=tells_all)
        self._station.gates.device_returned(self._device)
        self._listener.returned(absence_s)


def _as_point(observation: Observation, driver: Driver) -> Observation:
    """Return a gate's own fire contact as a point of a panel; anything else as it is."""
    if not isinstance(driver, FireContact) or not isinstance(observation, InputChanged):
        return observation
    if observation.channel != driver.fire_contact:
        return observation
    conditions = (PointCondition.FIRE,) if observation.active else ()
    return PointChanged(GATE_CONTACT, conditions, kind="dry contacts")
