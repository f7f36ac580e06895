"""Which clips are being made: begun by facts, prolonged by further ones, bounded. Pure.

::

    fact --> begun --further fact at the same camera--> longer, at most LENGTH_MAX
               +------its end is over------> due, once
"""

import dataclasses
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from config.contract.identifiers import new_id
from config.contract.video_events import ABOUT_COUNT_MAX

LENGTH_MAX: Final = timedelta(seconds=30)
"""Whatever goes on after that is a clip of its own."""
SUBJECT_COUNT_MAX: Final = 16
HOUR: Final = timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One clip of one camera.

    Attributes:
        at: Of the first fact.
        from_at, to_at: What it shows.
        about: Facts that it is for.
        command_id: Of the command that wanted it.
    """

    clip_id: UUID
    camera: str
    at: datetime
    from_at: datetime
    to_at: datetime
    about: tuple[UUID, ...] = ()
    subjects: tuple[str, ...] = ()
    command_id: UUID | None = None


class ClipBook:
    """The clips of one node that are not finished yet."""

    def __init__(self, *, before: timedelta, after: timedelta, per_hour: int) -> None:
        """Make clips of so much time around a fact, and so many an hour of one camera."""
        self._before, self._after, self._per_hour = before, after, per_hour
        self._open: dict[str, Clip] = {}
        self._begun: dict[str, deque[datetime]] = {}
        self.limited_count = 0

    @property
    def next_due_at(self) -> datetime | None:
        """When the next one is to be finished."""
        return min((clip.to_at for clip in self._open.values()), default=None)

    def want(
        self, camera: str, *, at: datetime, about: UUID, subjects: Sequence[str]
    ) -> Clip | None:
        """Have what a camera sees around a fact kept.

        Returns:
            The clip where this begins one; None where one that is begun shows it, too, or where
            there were too many.
        """
        known = self._open.get(camera)
        to_at = at + self._after
        if known is not None and to_at - known.from_at <= LENGTH_MAX:
            self._open[camera] = dataclasses.replace(
                known,
                to_at=max(known.to_at, to_at),
                about=tuple(dict.fromkeys((*known.about, about)))[:ABOUT_COUNT_MAX],
                subjects=tuple(dict.fromkeys((*known.subjects, *subjects)))[:SUBJECT_COUNT_MAX],
            )
            return None
        if known is not None or not self._may_begin(camera, at):
            self.limited_count += 1
            return None
        clip = Clip(
            clip_id=new_id(),
            camera=camera,
            at=at,
            from_at=at - self._before,
            to_at=to_at,
            about=(about,),
            subjects=tuple(subjects)[:SUBJECT_COUNT_MAX],
        )
        self._open[camera] = clip
        return clip

    def _may_begin(self, camera: str, at: datetime) -> bool:
        begun = self._begun.setdefault(camera, deque())
        while begun and begun[0] <= at - HOUR:
            begun.popleft()
        if len(begun) >= self._per_hour:
            return False
        begun.append(at)
        return True

    def due(self, *, now: datetime) -> list[Clip]:
        """Return the clips whose end is over, each once."""
        over = [clip for clip in self._open.values() if clip.to_at <= now]
        for clip in over:
            del self._open[clip.camera]
        return over
