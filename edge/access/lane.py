"""The task of one access point: from what a person shows to an open gate and the facts about it.

A decision is durable before the gate is told to open; on the way out the gate is told first. A gate
that does not answer is a fault that people see, never an open gate.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.access import (
    FACE_DOUBTS,
    STEP_UP_REASONS,
    CredentialKind,
    CropClass,
    DenialReason,
    Direction,
    DoorCommandOutcome,
    crop_class,
)
from config.contract.events import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    DoorCommandAnswered,
    Event,
    EventData,
    FaceEvidence,
)
from config.contract.identifiers import new_id
from config.site import AccessPointEntry, Policy
from drivers.base import CommandReceipt, CommandRejectedError, DriverError, Side
from edge.access.decision import (
    MARGIN_MIN,
    Attempt,
    CardShown,
    Denied,
    FaceShown,
    Granted,
    Person,
    Point,
    decide,
)
from edge.access.evidence import crop_name, evidence_of
from edge.access.passage import Passage, Passed
from edge.access.screen import STEP_UP_S, Board, Screen
from edge.journal import JournalError
from edge.kiosk.state import Phase
from edge.vision.attempt import FaceAttempt
from models.liveness.policy import Outcome

_log = logging.getLogger("edge.access")

ATTEMPT_AGE_S_MAX: Final = 3.0
"""An older attempt opens nothing: whoever made it may have left."""
WAITING_COUNT_MAX: Final = 4
HIDDEN: Final = frozenset(
    {DenialReason.UNKNOWN_FACE, DenialReason.WEAK_FACE, DenialReason.LIVENESS_UNSURE}
)
"""Reasons for which what hides the face may be to blame, and is said."""


class Gate(Protocol):
    """The gate, as its lane commands it."""

    @property
    def id(self) -> str:
        """Of the device."""
        ...

    async def access(self, side: Side) -> CommandReceipt:
        """Let one person through; see ``drivers.base.PassageGate.access``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        """See ``Journal.append``."""
        ...

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...

    def count_unrecorded(self) -> None:
        """See ``Journal.count_unrecorded``."""
        ...


class People(Protocol):
    """The part of the replica that is needed here."""

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        ...

    def holder_of_card(self, number: str) -> str | None:
        """Return whose card this is."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all lanes of a node share.

    Attributes:
        offer_blob: Sends a picture when possible.
        now: Wall clock, aware UTC.
        monotonic: The clock of attempts and passages.
    """

    journal: Recorder
    people: People
    board: Board
    policy: Policy
    offer_blob: Callable[[bytes, CropClass], str]
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One thing that a person showed.

    Attributes:
        at_s: When, monotonic; for a face the capture of the deciding frame.
        face: What the camera saw; None for a card.
        answer: Resolves with the decision, for whoever waits for it.
    """

    attempt: Attempt
    at_s: float
    credential: CredentialKind
    face: FaceAttempt | None = None
    answer: asyncio.Future[Granted | Denied]


class Lane:
    """One direction through one gate. All of it belongs to the event loop's thread.

    Attributes:
        screen: What people see; others say whether gate and camera are able.
    """

    def __init__(self, point: AccessPointEntry, gate: Gate, around: Surroundings) -> None:
        """Decide for one access point."""
        self._entry, self._gate, self._around = point, gate, around
        self._when_passed: list[Callable[[], None]] = []
        self._when_granted: list[Callable[[], None]] = []
        self._point = Point(point.id, point.direction)
        self._side = Side.IN if point.direction is Direction.IN else Side.OUT
        self.screen = Screen(point, around.board, now=around.now)
        self._passage = Passage(timeout_s=point.passage_timeout_s)
        self._waiting: asyncio.Queue[_Shown] = asyncio.Queue(WAITING_COUNT_MAX)
        self._is_deciding = False
        self._doubted: tuple[UUID, float] | None = None
        self._tick_later: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for a decision."""
        return self._waiting.empty() and not self._is_deciding

    def when_passed(self, call: Callable[[], None]) -> None:
        """Call this whenever somebody has passed; it must be quick."""
        self._when_passed.append(call)

    def when_granted(self, call: Callable[[], None]) -> None:
        """Call this whenever the gate is about to be told to open; it must be quick."""
        self._when_granted.append(call)

    # ---- what happens before the lane

    def show_face(self, face: FaceAttempt) -> None:
        """Take what the camera saw; the newest attempts are kept when many come."""
        self._put(_shown(face), CredentialKind.FACE, at_s=face.captured_at_s, face=face)

    async def present_card(self, number: str) -> Granted | Denied:
        """Take a card and return what was decided, the command to the gate included.

        Raises:
            TimeoutError: So many people came that nobody got to this card in time.
        """
        shown = CardShown(self._around.people.holder_of_card(number))
        return await self._put(shown, CredentialKind.CARD, at_s=self._around.monotonic())

    def passages_counted(self, count: int) -> None:
        """The gate counted people on this side."""
        for passed in self._passage.count(count):
            self._note_passed(passed)
        self._plan_tick()
        for call in self._when_passed:
            call()

    async def run(self) -> None:
        """Decide for ever, one attempt after the other."""
        self.screen.show_idle()
        while True:
            self._is_deciding = False
            shown = await self._waiting.get()
            self._is_deciding = True
            if self._around.monotonic() - shown.at_s > ATTEMPT_AGE_S_MAX:
                _log.warning("access point %s: an attempt came too late", self._entry.id)
                _resolve(shown.answer, TimeoutError("nobody got to this in time"))
                continue
            try:
                decision = await self._handle(shown)
            except Exception as error:
                _resolve(shown.answer, error)
                raise
            _resolve(shown.answer, decision)

    def _put(
        self,
        attempt: Attempt,
        credential: CredentialKind,
        *,
        at_s: float,
        face: FaceAttempt | None = None,
    ) -> asyncio.Future[Granted | Denied]:
        answer = asyncio.get_running_loop().create_future()
        if self._waiting.full():
            oldest = self._waiting.get_nowait()
            _resolve(oldest.answer, TimeoutError("others came after"))
        self._waiting.put_nowait(
            _Shown(attempt=attempt, at_s=at_s, credential=credential, face=face, answer=answer)
        )
        return answer

    # ---- deciding

    async def _handle(self, shown: _Shown) -> Granted | Denied:
        around, decision_id = self._around, new_id()
        decided_at_s, now = around.monotonic(), around.now()
        holder_id = shown.attempt.asked_about
        person = None if holder_id is None else around.people.person(holder_id)
        decision = decide(shown.attempt, person, point=self._point, now=now)
        evidence = _evidence(shown, decided_at_s)
        if isinstance(decision, Granted):
            granted = AccessGranted(
                decision_id=decision_id,
                access_point=self._entry.id,
                direction=self._entry.direction,
                holder_id=decision.holder_id,
                credential=shown.credential,
                face=evidence,
                crop=crop_name(shown.face),
                confirms=self._confirmed(shown, decided_at_s),
            )
            return await self._grant(shown, decision, granted, person, decided_at_s, now)
        return self._deny(shown, decision, decision_id, evidence, now)

    def _confirmed(self, shown: _Shown, now_s: float) -> UUID | None:
        """Return the doubtful decision that a card settles, once."""
        doubted, self._doubted = self._doubted, None
        if doubted is None or shown.credential is not CredentialKind.CARD:
            return None
        decision_id, at_s = doubted
        return decision_id if now_s - at_s <= STEP_UP_S else None

    async def _grant(
        self,
        shown: _Shown,
        decision: Granted,
        granted: AccessGranted,
        person: Person | None,
        decided_at_s: float,
        now: datetime,
    ) -> Granted | Denied:
        if self._entry.direction is Direction.OUT:
            # The way out waits for no disk: a note returns at once.
            self._around.journal.note(granted, subject=self._entry.id, now=now)
        elif not await self._is_recorded(granted, now):
            refused = Denied(DenialReason.JOURNAL_UNWRITABLE, decision.holder_id)
            self.screen.show("refused", reason=refused.reason)
            return refused
        if shown.face is not None and shown.face.crop_jpeg is not None:
            self._around.offer_blob(shown.face.crop_jpeg, CropClass.ADMITTED)
        for call in self._when_granted:
            call()
        await self._open(granted.decision_id, person, decided_at_s)
        return decision

    async def _is_recorded(self, granted: AccessGranted, now: datetime) -> bool:
        """Return whether the gate may open: durably recorded, or the site does not insist."""
        try:
            await self._around.journal.append(granted, subject=self._entry.id, now=now)
        except JournalError:
            self._around.journal.count_unrecorded()
            return self._around.policy.journal_unwritable == "grant"
        return True

    def _deny(
        self,
        shown: _Shown,
        decision: Denied,
        decision_id: UUID,
        evidence: FaceEvidence | None,
        now: datetime,
    ) -> Denied:
        crop, kind = None, crop_class(decision.reason)
        if shown.face is not None and self._around.policy.crop_lifetime(kind):
            crop = crop_name(shown.face)
            if shown.face.crop_jpeg is not None:
                self._around.offer_blob(shown.face.crop_jpeg, kind)
        denied = AccessDenied(
            decision_id=decision_id,
            access_point=self._entry.id,
            direction=self._entry.direction,
            reason=decision.reason,
            holder_id=decision.holder_id,
            credential=shown.credential,
            face=evidence,
            crop=crop,
        )
        self._around.journal.note(denied, subject=self._entry.id, now=now)
        is_doubt = decision.reason in FACE_DOUBTS
        self._doubted = (decision_id, self._around.monotonic()) if is_doubt else None
        cover = None if shown.face is None or decision.reason not in HIDDEN else shown.face.cover
        phase: Phase = "step_up" if decision.reason in STEP_UP_REASONS else "refused"
        self.screen.show(phase, reason=decision.reason, cover=cover)
        return decision

    # ---- opening

    async def _open(self, decision_id: UUID, person: Person | None, decided_at_s: float) -> None:
        if self._entry.free_egress:
            self.screen.show("welcome", masked_name="" if person is None else person.masked_name)
            return
        self._passage.command(decision_id)
        attempts = 1
        try:
            receipt = await self._gate.access(self._side)
            outcome, attempts = DoorCommandOutcome.CONFIRMED, receipt.attempts
        except CommandRejectedError as error:
            outcome = DoorCommandOutcome.REFUSED
            _log.error("access point %s: the gate refuses: %s", self._entry.id, error)
        except DriverError as error:
            outcome = DoorCommandOutcome.UNREACHABLE
            _log.error("access point %s: the gate does not answer: %s", self._entry.id, error)
        answered_at_s = self._around.monotonic()
        self._passage.answer(decision_id, outcome, now_s=answered_at_s)
        self._plan_tick()
        self._note(
            DoorCommandAnswered(
                decision_id=decision_id,
                access_point=self._entry.id,
                device=self._gate.id,
                outcome=outcome,
                elapsed_ms=round((answered_at_s - decided_at_s) * 1000, 3),
                attempts=attempts,
            )
        )
        if outcome is DoorCommandOutcome.CONFIRMED:
            self.screen.show("welcome", masked_name="" if person is None else person.masked_name)
        else:
            self.screen.show("fault")

    # ---- passing

    def _note_passed(self, passed: Passed) -> None:
        self._note(
            AccessTaken(
                decision_id=passed.decision_id,
                access_point=self._entry.id,
                direction=self._entry.direction,
                count=passed.count,
            )
        )
        if passed.decision_id is not None:
            self.screen.show("passed")

    def _plan_tick(self) -> None:
        if self._tick_later is not None:
            self._tick_later.cancel()
            self._tick_later = None
        deadline_s = self._passage.deadline_s
        if deadline_s is not None:
            wait_s = max(0.0, deadline_s - self._around.monotonic())
            self._tick_later = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        for not_passed in self._passage.tick(now_s=self._around.monotonic()):
            self._note(
                AccessNotTaken(
                    decision_id=not_passed.decision_id,
                    access_point=self._entry.id,
                    direction=self._entry.direction,
                )
            )
            self.screen.show_idle()
        self._plan_tick()

    def _note(self, data: EventData) -> None:
        self._around.journal.note(data, subject=self._entry.id, now=self._around.now())


def _resolve(
    answer: asyncio.Future[Granted | Denied], result: Granted | Denied | Exception
) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
        # Nobody waits for the answer of a face; without this, asyncio would complain about it.
        answer.exception()
    else:
        answer.set_result(result)


def _evidence(shown: _Shown, decided_at_s: float) -> FaceEvidence | None:
    if shown.face is None or not isinstance(shown.attempt, FaceShown):
        return None
    return evidence_of(shown.face, margin=shown.attempt.margin, decided_at_s=decided_at_s)


def _shown(face: FaceAttempt) -> FaceShown:
    """Return what the rules are asked about."""
    doubts = {
        Outcome.REFUSE: DenialReason.PRESENTATION_ATTACK,
        Outcome.STEP_UP: DenialReason.LIVENESS_UNSURE,
    }
    doubt = None if face.liveness is None else doubts.get(face.liveness.outcome)
    return FaceShown(
        face.candidates,
        face.threshold,
        step_up=face.step_up,
        margin_min=MARGIN_MIN if face.margin_min is None else face.margin_min,
        doubt=DenialReason.WEAK_FACE if doubt is None and face.needs_card else doubt,
        elsewhere=face.elsewhere,
    )
