"""A board is updated, or rolled back: what is decided in ``update_course`` is done here.

No byte of an image is sent before its signature, its board, its version and its size are right.
Whoever is interrupted begins again with the same image: the board itself says how far it was.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from config.board_image import ImageError, ImageVersion, PublicKey, read_image, verify_image
from config.contract.board_events import UpdateOutcome
from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    ProtocolViolationError,
)
from firmware_bridge.client import BoardClient, SlotImage
from firmware_bridge.group import Beat
from firmware_bridge.refusals import BoardRefusedError
from firmware_bridge.update_course import Course
from firmware_bridge.update_proof import Probe
from firmware_bridge.update_steps import (
    Look,
    Slot,
    Step,
    UpdateProgress,
    UpdateResult,
    UpdateRules,
    Wanted,
)

PAUSE_S: Final = 0.5
"""Between two looks at a board that is awaited, or proves itself."""
BEAT_S_MAX: Final = 1.0
BEATS_PER_WATCHDOG: Final = 3
MAINTAIN_S: Final = 600.0
"""Longest time for which a board takes changes over UDP; asked for anew after half of it."""
_MAINTAINED: Final = (Step.UPLOAD, Step.ERASE, Step.MARK, Step.RESET, Step.CONFIRM)

Sleep = Callable[[float], Awaitable[None]]


class _StoppedError(Exception):
    """An upload ends between two packets, because it must not go on now."""


class Update:
    """One update or rollback of one board, followed to its end; used once.

    Cancelling the task that awaits it leaves the board as it is, and the same update with
    ``interrupted`` goes on from there. ``cancel`` gives it up instead.
    """

    def __init__(
        self,
        client: BoardClient,
        *,
        rules: UpdateRules | None = None,
        may_begin: Callable[[], bool] = lambda: True,
        may_beat: Callable[[], bool] = lambda: True,
        on_progress: Callable[[UpdateProgress], None] = lambda _: None,
        interrupted: UpdateProgress | None = None,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Prepare it.

        Args:
            client: The board.
            rules: How long it may take.
            may_begin: No fire, lockdown or quiet time now. Asked before each packet of the upload
                and before each restart; as long as it says no, the board is left alone.
            may_beat: Whoever uses this lives and may say so. As long as it says no, no heartbeat is
                sent, and so no board is confirmed.
            on_progress: Told each new stage, and each packet of the upload.
            interrupted: What ``on_progress`` was told last of the same update, by a process that
                has ended.
            now_s: Monotonic seconds.
            sleep: Lets so many seconds pass.
        """
        self._client, self._rules = client, UpdateRules() if rules is None else rules
        self._may_begin, self._may_beat, self._on_progress = may_begin, may_beat, on_progress
        self._interrupted, self._now_s, self._sleep = interrupted, now_s, sleep
        self._course: Course | None = None
        self._data = b""
        self._told: UpdateProgress | None = None
        self._is_cancelled = False
        self._trial_s: float | None = None
        self._maintained_until_s = float("-inf")

    async def update(self, data: bytes, *, keys: Sequence[PublicKey]) -> UpdateResult:
        """Have the board run an image, and confirm it when it proves well. Idempotent.

        Args:
            data: The signed image's file.
            keys: Of those whose images are taken here.
        """
        try:
            image = read_image(data)
            verify_image(image, keys)
        except ImageError as error:
            return UpdateResult(
                outcome=UpdateOutcome.REFUSED, reason=error.reason, detail=str(error)
            )
        self._data = data
        return await self._follow(Wanted(image))

    async def roll_back(self) -> UpdateResult:
        """Have the board run its other slot's image, and confirm it when it proves well.

        An image that is on trial, and followed by nobody, goes back by a restart alone.
        """
        return await self._follow(Wanted())

    def cancel(self) -> bool:
        """Break off, if the image is not on trial yet; returns whether it will be."""
        self._is_cancelled = self._course is None or self._course.cancel()
        return self._is_cancelled

    async def _follow(self, wanted: Wanted) -> UpdateResult:
        course = self._course = Course(
            wanted, self._rules, now_s=self._now_s(), interrupted=self._interrupted
        )
        if self._is_cancelled:
            course.cancel()
        beats = asyncio.create_task(self._beat())
        try:
            while (step := self._next_step(course)) is not Step.END:
                self._tell(course)
                await self._do(course, step)
        finally:
            beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beats
        if course.result is None:
            raise RuntimeError("an update ended without a result")
        return course.result

    def _next_step(self, course: Course) -> Step:
        return course.next_step(now_s=self._now_s(), may_act=self._may_begin())

    async def _do(self, course: Course, step: Step) -> None:
        """Do a step, and tell what became of it."""
        try:
            await self._take(course, step)
        except CommandRejectedError as error:
            self._maintained_until_s = float("-inf")
            group = error.group if isinstance(error, BoardRefusedError) else -1
            code = -1 if error.code is None else error.code
            course.refused(step, (group, code), str(error), now_s=self._now_s())
            await self._sleep(PAUSE_S)
        except DriverError as error:
            is_alive = isinstance(error, ProtocolViolationError)
            what = "it cannot be understood" if is_alive else "it does not answer"
            course.broke(step, f"{what} ({error})", now_s=self._now_s(), is_alive=is_alive)
            await self._sleep(PAUSE_S)

    async def _take(self, course: Course, step: Step) -> None:
        if step in _MAINTAINED:
            await self._maintain()
        match step:
            case Step.LOOK:
                course.saw(await self._look(), now_s=self._now_s())
                return
            case Step.PROVE:
                course.probed(await self._probe(), now_s=self._now_s())
                await self._sleep(PAUSE_S)
                return
            case Step.UPLOAD:
                if not await self._upload(course):
                    return
            case Step.ERASE:
                await self._client.erase()
            case Step.MARK:
                await self._client.test(course.target)
            case Step.RESET:
                if not await self._reset():
                    return
            case Step.CONFIRM:
                await self._client.confirm(course.target)
            case _:
                await self._sleep(PAUSE_S)
        course.did(step, now_s=self._now_s())

    async def _look(self) -> Look:
        """Ask who it is and what it runs, of one start."""
        boot = (await self._client.state()).boot
        identity = await self._client.identity()
        images = await self._client.images()
        if self._trial_s is None:
            self._trial_s = (await self._client.config()).trial_ms / 1000
        if (await self._client.state()).boot != boot:
            raise ProtocolViolationError("the board restarted while it was asked what it runs")
        running = next((image for image in images if image.is_active), None)
        if running is None or running.hash != identity.image_hash:
            raise ProtocolViolationError("the board does not say clearly which image it runs")
        other = next((image for image in images if image.slot != running.slot), None)
        return Look(
            serial_number=identity.serial_number,
            hw=identity.hw,
            counter=identity.security_counter,
            slot_size_bytes=identity.slot_size_bytes or None,
            boot=boot,
            running=_slot(running),
            other=None if other is None or not other.hash else _slot(other),
            trial_s=self._trial_s,
        )

    async def _probe(self) -> Probe:
        """Ask everything; events are read and not acknowledged, so that nobody misses one."""
        beat = await self._heartbeat()
        state = await self._client.state()
        identity = await self._client.identity()
        await self._client.config()
        await self._client.images()
        await self._client.statistics()
        if beat.boot != state.boot:
            raise ProtocolViolationError("the board restarted while it was asked")
        return Probe(
            hash=identity.image_hash, boot=state.boot, is_safe=state.is_safe, health=state.health
        )

    async def _heartbeat(self) -> Beat:
        if not self._may_beat():
            raise DeviceUnreachableError(
                "whoever updates the board does not work, and says nothing"
            )
        return await self._client.heartbeat()

    async def _upload(self, course: Course) -> bool:
        """Send the image; False where it was stopped in between."""

        def on_progress(offset: int) -> None:
            if flaw := course.sent(offset, now_s=self._now_s()):
                raise ProtocolViolationError(flaw)
            self._tell(course)
            if self._is_cancelled or not self._may_begin():
                raise _StoppedError

        try:
            await self._client.upload(self._data, on_progress=on_progress)
        except _StoppedError:
            return False
        return True

    async def _reset(self) -> bool:
        """Restart the board; False where a fire, for one, began a moment ago."""
        if not self._may_begin():
            return False
        self._maintained_until_s = float("-inf")
        await self._client.reset()
        return True

    async def _maintain(self) -> None:
        """Have a board on a network take changes; one on a line does anyway."""
        if not self._client.line.is_datagram or self._now_s() < self._maintained_until_s:
            return
        granted_s = await self._client.maintain(MAINTAIN_S)
        self._maintained_until_s = self._now_s() + granted_s / 2

    async def _beat(self) -> None:
        """Keep the board out of its safe state; whoever else sends heartbeats does no harm.

        While a fire, a lockdown or a quiet time is waited out there is none of ours: the board has
        a node that decides then, or it must do what is safe without one.
        """
        beat_s = BEAT_S_MAX
        while True:
            with contextlib.suppress(DriverError):
                if self._course is None or not self._course.is_waiting:
                    watchdog_s = (await self._heartbeat()).watchdog_ms / 1000
                    beat_s = min(watchdog_s / BEATS_PER_WATCHDOG or BEAT_S_MAX, BEAT_S_MAX)
            await self._sleep(beat_s)

    def _tell(self, course: Course) -> None:
        if course.progress != self._told:
            self._told = course.progress
            self._on_progress(self._told)


def _slot(image: SlotImage) -> Slot:
    try:
        version = str(ImageVersion.parse(image.version))
    except ValueError:
        version = image.version
    return Slot(
        hash=image.hash,
        version=version,
        is_confirmed=image.is_confirmed,
        is_pending=image.is_pending,
        is_bootable=image.is_bootable,
    )
