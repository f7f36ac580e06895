"""Listens to one device for panic buttons and intruders, and passes on what it hears."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from config.contract.alarms_events import PanicPressed
from config.contract.events import EventData
from drivers.base import Observation
from edge.alarms.points import AlarmPoints
from edge.devices import DeviceListener


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class AlarmWatch:
    """See ``DeviceListener``. It sounds first and records after: a siren needs no disk."""

    def __init__(
        self,
        listener: DeviceListener,
        points: AlarmPoints,
        *,
        recorder: Recorder,
        on_panic: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """Pass everything on to ``listener``; call ``on_panic`` when somebody is in danger."""
        self._listener, self._points = listener, points
        self._recorder, self._on_panic, self._now = recorder, on_panic, now

    def observed(self, observation: Observation) -> None:
        """Tell what is an alarm, and pass it on."""
        fact = self._points.observe(observation)
        if fact is not None:
            is_panic = fact.active if isinstance(fact, PanicPressed) else "panic" in fact.conditions
            if is_panic:
                self._on_panic()
            subject = fact.button if isinstance(fact, PanicPressed) else fact.device
            self._recorder.note(fact, subject=subject, now=self._now())
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """What was heard is stale; pass it on."""
        self._points.forget()
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """Pass it on."""
        self._listener.returned(absence_s)
