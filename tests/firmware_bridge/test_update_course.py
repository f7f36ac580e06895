import dataclasses

import pytest

from config.board_image import read_image
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from firmware_bridge.update_course import Course
from firmware_bridge.update_memory import Phase
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
from tests.config.images import HW, signed

IMAGE = read_image(signed(version="2.0.0"))
OLD = Slot(b"o" * 32, "1.0.0", is_confirmed=True)
NEW = Slot(IMAGE.hash, "2.0.0")
PENDING = dataclasses.replace(NEW, is_pending=True)
CONFIRMED = dataclasses.replace(NEW, is_confirmed=True)
FIRE = (877, 4)
LOOK = Look(
    serial_number="SN1", hw=HW, counter=0, slot_size_bytes=None, boot=1, running=OLD, other=None
)
RULES = UpdateRules(prove_s=10.0, update_s_max=600.0)


class Journey:
    """A course whose board a test plays by hand; it takes every step that is not LOOK."""

    def __init__(
        self,
        *,
        image: bool = True,
        rules: UpdateRules = RULES,
        interrupted: UpdateProgress | None = None,
    ) -> None:
        self.now_s = 0.0
        wanted = Wanted(IMAGE if image else None)
        self.course = Course(wanted, rules, now_s=self.now_s, interrupted=interrupted)
        self.look = LOOK
        self.may_act = True

    def becomes(self, **changes: object) -> None:
        self.look = dataclasses.replace(self.look, **changes)  # type: ignore[arg-type]  # a test's own words

    def step(self) -> Step:
        """Return the next step that is none of looking."""
        while (s := self.course.next_step(now_s=self.now_s, may_act=self.may_act)) is Step.LOOK:
            self.course.saw(self.look, now_s=self.now_s)
        return s

    def did(self) -> Step:
        """Take the next step as done; returns which it was."""
        if (step := self.step()) is Step.PROVE:
            running = self.look.running.hash
            probe = Probe(running, self.look.boot, is_safe=False, health=0)
            self.course.probed(probe, now_s=self.now_s)
            self.now_s += 1
        elif step is Step.UPLOAD:
            assert not self.course.sent(IMAGE.size_bytes, now_s=self.now_s)
            self.course.did(step, now_s=self.now_s)
        else:
            self.course.did(step, now_s=self.now_s)
        return step

    def silent(self, *, for_s: float) -> None:
        """Let the board be silent for so long; ends earlier if something else is wanted."""
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            step = self.course.next_step(now_s=self.now_s, may_act=self.may_act)
            if step is Step.END:
                return
            if step is Step.PAUSE:
                self.course.did(step, now_s=self.now_s)
            else:
                self.course.broke(step, "no reply in 0.5 s", now_s=self.now_s)
            self.now_s += 1

    def to_trial(self) -> None:
        """Upload, put on trial and restart, with the new image."""
        assert self.did() is Step.UPLOAD
        self.becomes(other=NEW)
        assert self.did() is Step.MARK
        self.becomes(other=PENDING)
        assert self.did() is Step.RESET
        self.becomes(boot=2, running=NEW, other=OLD)

    def to_confirm(self) -> None:
        self.to_trial()
        while self.step() is Step.PROVE:
            self.did()

    @property
    def result(self) -> UpdateResult:
        assert self.step() is Step.END
        assert self.course.result is not None
        return self.course.result

    @property
    def end(self) -> tuple[UpdateOutcome, UpdateReason | None, str]:
        result = self.result
        return result.outcome, result.reason, result.running


def test_an_update_goes_from_upload_to_confirmation() -> None:
    journey = Journey()

    journey.to_confirm()
    assert journey.did() is Step.CONFIRM
    journey.becomes(running=CONFIRMED)

    assert journey.end == (UpdateOutcome.CONFIRMED, None, "2.0.0")
    assert journey.now_s >= RULES.prove_s


def test_an_image_that_runs_confirmed_is_not_uploaded() -> None:
    journey = Journey()
    journey.becomes(running=CONFIRMED)

    assert journey.end == (UpdateOutcome.CONFIRMED, None, "2.0.0")
    assert journey.result.uploaded_bytes == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hw": 99}, UpdateReason.OTHER_BOARD),
        ({"running": Slot(b"o" * 32, "3.0.0", is_confirmed=True)}, UpdateReason.DOWNGRADE),
        ({"counter": 5}, UpdateReason.DOWNGRADE),
        ({"slot_size_bytes": 100}, UpdateReason.TOO_LARGE),
    ],
)
def test_what_does_not_fit_is_refused_before_a_byte(
    changes: dict[str, object], reason: UpdateReason
) -> None:
    journey = Journey()
    journey.becomes(**changes)

    assert journey.end[:2] == (UpdateOutcome.REFUSED, reason)


def test_a_board_that_goes_back_before_it_can_be_proven_is_not_sent_anything() -> None:
    journey = Journey()
    journey.becomes(trial_s=10.0)

    assert journey.end == (UpdateOutcome.REFUSED, UpdateReason.REJECTED, "1.0.0")
    assert "raise its trial_s, or lower prove_s" in journey.result.detail


def test_what_stands_in_the_slot_already_is_counted_by_the_board_before_it_is_tried() -> None:
    journey = Journey()
    journey.becomes(other=NEW)

    assert journey.did() is Step.UPLOAD
    assert journey.step() is Step.MARK


def test_another_image_that_waits_for_its_trial_is_erased_first() -> None:
    journey = Journey()
    journey.becomes(other=Slot(b"x" * 32, "1.5.0", is_pending=True))

    assert journey.did() is Step.ERASE


def test_a_board_that_does_not_keep_the_image_is_given_it_once_more() -> None:
    journey = Journey()

    steps = [journey.did() for _ in range(3)]

    assert steps == [Step.UPLOAD, Step.ERASE, Step.UPLOAD]
    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.REJECTED, "1.0.0")


def test_an_image_with_another_hash_is_not_put_on_trial() -> None:
    journey = Journey()
    journey.did()
    journey.becomes(other=Slot(b"x" * 32, "2.0.0"))

    assert journey.step() is Step.ERASE


def test_a_trial_that_nobody_follows_goes_back_before_anything_is_sent() -> None:
    journey = Journey()
    journey.becomes(running=Slot(b"x" * 32, "1.5.0"), other=OLD)

    assert journey.did() is Step.RESET
    journey.becomes(boot=2, running=OLD, other=Slot(b"x" * 32, "1.5.0"))
    assert journey.step() is Step.UPLOAD


def test_a_trial_that_does_not_go_back_is_not_written_over() -> None:
    journey = Journey()
    for boot in range(1, 4):
        journey.becomes(boot=boot, running=Slot(b"x" * 32, "1.5.0"), other=None)
        assert journey.did() is Step.RESET
    journey.becomes(boot=4)

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.REJECTED, "1.5.0")


@pytest.mark.parametrize("step", [Step.UPLOAD, Step.MARK, Step.RESET])
def test_nothing_is_begun_while_it_must_not_be(step: Step) -> None:
    journey = Journey()
    while journey.step() is not step:
        did = journey.did()
        journey.becomes(other=NEW if did is Step.UPLOAD else PENDING)
    journey.may_act = False

    assert journey.did() is Step.PAUSE
    assert journey.did() is Step.PAUSE
    journey.may_act = True
    assert journey.step() is step


def test_a_board_is_not_restarted_out_of_its_trial_during_a_fire() -> None:
    journey = Journey()
    journey.to_trial()
    journey.step()
    journey.may_act = False
    journey.now_s += 30
    journey.course.probed(Probe(NEW.hash, 2, is_safe=False, health=8), now_s=journey.now_s)

    assert [journey.did() for _ in range(3)] == [Step.PAUSE] * 3
    journey.may_act = True
    assert journey.step() is Step.RESET


def test_a_fire_that_only_the_board_knows_of_is_waited_for() -> None:
    journey = Journey()

    journey.course.refused(journey.step(), FIRE, "its fire input is active", now_s=1.0)

    assert journey.course.progress.stage is UpdateStage.WAITS
    assert journey.step() is Step.UPLOAD


def test_what_could_not_begin_in_time_is_refused() -> None:
    journey = Journey(rules=dataclasses.replace(RULES, begin_s_max=60.0))
    journey.may_act = False
    while journey.now_s < 61:
        assert journey.did() is Step.PAUSE
        journey.now_s += 10

    assert journey.end == (UpdateOutcome.REFUSED, UpdateReason.NOT_NOW, "1.0.0")


def test_an_upload_that_waits_for_too_long_is_given_up() -> None:
    journey = Journey()
    assert journey.step() is Step.UPLOAD
    journey.course.sent(100, now_s=0.0)
    journey.may_act = False
    while journey.now_s < RULES.update_s_max + 1:
        journey.did()
        journey.now_s += 50

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_NOW, "1.0.0")


def test_a_trial_that_cannot_begin_in_time_is_taken_back_when_it_may_be() -> None:
    journey = Journey()
    journey.did()
    journey.becomes(other=NEW)
    journey.did()
    journey.becomes(other=PENDING)
    journey.may_act = False
    while journey.now_s < RULES.update_s_max + 50:
        assert journey.did() is Step.PAUSE
        journey.now_s += 50
    journey.may_act = True

    assert journey.did() is Step.ERASE
    journey.becomes(other=None)
    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_NOW, "1.0.0")


def test_an_update_can_be_cancelled_until_its_trial() -> None:
    journey = Journey()
    journey.did()

    assert journey.course.cancel()

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.CANCELLED, "1.0.0")


def test_an_update_cannot_be_cancelled_on_trial() -> None:
    journey = Journey()
    journey.to_trial()

    assert not journey.course.cancel()

    assert journey.step() is Step.PROVE


def test_an_upload_goes_on_after_the_link_was_broken() -> None:
    journey = Journey()
    assert journey.step() is Step.UPLOAD
    journey.course.sent(100, now_s=0.0)
    journey.silent(for_s=60)

    assert journey.step() is Step.UPLOAD


def test_a_board_that_stays_silent_is_given_up() -> None:
    journey = Journey()
    journey.silent(for_s=500)

    assert journey.end == (UpdateOutcome.REFUSED, UpdateReason.UNREACHABLE, "")
    assert journey.now_s < 130


def test_an_upload_that_gets_nowhere_is_given_up() -> None:
    journey = Journey()
    while journey.step() is Step.UPLOAD:
        journey.course.broke(Step.UPLOAD, "noise", now_s=journey.now_s)
        journey.now_s += 10

    assert journey.end == (UpdateOutcome.REFUSED, UpdateReason.UNREACHABLE, "1.0.0")


def test_an_upload_that_is_lost_again_and_again_is_given_up() -> None:
    journey = Journey()
    journey.step()

    flaws = [
        journey.course.sent(offset, now_s=0.0) for _ in range(5) for offset in (IMAGE.size_bytes, 0)
    ]

    assert flaws[0] == ""
    assert flaws[-1]


@pytest.mark.parametrize("offset", [-1, IMAGE.size_bytes + 1])
def test_a_board_cannot_have_more_than_the_image(offset: int) -> None:
    journey = Journey()
    journey.step()

    assert journey.course.sent(offset, now_s=0.0)


def test_another_board_in_its_place_ends_it() -> None:
    journey = Journey()
    journey.did()
    journey.becomes(serial_number="SN2")

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.OTHER_BOARD, "")


@pytest.mark.parametrize(
    ("rc", "reason"),
    [
        (23, UpdateReason.NOT_AN_IMAGE),
        (27, UpdateReason.DOWNGRADE),
        (30, UpdateReason.TOO_LARGE),
        (9, UpdateReason.REJECTED),
    ],
)
def test_what_the_board_itself_refuses_is_told_as_it_is(rc: int, reason: UpdateReason) -> None:
    journey = Journey()

    journey.course.refused(journey.step(), (1, rc), "the board refuses", now_s=0.0)

    assert journey.end[:2] == (UpdateOutcome.REFUSED, reason)
    assert journey.result.detail.startswith("the board refuses: ")


def test_a_board_that_did_not_hear_the_restart_is_told_again() -> None:
    journey = Journey()
    journey.did()
    journey.becomes(other=NEW)
    journey.did()
    journey.becomes(other=PENDING)
    assert journey.did() is Step.RESET

    assert journey.did() is Step.PAUSE
    journey.now_s += 6
    assert journey.step() is Step.RESET


def test_a_board_that_never_restarts_keeps_no_image_for_a_trial() -> None:
    journey = Journey()
    journey.becomes(other=PENDING)
    for _ in range(3):
        assert journey.did() is Step.RESET
        journey.now_s += 6

    assert journey.did() is Step.ERASE
    journey.becomes(other=None)
    assert journey.result.outcome in (UpdateOutcome.FAILED, UpdateOutcome.WENT_BACK)
    assert journey.result.reason is UpdateReason.NOT_BACK


def test_an_image_that_the_bootloader_refuses_went_back() -> None:
    journey = Journey()
    journey.to_trial()
    journey.becomes(boot=2, running=OLD, other=NEW)

    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.OTHER_IMAGE_RUNS, "1.0.0")


def test_a_board_that_is_unwell_is_sent_back() -> None:
    journey = Journey()
    journey.to_trial()
    journey.step()
    journey.now_s += 30
    journey.course.probed(Probe(NEW.hash, 2, is_safe=False, health=8), now_s=journey.now_s)

    assert journey.did() is Step.RESET
    journey.becomes(boot=3, running=OLD, other=NEW)
    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY, "1.0.0")
    assert "self-test" in journey.result.detail


def test_a_board_that_falls_silent_on_trial_is_unwell() -> None:
    journey = Journey()
    journey.to_trial()
    journey.did()

    journey.silent(for_s=20)

    assert journey.course.phase is Phase.GOES_BACK
    journey.becomes(boot=3, running=OLD, other=NEW)
    assert journey.end[:2] == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY)


def test_a_board_that_says_the_same_start_is_sent_back() -> None:
    journey = Journey()
    journey.to_trial()
    journey.becomes(boot=1)
    journey.now_s += 6

    assert journey.did() is Step.RESET
    assert journey.course.phase is Phase.GOES_BACK


def test_a_board_that_restarted_on_trial_went_back_by_itself() -> None:
    journey = Journey()
    journey.to_trial()
    journey.did()
    journey.course.broke(Step.PROVE, "no reply", now_s=journey.now_s)
    journey.becomes(boot=3, running=OLD, other=NEW)

    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY, "1.0.0")


def test_a_board_that_does_not_come_back_is_looked_for_until_its_own_trial_is_over() -> None:
    journey = Journey()
    journey.to_trial()
    journey.silent(for_s=1000)

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_BACK, "")
    assert journey.now_s > RULES.back_s_max + RULES.trial_s


def test_a_board_whose_trial_is_over_by_itself_went_back() -> None:
    journey = Journey()
    journey.to_trial()
    journey.silent(for_s=200)
    journey.becomes(boot=3, running=OLD, other=NEW)

    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_BACK, "1.0.0")


def test_a_board_that_comes_back_too_late_is_sent_back() -> None:
    journey = Journey()
    journey.to_trial()
    journey.silent(for_s=200)

    assert journey.step() is Step.RESET


def test_a_new_image_that_cannot_be_read_is_restarted_nevertheless() -> None:
    journey = Journey()
    journey.to_trial()
    journey.silent(for_s=100)
    assert journey.course.next_step(now_s=journey.now_s, may_act=True) is Step.LOOK

    journey.course.broke(Step.LOOK, "noise", now_s=journey.now_s, is_alive=True)

    assert journey.course.next_step(now_s=journey.now_s, may_act=True) is Step.RESET


def test_a_new_image_that_cannot_be_read_is_not_restarted_for_ever() -> None:
    journey = Journey()
    journey.to_trial()
    journey.silent(for_s=100)
    while (step := journey.course.next_step(now_s=journey.now_s, may_act=True)) is not Step.END:
        journey.now_s += 6
        journey.course.broke(step, "noise", now_s=journey.now_s, is_alive=True)

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_BACK, "")


@pytest.mark.parametrize("refusal", [(877, 5), (877, 7), (0, 11)])
def test_a_refusal_in_passing_ends_nothing(refusal: tuple[int, int]) -> None:
    journey = Journey()

    journey.course.refused(journey.step(), refusal, "it has restarted meanwhile", now_s=0.0)

    assert journey.step() is Step.UPLOAD


def test_a_new_image_that_refuses_to_say_who_it_is_is_restarted() -> None:
    journey = Journey()
    journey.to_trial()
    journey.course.next_step(now_s=journey.now_s, may_act=True)

    journey.course.refused(Step.LOOK, (0, 8), "it does not know this", now_s=journey.now_s)

    assert journey.step() is Step.RESET


def test_nothing_is_confirmed_before_it_is_proven() -> None:
    journey = Journey()
    journey.to_trial()

    steps = {journey.did() for _ in range(9)}

    assert steps == {Step.PROVE}


def test_an_image_that_confirms_itself_is_proven_nevertheless() -> None:
    journey = Journey()
    journey.to_trial()
    journey.becomes(running=CONFIRMED)

    assert journey.did() is Step.PROVE


def test_an_image_that_confirmed_itself_and_is_unwell_is_told_of() -> None:
    journey = Journey()
    journey.to_trial()
    journey.becomes(running=CONFIRMED)
    journey.step()
    journey.now_s += 30
    journey.course.probed(Probe(NEW.hash, 2, is_safe=False, health=1), now_s=journey.now_s)

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_HEALTHY, "2.0.0")


def test_a_confirmation_whose_answer_was_lost_is_read_back() -> None:
    journey = Journey()
    journey.to_confirm()
    journey.course.broke(Step.CONFIRM, "no reply", now_s=journey.now_s)
    journey.becomes(running=CONFIRMED)

    assert journey.end[0] is UpdateOutcome.CONFIRMED


def test_a_restart_between_proof_and_confirmation_confirms_nothing() -> None:
    journey = Journey()
    journey.to_confirm()
    journey.course.broke(Step.CONFIRM, "no reply", now_s=journey.now_s)
    journey.becomes(boot=3, running=OLD, other=NEW)

    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.NOT_HEALTHY, "1.0.0")


def test_another_start_of_the_new_image_is_not_the_one_that_was_proven() -> None:
    journey = Journey()
    journey.to_confirm()
    journey.course.broke(Step.CONFIRM, "no reply", now_s=journey.now_s)
    journey.becomes(boot=3)

    assert journey.step() is Step.RESET


def test_a_board_that_does_not_keep_its_confirmation_is_sent_back() -> None:
    journey = Journey()
    journey.to_confirm()
    for _ in range(3):
        assert journey.did() is Step.CONFIRM

    assert journey.step() is Step.RESET


def test_a_confirmation_that_arrived_counts_even_after_a_long_silence() -> None:
    journey = Journey()
    journey.to_confirm()
    journey.silent(for_s=200)
    journey.becomes(boot=3, running=CONFIRMED)

    assert journey.end[0] is UpdateOutcome.CONFIRMED


def test_a_board_that_does_not_go_back_is_told_of() -> None:
    journey = Journey()
    journey.to_trial()
    journey.becomes(boot=1)
    journey.now_s += 6
    for boot in (2, 3, 4):
        assert journey.did() is Step.RESET
        journey.becomes(boot=boot)

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_HEALTHY, "2.0.0")


# ---- what was interrupted


def test_an_update_that_was_interrupted_before_the_restart_goes_on_with_it() -> None:
    journey = Journey()
    journey.becomes(other=PENDING)

    assert journey.did() is Step.RESET


def test_an_update_that_was_interrupted_on_trial_is_proven_from_the_beginning() -> None:
    journey = Journey(interrupted=UpdateProgress(UpdateStage.PROVES, IMAGE.hash))
    journey.becomes(boot=2, running=NEW, other=OLD)
    while journey.step() is Step.PROVE:
        journey.did()

    assert journey.step() is Step.CONFIRM
    assert journey.now_s >= RULES.prove_s


def test_a_trial_that_was_over_while_nobody_followed_it_went_back() -> None:
    journey = Journey(interrupted=UpdateProgress(UpdateStage.PROVES, IMAGE.hash))
    journey.becomes(boot=3, running=OLD, other=NEW)

    assert journey.end == (UpdateOutcome.WENT_BACK, UpdateReason.OTHER_IMAGE_RUNS, "1.0.0")


def test_what_was_interrupted_while_it_was_confirmed_is_confirmed() -> None:
    journey = Journey(interrupted=UpdateProgress(UpdateStage.PROVES, IMAGE.hash))
    journey.becomes(boot=3, running=CONFIRMED, other=OLD)

    assert journey.end[0] is UpdateOutcome.CONFIRMED


# ---- rollbacks


def test_a_rollback_is_a_trial_of_the_other_image() -> None:
    journey = Journey(image=False)
    journey.becomes(running=CONFIRMED, other=OLD)

    assert journey.did() is Step.MARK
    journey.becomes(other=dataclasses.replace(OLD, is_pending=True))
    assert journey.did() is Step.RESET
    journey.becomes(boot=2, running=dataclasses.replace(OLD, is_confirmed=False), other=CONFIRMED)
    assert journey.step() is Step.PROVE


def test_a_rollback_needs_another_image() -> None:
    assert Journey(image=False).end == (
        UpdateOutcome.REFUSED,
        UpdateReason.NO_OTHER_IMAGE,
        "1.0.0",
    )


def test_a_rollback_that_the_security_counter_forbids_is_refused() -> None:
    journey = Journey(image=False)
    journey.becomes(running=CONFIRMED, other=OLD)

    journey.course.refused(journey.step(), (1, 27), "the board refuses", now_s=0.0)

    assert journey.end == (UpdateOutcome.REFUSED, UpdateReason.DOWNGRADE, "2.0.0")


def test_a_rollback_of_a_trial_is_a_restart() -> None:
    journey = Journey(image=False)
    journey.becomes(running=NEW, other=OLD)

    assert journey.did() is Step.RESET
    journey.becomes(boot=2, running=OLD, other=NEW)
    assert journey.end == (UpdateOutcome.CONFIRMED, None, "1.0.0")


def test_a_rollback_that_was_interrupted_goes_on_to_the_same_image() -> None:
    journey = Journey(image=False, interrupted=UpdateProgress(UpdateStage.RESTARTS, OLD.hash))
    journey.becomes(boot=2, running=dataclasses.replace(OLD, is_confirmed=False), other=CONFIRMED)

    assert journey.step() is Step.PROVE


def test_the_image_of_a_rollback_is_never_erased() -> None:
    journey = Journey(image=False)
    journey.becomes(running=CONFIRMED, other=dataclasses.replace(OLD, is_pending=True))
    for _ in range(3):
        assert journey.did() is Step.RESET
        journey.now_s += 6

    assert journey.end == (UpdateOutcome.FAILED, UpdateReason.NOT_BACK, "2.0.0")
