"""What is to be done next with a board that is updated or rolled back: the pure part.

Where an update is, the board itself says: after every step that may have changed something, and
after everything that went wrong, it is looked at again. So a broken link, a restart of the board
and one of our own process are the same thing. Time is monotonic seconds and an argument::

    BEFORE ----- upload, mark -----> ON_TRIAL ----- reset, proven, confirmed -----> CONFIRMED
       |                                | unwell, not back, given up
       +--> REFUSED, FAILED             v
                                    GOES_BACK ----- reset, seen ----> WENT_BACK, FAILED
"""

from typing import Final

from config.board_image import ImageError, fits_board
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from firmware_bridge.update_memory import Memory, Phase, version_of
from firmware_bridge.update_proof import Proof
from firmware_bridge.update_steps import Look, Slot, Step

RESTART_S: Final = 5.0
"""A board that was told to restart and answers as before did not hear it."""
_CHANGES: Final = (Step.UPLOAD, Step.ERASE, Step.MARK, Step.RESET)
"""What is not done during a fire, a lockdown or a quiet time."""
_AFTER_TRIAL: Final = (UpdateStage.RESTARTS, UpdateStage.PROVES, UpdateStage.GOES_BACK)


class Course(Memory):
    """One update or rollback; ``next_step`` says what to do, and is told what became of it."""

    def next_step(self, *, now_s: float, may_act: bool) -> Step:
        """Return what to do now.

        Args:
            now_s: Now.
            may_act: No fire, lockdown or quiet time: uploads and resets are allowed.
        """
        step = (
            Step.END if self.result is not None or self._is_given_up(now_s) else self._step(now_s)
        )
        if step in _CHANGES and not may_act:
            return self._wait()
        if step is not Step.LOOK:
            self._is_waiting = step is Step.PAUSE and self._is_waiting
        self._note_begin(step, now_s)
        return step

    # ---- what the board's state asks for

    def _step(self, now_s: float) -> Step:
        if self._look is None:
            if self._is_blind and self.phase is Phase.GOES_BACK:
                return self._reset_blindly(now_s)
            return Step.LOOK
        if self.phase is Phase.BEFORE:
            return self._before(self._look, now_s)
        if self.phase is Phase.ON_TRIAL:
            return self._on_trial(self._look, now_s)
        return self._goes_back(self._look, now_s)

    def _before(self, look: Look, now_s: float) -> Step:
        if not self.target:
            self._find_other(look)
        if not self.target:
            what = "the board has no other image to go back to: update it with what it shall run"
            return self._end(self._broken_off, UpdateReason.NO_OTHER_IMAGE, what, now_s)
        if look.running.hash == self.target:
            if look.running.is_confirmed:
                return self._end(UpdateOutcome.CONFIRMED, None, "", now_s)
            self._enter_trial(boot_before=None)
            return self._on_trial(look, now_s)
        if (error := self._misfit(look)) is not None:
            return self._end(self._broken_off, error.reason, str(error), now_s)
        if look.trial_s is not None and look.trial_s <= self._rules.prove_s:
            what = (
                f"the board goes back {look.trial_s:g} s after its start, and is to be well for"
                f" {self._rules.prove_s:g} s first: raise its trial_s, or lower prove_s"
            )
            return self._end(self._broken_off, UpdateReason.REJECTED, what, now_s)
        if look.running.is_confirmed:
            return self._bring(look, now_s)
        # A trial that nobody follows: both slots are in use, until a restart takes it back.
        if self._is_used_up(Step.RESET):
            what = (
                "the board runs an image that is not confirmed, and does not take it back:"
                " load it anew"
            )
            return self._end(self._broken_off, UpdateReason.REJECTED, what, now_s)
        return self._reset_if_due(look.boot, now_s)

    def _find_other(self, look: Look) -> None:
        """Take the other slot's image as the one that is wanted: a rollback."""
        if look.other is not None and look.other.is_bootable:
            self.target = look.other.hash

    def _misfit(self, look: Look) -> ImageError | None:
        """Return why the image is none for the board; None where it is, or is its own."""
        if self._image is None:
            return None
        is_on_trial = not look.running.is_confirmed and look.other is not None
        stays = look.other if is_on_trial and look.other is not None else look.running
        try:
            fits_board(
                self._image,
                hw=look.hw,
                running=version_of(stays),
                counter=look.counter,
                slot_size_bytes=look.slot_size_bytes,
            )
        except ImageError as error:
            return error
        return None

    def _bring(self, look: Look, now_s: float) -> Step:
        """Get the image into the other slot, and on trial."""
        other = look.other
        has_it = other is not None and other.hash == self.target and other.is_bootable
        if has_it and other is not None and other.is_pending:
            self._enter_trial(boot_before=look.boot)
            return self._on_trial(look, now_s)
        if self._interrupted_at in _AFTER_TRIAL:
            what = "the board went back while nobody followed its trial: read its log, try again"
            return self._end(UpdateOutcome.WENT_BACK, UpdateReason.OTHER_IMAGE_RUNS, what, now_s)
        # What stands there may be a part of it: the board has counted what it got, and its sum.
        if has_it and (self._image is None or self._counts[Step.UPLOAD]):
            step, failure = Step.MARK, "the board does not put the image on trial"
        elif self._image is None:
            what = "the image to go back to is gone: update the board with what it shall run"
            return self._end(self._broken_off, UpdateReason.NO_OTHER_IMAGE, what, now_s)
        else:
            step, failure = self._fetched(other), "the board does not keep the image"
        if self._is_used_up(step) or (not has_it and self._is_used_up(Step.UPLOAD)):
            detail = f"{failure}: its flash may be worn; load it anew, or exchange it"
            return self._end(UpdateOutcome.FAILED, UpdateReason.REJECTED, detail, now_s)
        return step

    def _fetched(self, other: Slot | None) -> Step:
        """Return what gets the image into the other slot: what is in the way goes first."""
        is_in_the_way = other is not None and other.is_pending
        is_spoilt = self._counts[Step.UPLOAD] > self._counts[Step.ERASE]
        return Step.ERASE if is_in_the_way or is_spoilt else Step.UPLOAD

    def _on_trial(self, look: Look, now_s: float) -> Step:
        if look.running.hash == self.target:
            return self._prove(look, now_s)
        if self._was_on_trial:
            self._go_back(UpdateReason.NOT_HEALTHY, "it restarted by itself while on trial")
            return self._goes_back(look, now_s)
        is_pending = look.other is not None and look.other.is_pending
        if look.boot != self._boot_before and not is_pending:
            self._go_back(
                UpdateReason.OTHER_IMAGE_RUNS,
                "its bootloader did not start the image: is it signed with the board's own key,"
                " and its security counter not too low?",
            )
            return self._goes_back(look, now_s)
        if self._is_used_up(Step.RESET):
            self._go_back(UpdateReason.NOT_BACK, "it does not restart when it is told to")
            return self._goes_back(look, now_s)
        return self._reset_if_due(look.boot, now_s)

    def _prove(self, look: Look, now_s: float) -> Step:
        self._was_on_trial = True
        if self._is_proven and look.running.is_confirmed:
            return self._end(UpdateOutcome.CONFIRMED, None, "", now_s)
        if self._proof is None:
            self._proof = Proof(
                target=self.target,
                boot=look.boot,
                prove_s=self._rules.prove_s,
                settle_s=self._rules.settle_s,
                now_s=now_s,
            )
        flaw = self._flaw_of_start(look)
        if flaw:
            self._go_back(UpdateReason.NOT_HEALTHY, flaw)
        elif self._is_used_up(Step.CONFIRM):
            self._go_back(UpdateReason.REJECTED, "it does not keep that it was confirmed")
        else:
            return Step.CONFIRM if self._is_proven else Step.PROVE
        return self._goes_back(look, now_s)

    def _flaw_of_start(self, look: Look) -> str:
        if look.boot == self._boot_before:
            return "it runs another image and says that it has not restarted"
        if self._proof is not None and look.boot != self._proof.boot:
            return "it restarted by itself while on trial"
        return ""

    def _goes_back(self, look: Look, now_s: float) -> Step:
        reason, what = self._verdict
        if look.running.hash != self.target:
            return self._is_back(look, now_s)
        if look.running.is_confirmed and self._is_proven:
            return self._end(UpdateOutcome.CONFIRMED, None, "", now_s)
        if look.running.is_confirmed:
            detail = f"{what}, and the image has confirmed itself: roll the board back"
            return self._end(UpdateOutcome.FAILED, reason, detail, now_s)
        if self._is_used_up(Step.RESET):
            detail = f"{what}, and it does not go back: restart it by hand, it is still on trial"
            return self._end(UpdateOutcome.FAILED, reason, detail, now_s)
        return self._reset_if_due(look.boot, now_s)

    def _is_back(self, look: Look, now_s: float) -> Step:
        """End, once the board would not go on trial at its next start, with nobody there."""
        reason, what = self._verdict
        is_pending = look.other is not None and look.other.is_pending
        if is_pending and self._image is not None and not self._is_used_up(Step.ERASE):
            return Step.ERASE
        if is_pending:
            detail = f"{what}: restart it by hand; it tries the image then, and takes it back"
            return self._end(UpdateOutcome.FAILED, reason, detail, now_s)
        outcome = UpdateOutcome.WENT_BACK if self._reset else UpdateOutcome.FAILED
        detail = f"{what}; the board runs what it ran before: read its log before you try again"
        return self._end(outcome, reason, detail, now_s)

    def _reset_if_due(self, boot: int, now_s: float) -> Step:
        """Restart the board, unless it was told so a moment ago."""
        if self._reset is not None:
            reset_at_s, reset_boot = self._reset
            if boot == reset_boot and now_s - reset_at_s < RESTART_S:
                return Step.PAUSE
        return Step.RESET

    def _reset_blindly(self, now_s: float) -> Step:
        """Restart a board whose new image answers, but nothing that could be read."""
        reason, what = self._verdict
        if self._is_used_up(Step.RESET):
            self._running = ""
            detail = f"{what}, and it does not go back: restart it by hand, it may be on trial"
            return self._end(UpdateOutcome.FAILED, reason, detail, now_s)
        self._is_blind = False
        return self._reset_if_due(0, now_s)
