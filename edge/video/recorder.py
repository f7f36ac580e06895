"""A camera's recorder: how far back it reaches, whether its clock is right, and what is told of it.

Nothing of a recording is kept here. What a recorder is asked, and where it plays, is
``isapi_recorder``'s and ``onvif_recorder``'s.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

from config.cameras import CameraEntry, CameraRecorder
from config.contract.events import EventData, RecordingChecked

INTERVAL: Final = timedelta(hours=24)
RETRY: Final = timedelta(hours=1)
"""After a recorder did not answer."""
SLACK: Final = timedelta(hours=6)
"""A recorder writes over whole files, so its oldest moment jumps."""
CLOCK_ERROR_MAX: Final = timedelta(minutes=1)
"""More, and what is looked for around an event is found at another time."""


class RecorderError(Exception):
    """The recorder did not say; one line, without passwords."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reach:
    """What a recorder says of one camera.

    Attributes:
        oldest_at: Of its recording, by the recorder's clock; None where there is none.
        clock_error: The recorder's time less ours; None where it does not tell its time.
        pieces_missing: Pieces of 12 hours of the required days without any recording, where that
            was asked.
    """

    oldest_at: datetime | None
    clock_error: timedelta | None = None
    pieces_missing: int = 0


class Recorder(Protocol):
    """One camera's recorder, in whatever it speaks."""

    async def reach(self, *, now: datetime) -> Reach:
        """Ask how far back it reaches.

        Raises:
            RecorderError: It does not answer, or not so.
        """
        ...

    def replay(self, at: datetime, *, now: datetime) -> AbstractAsyncContextManager[str]:
        """Have a recording played from a moment on, in real time; the value is its RTSP address.

        Raises:
            RecorderError: It does not answer, or not so.
        """
        ...


def judged(
    camera: str, recorder: CameraRecorder, reach: Reach, *, now: datetime
) -> RecordingChecked:
    """Return what is told of a recording that reaches so far."""
    wanted = now - timedelta(days=recorder.days_min) + SLACK
    problem = _problem(reach)
    return RecordingChecked(
        camera=camera,
        days_min=recorder.days_min,
        oldest_at=reach.oldest_at,
        is_enough=reach.oldest_at is not None and reach.oldest_at <= wanted and not problem,
        problem=problem,
    )


def _problem(reach: Reach) -> str:
    error, found = reach.clock_error, list[str]()
    if error is not None and abs(error) > CLOCK_ERROR_MAX:
        side = "ahead" if error > timedelta(0) else "behind"
        found.append(f"the recorder's clock is {abs(error).total_seconds():.0f} s {side}")
    if reach.pieces_missing:
        found.append(f"pieces of 12 hours without a recording: {reach.pieces_missing}")
    return "; ".join(found)


class Teller(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class RecordingChecks:
    """Asks every recorder of a node once a day, and at the start."""

    def __init__(
        self,
        cameras: Sequence[CameraEntry],
        journal: Teller,
        *,
        recorder_of: Callable[[CameraRecorder], Recorder],
        now: Callable[[], datetime],
    ) -> None:
        """Check these cameras; those without a recorder are passed over."""
        self._cameras = [(c.id, c.recorder) for c in cameras if c.recorder is not None]
        self._journal, self._recorder_of, self._now = journal, recorder_of, now

    async def run(self) -> None:
        """Check for ever."""
        while True:
            is_told = await self.check()
            await asyncio.sleep((INTERVAL if is_told else RETRY).total_seconds())

    async def check(self) -> bool:
        """Check each camera once; returns whether every recorder answered."""
        is_told = True
        for camera, recorder in self._cameras:
            now = self._now()
            try:
                reach = await self._recorder_of(recorder).reach(now=now)
                found = judged(camera, recorder, reach, now=now)
            except RecorderError as error:
                is_told = False
                found = judged(camera, recorder, Reach(None), now=now).model_copy(
                    update={"problem": str(error)}
                )
            self._journal.note(found, subject=camera, now=now)
        return is_told
