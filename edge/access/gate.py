"""What a gate says of itself becomes facts: passages for its lanes, states and faults for all.

Its barrier is the door of its access points (docs/decisions/0014): it stands open from when it
begins to open, or is held by somebody in it, until it is closed. A gate that stands open for fire
by its own contact is no open door.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from config.contract.access import DoorState
from config.contract.events import (
    DeviceLost,
    DeviceReturned,
    DoorFaultChanged,
    DoorStateChanged,
    DoorTampered,
    EventData,
)
from drivers.base import (
    FaultsChanged,
    GateState,
    GateStateChanged,
    Observation,
    PassageCounted,
    Side,
    TamperChanged,
)
from edge.access.doorkeeper import Doorkeeper
from edge.access.happenings import DoorClosed, DoorOpened
from edge.access.lane import Lane
from edge.devices import DeviceTable

_SHUT_STATES: Final = frozenset({GateState.FAULT, GateState.SELF_TEST})
"""A gate in one of these opens for nobody."""
_OPEN_STATES: Final = frozenset({GateState.OPENING, GateState.OPEN, GateState.BLOCKED})
_UNEXPLAINED: Final = frozenset({None, GateState.EMERGENCY_OPEN})
"""What an open barrier followed on: nobody can say whether it should be open."""


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class GateReports:
    """Listens to one gate; see ``DeviceListener``."""

    def __init__(
        self,
        device_id: str,
        *,
        lanes: Mapping[Side, Lane],
        recorder: Recorder,
        doorkeeper: Doorkeeper,
        table: DeviceTable,
        now: Callable[[], datetime],
    ) -> None:
        """Tell ``lanes``, ``recorder``, ``doorkeeper`` and ``table`` what the gate says."""
        self._id, self._lanes, self._doorkeeper = device_id, lanes, doorkeeper
        self._recorder, self._table, self._now = recorder, table, now
        self._state: GateState | None = None
        self._faults: tuple[str, ...] = ()
        self._is_tampered = self._is_lost = False

    def observed(self, observation: Observation) -> None:
        """Turn a change into facts."""
        match observation:
            case PassageCounted(side=side, count=count):
                self._take_passages(side, count)
            case GateStateChanged(state=state):
                self._take_state(state)
            case FaultsChanged(faults=faults) if faults != self._faults:
                self._faults = faults
                self._note(DoorFaultChanged(device=self._id, faults=faults))
            case TamperChanged(active=active) if active != self._is_tampered:
                self._is_tampered = active
                self._note(DoorTampered(device=self._id, active=active))
            case _:
                pass  # an input of the board that this site gives no meaning to

    def lost(self, detail: str) -> None:
        """What the gate said is stale from now on."""
        self._is_lost = True
        self._table.set_lost(self._id, detail)
        self._note(DeviceLost(device=self._id, detail=detail))
        self._tell_lanes()

    def returned(self, absence_s: float) -> None:
        """The gate answers; what it said before holds again, but for the changes that follow."""
        if self._is_lost:
            self._note(DeviceReturned(device=self._id, absence_s=round(absence_s, 3)))
        self._is_lost = False
        state = DoorState.UNKNOWN if self._state is None else DoorState(self._state.value)
        self._table.set_current(self._id, state=state)
        self._tell_lanes()

    def _take_state(self, state: GateState) -> None:
        self._table.set_current(self._id, state=DoorState(state.value))
        if state is self._state:
            return
        self._tell_door(state)
        self._state = state
        self._note(DoorStateChanged(device=self._id, state=DoorState(state.value)))
        self._tell_lanes()

    def _take_passages(self, side: Side, count: int) -> None:
        if side in self._lanes:
            self._lanes[side].passages_counted(count)
            return
        for lane in self._lanes.values():
            lane.passages_against_counted(count)

    def _tell_door(self, state: GateState) -> None:
        if state in _OPEN_STATES:
            is_found = self._state in _UNEXPLAINED
            self._doorkeeper.take(DoorOpened(self._id, self._now(), is_found=is_found))
        elif state is GateState.CLOSED:
            self._doorkeeper.take(DoorClosed(self._id, self._now()))
        for lane in self._lanes.values():
            lane.gate_is_released(is_released=state is GateState.EMERGENCY_OPEN)

    def _tell_lanes(self) -> None:
        is_known = self._state is not None and not self._is_lost
        is_able = is_known and self._state not in _SHUT_STATES
        for lane in self._lanes.values():
            lane.screen.gate_is_able(is_able=is_able)

    def _note(self, data: EventData) -> None:
        self._recorder.note(data, subject=self._id, now=self._now())
