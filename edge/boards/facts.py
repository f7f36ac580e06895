"""What a board tells becomes facts, each told once. Pure.

The board keeps what it did while nobody asked, and says it when it is asked again: the times of a
safe state are its own, counted back from now. That a board is well is told once a process, too: of
what the process before it told, nobody else would know that it is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.contract.board_events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardIdentified,
    BoardSafeStateEntered,
)
from config.contract.events import EventData
from drivers.base import (
    BoardFaultsChanged,
    BoardIdentity,
    FireInputChanged,
    Observation,
    SafeStateChanged,
)


class BoardFacts:
    """Of one board.

    Attributes:
        identity: As it was told last; None before it was.
    """

    def __init__(self, device: str) -> None:
        """Know nothing of it yet."""
        self._device = device
        self.identity: BoardIdentified | None = None
        self._is_fire_told: bool | None = None
        self._faults: tuple[str, ...] | None = None
        self._is_safe = False
        self._entered_at: datetime | None = None

    @property
    def has_fire(self) -> bool:
        """Whether its fire input is active, as far as is known."""
        return bool(self._is_fire_told)

    def take(self, observations: Sequence[Observation], *, now: datetime) -> list[EventData]:
        """Return what is to be told of what one poll found, in its order.

        Args:
            observations: All that came at once: a safe state that is over already is one fact.
            now: Aware UTC.
        """
        found: list[EventData] = []
        for observation in observations:
            match observation:
                case BoardIdentity():
                    found += self._identified(observation)
                case SafeStateChanged():
                    self._take_safe(observation, found, now)
                case BoardFaultsChanged(faults=faults) if faults != self._faults:
                    self._faults = faults
                    found.append(BoardHealthChanged(device=self._device, faults=faults))
                case FireInputChanged(active=active) if active is not self._is_fire_told:
                    self._is_fire_told = active
                    found.append(BoardFireInputChanged(device=self._device, is_active=active))
                case _:
                    pass  # of the device behind the board, for others
        return found

    def _identified(self, said: BoardIdentity) -> list[EventData]:
        identity = BoardIdentified(
            device=self._device,
            model=said.model,
            hw=said.hw,
            revision=said.revision,
            serial_number=said.serial_number,
            version=said.version,
            image=said.image,
            is_confirmed=said.is_confirmed,
            other_version=said.other_version,
            other_image=said.other_image,
            is_claimed=said.is_claimed,
        )
        self.identity = identity
        return [identity]

    def _take_safe(self, said: SafeStateChanged, found: list[EventData], now: datetime) -> None:
        at = None if said.ago_s is None else now - timedelta(seconds=said.ago_s)
        if said.active:
            if not self._is_safe:
                self._is_safe, self._entered_at = True, at
                found.append(BoardSafeStateEntered(device=self._device, entered_at=at))
            return
        if not self._is_safe:
            return
        self._is_safe = False
        over = BoardSafeStateEntered(
            device=self._device, entered_at=self._entered_at, left_at=now if at is None else at
        )
        standing = over.model_copy(update={"left_at": None})
        if standing in found:
            found[found.index(standing)] = over
        else:
            found.append(over)
