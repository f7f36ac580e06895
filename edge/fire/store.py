"""Keeps over a restart which fires stand, what a person closed, and which tests run.

Two files, each written whole and put in the place of the one before. ``standing`` is there only
while something is released or signalled: one that cannot be read means that something was, and
nobody knows what, so everything is released. What was closed is in the other; where that is lost,
the fires that stand release their gates again. Nothing waits for either file before it acts.
"""

import logging
import os
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, Field, ValidationError

from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.fire_status import RunningFireTest
from config.contract.identifiers import Frozen, Slug

_log = logging.getLogger("edge.fire")

STANDING: Final = "fire-standing.json"
CLOSED: Final = "fire-closed.json"


class KeptFire(Frozen):
    """A fire, as it is kept; see ``book.Fire``."""

    fire_id: UUID
    zone: Slug
    origin: Slug
    confirmed_by: FireConfirmation
    since: AwareDatetime
    revision: int
    growth: int
    is_active: bool
    is_drill: bool
    has_release: bool
    is_own: bool
    is_local: bool
    points: tuple[FirePoint, ...] = ()
    until: AwareDatetime | None = None


class Standing(Frozen):
    """What is released or signalled. Attributes: fires: the oldest first."""

    fires: tuple[KeptFire, ...] = ()


class Closed(Frozen):
    """What was closed, and what runs.

    Attributes:
        fires: That are over and of which nothing stands open.
        closed: By fire and point: how far the fire had grown then.
        owed: Gates and outputs, by ``Release.name``, that have not confirmed their end.
    """

    fires: tuple[KeptFire, ...] = ()
    closed: dict[UUID, dict[str, int]] = Field(default_factory=dict)
    tests: tuple[RunningFireTest, ...] = ()
    owed: frozenset[str] = frozenset()


class FireMemory(Frozen):
    """All of it. Attributes: is_damaged: something stood, and nobody knows what."""

    standing: Standing = Standing()
    closed: Closed = Closed()
    is_damaged: bool = False


class FireStore:
    """One node's files; every method blocks for the disk, and one thread at a time may call."""

    def __init__(self, folder: Path) -> None:
        """Keep in a folder that exists."""
        self._folder = folder

    def load(self) -> FireMemory:
        """Return what was kept; raises nothing, because nothing may keep a node from starting."""
        standing, closed, is_damaged = Standing(), Closed(), False
        try:
            if (text := self._text(STANDING)) is not None:
                standing = Standing.model_validate_json(text)
        except (OSError, ValueError, ValidationError) as error:
            _log.error("which fires stood cannot be read, so every zone is released: %s", error)
            is_damaged = True
        try:
            if (text := self._text(CLOSED)) is not None:
                closed = Closed.model_validate_json(text)
        except (OSError, ValueError, ValidationError) as error:
            _log.error("what was closed after a fire cannot be read: it is open again: %s", error)
        return FireMemory(standing=standing, closed=closed, is_damaged=is_damaged)

    def save(self, memory: FireMemory) -> None:
        """Keep it.

        Raises:
            OSError: The disk refuses; what was kept before stands.
        """
        if memory.standing.fires:
            self._replace(STANDING, memory.standing.model_dump_json())
        self._replace(CLOSED, memory.closed.model_dump_json())
        if not memory.standing.fires:
            # Last: what was closed is known by then.
            (self._folder / STANDING).unlink(missing_ok=True)

    def _text(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _replace(self, name: str, text: str) -> None:
        path = self._folder / name
        new = path.with_name(f"{name}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
