"""Which commands this node has begun and answered: pure, time is an argument.

::

    not known --in time--> begun --carried out--> answered --journal has it--> told
        |                    +------restart-----> answered (unknown)
        +------too late, not understood---------> answered

Whoever uses it keeps an entry durably before going on. So a command is begun once at most, whatever
comes twice, late, in another order or between two starts; and each one that was heard is answered.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from config.contract.command_events import CommandAnswered, CommandOutcome, CommandRefusal
from config.contract.commands import CommandHead, NodeCommand

KEPT_AFTER_END: Final = timedelta(hours=24)
"""So long a command is known after its end: it is too late by then, even by a clock that errs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One command.

    Attributes:
        fact: What is told of it; while it is being carried out, what would be after a restart.
        is_told: The journal holds the answer.
    """

    fact: CommandAnswered
    expires_at: datetime
    is_answered: bool = False
    is_told: bool = False

    @property
    def command_id(self) -> UUID:
        """Of the command."""
        return self.fact.command_id


class Book:
    """The commands that this node has heard of."""

    def __init__(
        self, entries: Iterable[Entry] = (), *, not_before: datetime | None = None
    ) -> None:
        """Begin with what was kept.

        Args:
            entries: Of the start before.
            not_before: Where what was kept is lost: an older command may have been begun already,
                and is refused.
        """
        self._entries = {entry.command_id: entry for entry in entries}
        self._not_before = not_before

    def __len__(self) -> int:
        """Return the number of commands that are known."""
        return len(self._entries)

    @property
    def untold(self) -> Sequence[Entry]:
        """Answers that the journal does not hold yet."""
        return [e for e in self._entries.values() if e.is_answered and not e.is_told]

    def interrupted(self) -> Sequence[Entry]:
        """Return what was begun before this start, answered: nobody knows whether it took effect.

        For the start alone, before anything else is heard.
        """
        begun = [entry for entry in self._entries.values() if not entry.is_answered]
        return [self.answered(entry.command_id, CommandOutcome.UNKNOWN) for entry in begun]

    def hear(self, command: NodeCommand | CommandHead, *, now: datetime) -> Entry | None:
        """Return what becomes of a command: an entry without an answer is to be carried out.

        Args:
            command: As central signed it.
            now: Aware UTC, as central's clock as is known.

        Returns:
            None where it was heard before.
        """
        if command.id in self._entries:
            return None
        entry = Entry(_begun(command), command.expires_at)
        self._entries[command.id] = entry
        if now >= command.expires_at:
            return self.answered(command.id, CommandOutcome.TOO_LATE)
        refusal = self._refusal(command)
        if refusal is not None:
            return self.answered(command.id, CommandOutcome.REFUSED, refusal)
        return entry

    def _refusal(self, command: NodeCommand | CommandHead) -> CommandRefusal | None:
        if isinstance(command, CommandHead):
            return CommandRefusal.NOT_UNDERSTOOD
        is_before = self._not_before is not None and command.issued_at <= self._not_before
        return CommandRefusal.NOT_RECORDABLE if is_before else None

    def answered(
        self, command_id: UUID, outcome: CommandOutcome, refusal: CommandRefusal | None = None
    ) -> Entry:
        """Note what became of a command; an answer that stands is not replaced."""
        entry = self._entries[command_id]
        if not entry.is_answered:
            fact = entry.fact.model_copy(update={"outcome": outcome, "refusal": refusal})
            entry = dataclasses.replace(entry, fact=fact, is_answered=True)
            self._entries[command_id] = entry
        return entry

    def told(self, command_id: UUID) -> Entry:
        """Note that the journal holds the answer."""
        entry = dataclasses.replace(self._entries[command_id], is_told=True)
        self._entries[command_id] = entry
        return entry

    def forget(self, *, now: datetime) -> Sequence[UUID]:
        """Let go of what is long over and told; return which."""
        over = [
            entry.command_id
            for entry in self._entries.values()
            if entry.is_told and now >= entry.expires_at + KEPT_AFTER_END
        ]
        for command_id in over:
            del self._entries[command_id]
        return over


def _begun(command: NodeCommand | CommandHead) -> CommandAnswered:
    if isinstance(command, CommandHead):
        return CommandAnswered(command_id=command.id, outcome=CommandOutcome.UNKNOWN)
    return CommandAnswered(
        command_id=command.id,
        what=command.what.kind,
        access_point=getattr(command.what, "access_point", None),
        device=getattr(command.what, "device", None),
        asked_by=command.asked_by,
        outcome=CommandOutcome.UNKNOWN,
    )
