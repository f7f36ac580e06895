"""The task of one access point: from what a person shows to an open gate and the facts about it.

A decision is durable before the gate is told to open; on the way out the gate is told first. A gate
that does not answer is a fault that people see, never an open gate.

Whoever is let through is expected by the rules until the gate counts them, or says that nobody
passed: the ``Doorkeeper`` is told both.
"""

import asyncio
import dataclasses
import functools
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.access import (
    FACE_DOUBTS,
    CredentialKind,
    CropClass,
    DenialReason,
    Direction,
    DoorCommandOutcome,
    crop_class,
)
from config.contract.events import AccessDenied, AccessGranted, FaceEvidence
from config.contract.identifiers import new_id
from config.site import AccessPointEntry
from config.tracing import traced
from edge.access.attempts import (
    Attempt,
    CardShown,
    ExitRequested,
    FaceShown,
    ReleaseRequested,
)
from edge.access.crossing import Crossing, Payer, point_of
from edge.access.evidence import crop_name, evidence_of, face_shown
from edge.access.happenings import NotPassed
from edge.access.question import Denied, Granted, Person
from edge.access.screen import STEP_UP_S, Screen
from edge.access.surroundings import Gate, Surroundings
from edge.journal import JournalError
from edge.kiosk.state import Phase
from edge.vision.attempt import FaceAttempt

_log = logging.getLogger("edge.access")

ATTEMPT_AGE_S_MAX: Final = 3.0
"""An older attempt opens nothing: whoever made it may have left."""
RECORD_S_MAX: Final = 2.0
"""A disk that needs longer has not recorded, and the site's policy decides."""
WAITING_COUNT_MAX: Final = 4
HIDDEN: Final = frozenset(
    {DenialReason.UNKNOWN_FACE, DenialReason.WEAK_FACE, DenialReason.LIVENESS_UNSURE}
)
"""Reasons for which what hides the face may be to blame, and is said."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One thing that a person showed.

    Attributes:
        read: Returns what it is when its turn has come: a PIN is of whoever was there just before.
        at_s: When, monotonic; for a face the capture of the deciding frame.
        face: What the camera saw; None for a card.
        answer: Resolves with the decision, for whoever waits for it.
    """

    read: Callable[[datetime], Attempt]
    at_s: float
    face: FaceAttempt | None = None
    answer: asyncio.Future[Granted | Denied]


class Lane:
    """One direction through one gate. All of it belongs to the event loop's thread.

    Attributes:
        screen: What people see; others say whether gate and camera are able.
    """

    def __init__(self, point: AccessPointEntry, gate: Gate, around: Surroundings) -> None:
        """Decide for one access point."""
        self._entry, self._around = point, around
        self._when_passed: list[Callable[[], None]] = []
        self._when_granted: list[Callable[[], None]] = []
        self._when_identified: list[Callable[[str, CredentialKind], None]] = []
        self._point = point_of(point)
        self.screen = Screen(point, around.board, now=around.now)
        self._crossing = Crossing(point, gate, around, self.screen)
        self._waiting: asyncio.Queue[_Shown] = asyncio.Queue(WAITING_COUNT_MAX)
        self._deciding_since_s: float | None = None
        self._doubted: tuple[UUID, float] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for a decision."""
        return self._waiting.empty() and self._deciding_since_s is None

    @property
    def deciding_since_s(self) -> float | None:
        """Since when it is at work on one attempt, monotonic; None while it waits for one."""
        return self._deciding_since_s

    def when_passed(self, call: Callable[[], None]) -> None:
        """Call this whenever somebody has passed; it must be quick."""
        self._when_passed.append(call)

    def when_granted(self, call: Callable[[], None]) -> None:
        """Call this whenever the gate is about to open for a credential; it must be quick."""
        self._when_granted.append(call)

    def when_identified(self, call: Callable[[str, CredentialKind], None]) -> None:
        """Call this with whoever is let through, and by what; it must be quick."""
        self._when_identified.append(call)

    def pay_with(self, payer: Payer) -> None:
        """Let nobody in by a credential before a meal's price is kept; a way out asks nobody."""
        self._crossing.payer = payer

    # ---- what happens before the lane

    def show_face(self, face: FaceAttempt) -> None:
        """Take what the camera saw; the newest attempts are kept when many come."""
        attempt = face_shown(face)
        self._put(lambda _: attempt, at_s=face.captured_at_s, face=face)

    def show_card(self, numbers: Sequence[str]) -> "asyncio.Future[Granted | Denied]":
        """Take a card that a reader read; see ``present_card``.

        Args:
            numbers: Of one card, in every form that may be known; two people's is nobody's.
        """
        people = self._around.people
        known = {holder: n for n in numbers if (holder := people.holder_of_card(n)) is not None}
        shown = CardShown(None)
        if len(known) == 1:
            ((holder, number),) = known.items()
            shown = CardShown(holder, people.end_of_card(number))
        return self._put(lambda _: shown, at_s=self._around.monotonic())

    async def present_card(self, number: str) -> Granted | Denied:
        """Take a card and return what was decided, the command to the gate included.

        Raises:
            TimeoutError: So many people came that nobody got to this card in time.
        """
        return await self.show_card((number,))

    async def present_pin(self, pin: str) -> Granted | Denied:
        """Take a PIN of whoever has shown another credential just before; see ``present_card``.

        Raises:
            TimeoutError: So many people came that nobody got to this PIN in time.
        """
        read = functools.partial(self._read_pin, pin)
        return await self._put(read, at_s=self._around.monotonic())

    def show_code(self, text: str) -> "asyncio.Future[Granted | Denied]":
        """Take a QR code that a reader scanned; see ``present_card``."""
        shown = self._around.read_code(text)
        return self._put(lambda _: shown, at_s=self._around.monotonic())

    async def present_code(self, text: str) -> Granted | Denied:
        """Take a scanned QR code; see ``present_card``.

        Raises:
            TimeoutError: So many people came that nobody got to this code in time.
        """
        return await self.show_code(text)

    async def exit_requested(self) -> Granted | Denied:
        """Let somebody out who asks for it: before all who wait, and whoever they are."""
        at_s, answer = self._around.monotonic(), asyncio.get_running_loop().create_future()
        return await self._handle(_Shown(read=lambda _: ExitRequested(), at_s=at_s, answer=answer))

    # ---- what operators do

    @property
    def is_locked(self) -> bool:
        """Whether a lockdown level locks this entrance."""
        return self._around.doorkeeper.world.is_locked(self._point)

    @property
    def is_held_open(self) -> bool:
        """Whether everybody is to pass because an operator says so."""
        return self._around.doorkeeper.world.is_held_open(self._point)

    @property
    def is_on_fire(self) -> bool:
        """Whether a fire, or a drill, releases this point."""
        return self._around.doorkeeper.world.is_on_fire(self._point)

    async def release(self, command_id: UUID) -> DoorCommandOutcome:
        """Let one person through at once, before all who wait; the caller has asked ``is_locked``.

        Args:
            command_id: Ties the operator's command, the gate's answer and the passage together.
        """
        around, attempt = self._around, ReleaseRequested()
        decided_at_s, now = around.monotonic(), around.now()
        around.doorkeeper.decide(attempt, point=self._point, decision_id=command_id, now=now)
        granted = AccessGranted(
            decision_id=command_id,
            access_point=self._entry.id,
            direction=self._entry.direction,
            holder_id=None,
            credential=attempt.kind,
        )
        around.journal.note(granted, subject=self._entry.id, now=now)
        return await self._crossing.open(
            granted, people_count=1, masked_name="", decided_at_s=decided_at_s
        )

    async def hold(self, *, is_held: bool) -> DoorCommandOutcome:
        """Have the gate let everybody through, or as the site file has it again."""
        return await self._crossing.hold(is_held=is_held)

    def _read_pin(self, pin: str, now: datetime) -> Attempt:
        return self._around.doorkeeper.pin_shown(pin, point=self._point, now=now)

    # ---- what the gate says

    def gate_is_released(self, *, is_released: bool) -> None:
        """Whether the gate stands open for everybody by itself, for fire."""
        self._crossing.is_released = is_released

    def passages_counted(self, count: int) -> None:
        """The gate counted people on this side."""
        self._crossing.counted(count)
        for call in self._when_passed:
            call()

    def passages_against_counted(self, count: int) -> None:
        """The gate counted people on the other side, which is no access point of its own."""
        self._crossing.counted_against(count)

    async def run(self) -> None:
        """Decide for ever, one attempt after the other."""
        self.screen.show_idle()
        while True:
            self._deciding_since_s = None
            shown = await self._waiting.get()
            self._deciding_since_s = now_s = self._around.monotonic()
            if now_s - shown.at_s > ATTEMPT_AGE_S_MAX:
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
        read: Callable[[datetime], Attempt],
        *,
        at_s: float,
        face: FaceAttempt | None = None,
    ) -> asyncio.Future[Granted | Denied]:
        answer = asyncio.get_running_loop().create_future()
        if self._waiting.full():
            oldest = self._waiting.get_nowait()
            _resolve(oldest.answer, TimeoutError("others came after"))
        self._waiting.put_nowait(_Shown(read=read, at_s=at_s, face=face, answer=answer))
        return answer

    # ---- deciding

    async def _handle(self, shown: _Shown) -> Granted | Denied:
        decision_id = new_id()
        # Whatever is logged of this person, by whomever it is asked, names this decision.
        with traced(decision_id.hex):
            return await self._decide(shown, decision_id)

    async def _decide(self, shown: _Shown, decision_id: UUID) -> Granted | Denied:
        around = self._around
        decided_at_s, now = around.monotonic(), around.now()
        attempt = shown.read(now)
        decision, person = around.doorkeeper.decide(
            attempt, point=self._point, decision_id=decision_id, now=now
        )
        evidence = _evidence(shown.face, attempt, decided_at_s)
        _log.debug(
            "access point %s: %s, by %s shown %.0f ms ago",
            self._entry.id,
            "granted" if isinstance(decision, Granted) else decision.reason.value,
            attempt.kind.value,
            (decided_at_s - shown.at_s) * 1000,
        )
        if isinstance(decision, Granted):
            granted = AccessGranted(
                decision_id=decision_id,
                access_point=self._entry.id,
                direction=self._way(attempt),
                holder_id=decision.holder_id,
                credential=attempt.kind,
                face=evidence,
                crop=crop_name(shown.face),
                confirms=self._confirmed(attempt, decided_at_s),
                credential_to_decision_ms=round((decided_at_s - shown.at_s) * 1000, 3),
            )
            unpaid = await self._unpaid(decision, granted)
            if unpaid is not None:
                around.doorkeeper.take(NotPassed(decision_id))
                refused = Denied(unpaid, decision.holder_id)
                return self._deny(shown, refused, attempt, decision_id, evidence, now)
            return await self._grant(shown, decision, granted, person, decided_at_s, now)
        return self._deny(shown, decision, attempt, decision_id, evidence, now)

    async def _unpaid(self, decision: Granted, granted: AccessGranted) -> DenialReason | None:
        """Return why a canteen lane does not open for somebody; None everywhere else."""
        payer, holder_id = self._crossing.payer, decision.holder_id
        is_entrance = granted.direction is Direction.IN and decision.override is None
        if payer is None or holder_id is None or not is_entrance:
            return None
        return await payer.hold(granted.decision_id, holder_id, granted.credential)

    def _way(self, attempt: Attempt) -> Direction:
        return Direction.OUT if isinstance(attempt, ExitRequested) else self._entry.direction

    def _confirmed(self, attempt: Attempt, now_s: float) -> UUID | None:
        """Return the doubtful decision that a card settles, once."""
        doubted, self._doubted = self._doubted, None
        if doubted is None or attempt.kind is not CredentialKind.CARD:
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
        if decision.override is not None:
            # The way out and what is open to all wait for no disk: a note returns at once.
            self._around.journal.note(granted, subject=self._entry.id, now=now)
        elif not await self._is_recorded(granted, now):
            self._around.doorkeeper.take(NotPassed(granted.decision_id))
            if self._crossing.payer is not None:
                self._crossing.payer.over(granted.decision_id)
            refused = Denied(DenialReason.JOURNAL_UNWRITABLE, decision.holder_id)
            self.screen.show("refused", reason=refused.reason)
            return refused
        if shown.face is not None and shown.face.crop_jpeg is not None:
            self._around.offer_blob(shown.face.crop_jpeg, CropClass.ADMITTED)
        if granted.credential is not CredentialKind.NONE:
            for call in self._when_granted:
                call()
            if granted.holder_id is not None:
                for tell in self._when_identified:
                    tell(granted.holder_id, granted.credential)
        masked_name = "" if person is None else person.masked_name
        await self._crossing.open(
            granted,
            people_count=1 + len(decision.companions),
            masked_name=masked_name,
            decided_at_s=decided_at_s,
            access_time_s=decision.access_time_s,
        )
        return decision

    async def _is_recorded(self, granted: AccessGranted, now: datetime) -> bool:
        """Return whether the gate may open: durably recorded, or the site does not insist."""
        try:
            async with asyncio.timeout(RECORD_S_MAX):
                await self._around.journal.append(granted, subject=self._entry.id, now=now)
        except (JournalError, TimeoutError):
            self._around.journal.count_unrecorded()
            return self._around.policy.journal_unwritable == "grant"
        return True

    def _deny(
        self,
        shown: _Shown,
        decision: Denied,
        attempt: Attempt,
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
            credential=attempt.kind,
            face=evidence,
            crop=crop,
        )
        self._around.journal.note(denied, subject=self._entry.id, now=now)
        is_doubt = decision.reason in FACE_DOUBTS
        self._doubted = (decision_id, self._around.monotonic()) if is_doubt else None
        cover = None if shown.face is None or decision.reason not in HIDDEN else shown.face.cover
        phase: Phase = "step_up" if decision.is_step_up else "refused"
        self.screen.show(phase, reason=decision.reason, cover=cover, asks=decision.asks)
        return decision


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


def _evidence(
    face: FaceAttempt | None, attempt: Attempt, decided_at_s: float
) -> FaceEvidence | None:
    if face is None or not isinstance(attempt, FaceShown):
        return None
    return evidence_of(face, margin=attempt.margin, decided_at_s=decided_at_s)
