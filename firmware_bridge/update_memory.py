"""What is remembered of an update, and when it is given up: the lower part of ``update_course``."""

from collections import Counter
from enum import Enum, auto
from typing import Final

from config.board_image import ImageVersion
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from firmware_bridge.update_proof import Probe, Proof, Verdict
from firmware_bridge.update_steps import (
    ADVICE,
    IN_PASSING,
    NOT_NOW,
    REFUSALS,
    Look,
    Slot,
    Step,
    UpdateProgress,
    UpdateResult,
    UpdateRules,
    Wanted,
)

ATTEMPTS: Final = {Step.UPLOAD: 2}
ATTEMPT_COUNT: Final = 3
"""Times that a board takes a step, and then shows that it did not do it; see ``ATTEMPTS``."""
UPLOAD_FACTOR_MAX: Final = 4
"""An upload that took more bytes than so many times the image does not come to an end."""


class Phase(Enum):
    """Where an update is, for what silence and refusals mean."""

    BEFORE = auto()
    ON_TRIAL = auto()
    GOES_BACK = auto()


class Memory:
    """What became of the steps of one update or rollback."""

    def __init__(
        self,
        wanted: Wanted,
        rules: UpdateRules,
        *,
        now_s: float,
        interrupted: UpdateProgress | None = None,
    ) -> None:
        """Begin.

        Args:
            wanted: What the board shall run.
            rules: How long it may take.
            now_s: Now.
            interrupted: Where the same update was when our process ended.
        """
        self._image, self._rules, self._begun_at_s = wanted.image, rules, now_s
        self._interrupted_at = None if interrupted is None else interrupted.stage
        known = b"" if interrupted is None else interrupted.target
        self.target = known if self._image is None else self._image.hash
        self.phase = Phase.BEFORE
        self.stage = UpdateStage.WAITS
        self.sent_bytes = self.uploaded_bytes = 0
        self.result: UpdateResult | None = None
        self._look: Look | None = None
        self._serial_number: str | None = None
        self._running, self._runs_other = "", False
        self._is_begun = self._interrupted_at not in (None, UpdateStage.WAITS)
        self._is_cancelled = self._is_waiting = self._is_marked = False
        self._is_proven = self._was_on_trial = self._is_blind = False
        self._proof: Proof | None = None
        self._trial_s = rules.trial_s
        self._boot_before: int | None = None
        self._reset: tuple[float, int] | None = None
        self._heard_at_s = self._progress_at_s = now_s
        self._counts: Counter[Step] = Counter()
        self._failure = ""
        self._verdict = UpdateReason.NOT_HEALTHY, ""

    # ---- what the caller asks

    def cancel(self) -> bool:
        """Break off, if the image is not on trial yet; returns whether that is so."""
        if self.result is None and not self._is_marked:
            self._is_cancelled = True
        return self._is_cancelled

    @property
    def progress(self) -> UpdateProgress:
        """Where it is now."""
        size_bytes = 0 if self._image is None else self._image.size_bytes
        return UpdateProgress(
            self.stage,
            self.target,
            self.sent_bytes,
            size_bytes,
            is_in_service=self._is_waiting and self._runs_other,
        )

    @property
    def is_waiting(self) -> bool:
        """Whether a fire, a lockdown or a quiet time forbids what is next."""
        return self._is_waiting

    # ---- what became of it

    def saw(self, look: Look, *, now_s: float) -> None:
        """Take what the board said of itself."""
        self._heard_at_s, self._is_blind = now_s, False
        if self._serial_number not in (None, look.serial_number):
            self._running = ""
            what = "another board answers in its place: see what was exchanged, and update it anew"
            self._end(UpdateOutcome.FAILED, UpdateReason.OTHER_BOARD, what, now_s)
            return
        self._serial_number, self._running = look.serial_number, look.running.version
        self._runs_other = look.running.hash != self.target
        self._trial_s = look.trial_s or self._trial_s
        self._look = look

    def sent(self, offset: int, *, now_s: float) -> str:
        """Take how far an upload is by the board's count; returns what is wrong with it, if so."""
        size_bytes = self.progress.size_bytes
        self._heard_at_s = now_s
        if not 0 <= offset <= size_bytes:
            return f"the board says that it has {offset} bytes of {size_bytes}"
        self._is_begun = True
        if offset > self.sent_bytes:
            self._progress_at_s = now_s
            self.uploaded_bytes += offset - self.sent_bytes
        self.sent_bytes = offset
        is_endless = self.uploaded_bytes > UPLOAD_FACTOR_MAX * size_bytes
        return "the board loses again and again what it was sent" if is_endless else ""

    def did(self, step: Step, *, now_s: float) -> None:
        """Take that the board took a step; what became of it, the next look says."""
        self._note_reset(step, now_s)
        self._look = None
        if step is Step.PAUSE:
            return
        self._is_begun = True
        self._counts[step] += 1
        self._heard_at_s = self._progress_at_s = now_s

    def broke(self, step: Step, what: str, *, now_s: float, is_alive: bool = False) -> None:
        """Take that a step was not answered, or wrongly.

        Args:
            step: Which; the board may have done it.
            what: Half a line that says so.
            now_s: Now.
            is_alive: Something answered, although it could not be read.
        """
        self._note_reset(step, now_s)
        self._failure, self._look = what, None
        self._is_blind = is_alive and step is Step.LOOK
        self._is_begun = self._is_begun or step not in (Step.LOOK, Step.UPLOAD)
        if step in (Step.RESET, Step.CONFIRM):
            self._counts[step] += 1
        self._flaw(what, now_s)

    def refused(self, step: Step, refusal: tuple[int, int], what: str, *, now_s: float) -> None:
        """Take that the board refuses a step. ``refusal``: SMP group and code."""
        if refusal in IN_PASSING:
            self.broke(step, what, now_s=now_s)
            return
        self._look, self._heard_at_s = None, now_s
        if refusal in NOT_NOW:
            self._is_marked = self._is_marked and step is not Step.MARK
            self._wait()
            return
        self._failure, self._is_blind = what, step is Step.LOOK
        self._counts[step] += 1
        self._flaw(what, now_s)
        if self.phase is Phase.BEFORE:
            reason = REFUSALS.get(refusal, UpdateReason.REJECTED)
            self._end(self._broken_off, reason, f"{what}: {ADVICE[reason]}", now_s)
        elif self.phase is Phase.ON_TRIAL and step is Step.LOOK:
            self._go_back(UpdateReason.NOT_HEALTHY, what)

    def probed(self, probe: Probe, *, now_s: float) -> None:
        """Take what a board on trial answered."""
        self._heard_at_s = now_s
        if self._proof is not None:
            self._judge(self._proof.saw(probe, now_s=now_s))

    # ---- what follows from it

    def _enter_trial(self, *, boot_before: int | None) -> None:
        self.phase, self.stage = Phase.ON_TRIAL, UpdateStage.RESTARTS
        self._boot_before, self._is_marked, self._reset = boot_before, True, None
        self._counts[Step.RESET] = 0

    def _go_back(self, reason: UpdateReason, what: str) -> None:
        self.phase, self.stage = Phase.GOES_BACK, UpdateStage.GOES_BACK
        self._verdict = reason, what
        self._counts[Step.RESET] = 0

    def _flaw(self, what: str, now_s: float) -> None:
        """Note that a board that is proven was not well."""
        if self._proof is not None and self.phase is Phase.ON_TRIAL and not self._is_proven:
            self._judge(self._proof.failed(what, now_s=now_s))

    def _judge(self, verdict: Verdict) -> None:
        if verdict is Verdict.WELL:
            self._is_proven, self._look = True, None
        elif verdict is Verdict.UNWELL and self._proof is not None:
            self._look = None
            self._go_back(UpdateReason.NOT_HEALTHY, self._proof.flaw)

    def _is_used_up(self, step: Step) -> bool:
        return self._counts[step] >= ATTEMPTS.get(step, ATTEMPT_COUNT)

    def _wait(self) -> Step:
        self._is_waiting = True
        if self.phase is Phase.BEFORE:
            self.stage = UpdateStage.WAITS
        return Step.PAUSE

    def _note_begin(self, step: Step, now_s: float) -> None:
        """Remember a step that is about to be done."""
        if step is Step.UPLOAD:
            self.stage = UpdateStage.UPLOADS
        elif step is Step.PROVE:
            self.stage = UpdateStage.PROVES
        elif step is Step.MARK:
            self._is_marked = True

    def _note_reset(self, step: Step, now_s: float) -> None:
        """Remember which start of the board was told to end; without an answer, it may be so."""
        if step is Step.RESET:
            self._reset = now_s, 0 if self._look is None else self._look.boot

    def _is_given_up(self, now_s: float) -> bool:
        """Return whether it is over because it took too long; the phase may change, too."""
        if self.phase is Phase.BEFORE:
            self._check_before(now_s)
        elif self.phase is Phase.ON_TRIAL:
            self._check_trial(now_s)
        elif self._look is None:
            reason, what = self._verdict
            if now_s - self._heard_at_s > self._trial_s + self._rules.back_s_max:
                self._running = ""
                detail = f"{what}, and nobody knows what it runs: look at its power and its line"
                self._end(UpdateOutcome.FAILED, reason, detail, now_s)
        return self.result is not None

    def _check_before(self, now_s: float) -> None:
        rules, took_s = self._rules, now_s - self._begun_at_s
        begin_s_max = rules.update_s_max if rules.begin_s_max is None else rules.begin_s_max
        is_late = took_s > (rules.update_s_max if self._is_begun else begin_s_max)
        if self._is_waiting:
            self._progress_at_s = now_s
        is_silent = now_s - self._progress_at_s > rules.silent_s_max
        if self._is_cancelled and not self._is_marked:
            what = "it was cancelled; the board runs what it ran: begin again when it is wanted"
            self._end(self._broken_off, UpdateReason.CANCELLED, what, now_s)
        elif self._is_waiting and is_late:
            what = "a fire, a lockdown or a quiet time did not end in time: try again after it"
            self._end(self._broken_off, UpdateReason.NOT_NOW, what, now_s)
        elif is_silent or (is_late and not self._is_marked):
            what = self._failure or "it took too long"
            detail = f"{what}: look at its power and its line, and try again; it goes on from there"
            self._end(self._broken_off, UpdateReason.UNREACHABLE, detail, now_s)

    def _check_trial(self, now_s: float) -> None:
        rules = self._rules
        if self._look is None and now_s - self._heard_at_s > rules.back_s_max:
            self._heard_at_s = now_s
            self._go_back(UpdateReason.NOT_BACK, f"it did not answer for {rules.back_s_max:.0f} s")
        elif self._proof is None and now_s - self._begun_at_s > rules.update_s_max:
            what = f"it was not over within {rules.update_s_max:.0f} s"
            reason = UpdateReason.NOT_NOW if self._is_waiting else UpdateReason.NOT_BACK
            self._go_back(reason, what)

    @property
    def _broken_off(self) -> UpdateOutcome:
        return UpdateOutcome.FAILED if self._is_begun else UpdateOutcome.REFUSED

    def _end(
        self, outcome: UpdateOutcome, reason: UpdateReason | None, detail: str, now_s: float
    ) -> Step:
        self.result = UpdateResult(
            outcome=outcome,
            reason=reason,
            detail=detail,
            running=self._running,
            target=self.target,
            uploaded_bytes=self.uploaded_bytes,
            took_s=now_s - self._begun_at_s,
        )
        return Step.END


def version_of(slot: Slot) -> ImageVersion:
    """Return a slot's version; the lowest where it is none, so that it forbids nothing."""
    try:
        return ImageVersion.parse(slot.version)
    except ValueError:
        return ImageVersion()
