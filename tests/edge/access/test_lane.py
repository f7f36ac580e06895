import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from config.contract.access import (
    STEP_UP_REASONS,
    CredentialKind,
    CropClass,
    DenialReason,
    Direction,
    DoorCommandOutcome,
    DoorState,
)
from config.contract.access_events import UnauthorisedPassage
from config.contract.events import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    DoorCommandAnswered,
    DoorStateChanged,
    Event,
    JournalUnwritable,
)
from config.site import Policy
from drivers.base import CommandRejectedError, DeviceUnreachableError, Side
from edge.access.question import Denied, Granted, Override
from edge.vision.liveness import LivenessFinding
from models.face.covers import Cover
from models.liveness.policy import Outcome
from models.liveness.types import Verdict
from tests.edge.access.bench import CARD, Bench, running_bench
from tests.edge.conftest import NOW, eventually

Script = Callable[[Bench], Awaitable[None]]


def play(folder: Path, script: Script, **settings: Any) -> None:  # noqa: ANN401 - of running_bench
    async def run() -> None:
        async with running_bench(folder, **settings) as bench:
            await script(bench)

    asyncio.run(run())


def test_a_known_face_opens_the_gate(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8, 0.3)
        granted, answered = await bench.facts()

        assert isinstance(granted, AccessGranted)
        assert isinstance(answered, DoorCommandAnswered)
        assert bench.gate.commands == [Side.IN]
        assert (granted.holder_id, granted.credential) == ("anna", CredentialKind.FACE)
        assert answered.decision_id == granted.decision_id
        assert bench.phase() == "welcome"

    play(tmp_path, script)


def test_the_evidence_is_recorded(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8, 0.3)
        granted = (await bench.facts())[0]

        assert isinstance(granted, AccessGranted)
        assert granted.face is not None
        assert granted.face.margin == pytest.approx(0.5)
        assert granted.face.frame_to_decision_ms == pytest.approx(50.0)
        assert granted.credential_to_decision_ms == granted.face.frame_to_decision_ms
        assert granted.face.liveness == "off"

    play(tmp_path, script)


def test_a_decision_is_durable_before_the_gate_is_told(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)

        assert bench.gate.unsent_when_told == [1]

    play(tmp_path, script)


def test_a_card_opens_as_a_face_does(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        decision = await bench.lane.present_card(CARD)

        assert decision == Granted("anna")
        assert bench.gate.commands == [Side.IN]
        state = bench.board.current("east")
        assert state is not None
        assert (state.phase, state.masked_name) == ("welcome", "A*")

    play(tmp_path, script)


@pytest.mark.parametrize(
    ("similarities", "reason"),
    [((0.3,), DenialReason.UNKNOWN_FACE), ((0.8, 0.795), DenialReason.DOUBTFUL_FACE)],
)
def test_a_refusal_says_why_and_opens_nothing(
    tmp_path: Path, similarities: tuple[float, ...], reason: DenialReason
) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(*similarities)
        (denied,) = await bench.facts()

        assert isinstance(denied, AccessDenied)
        assert denied.reason is reason
        assert bench.gate.commands == []
        assert bench.phase() == ("step_up" if reason in STEP_UP_REASONS else "refused")

    play(tmp_path, script)


@pytest.mark.parametrize(("wait_s", "is_settled"), [(5.0, True), (15.0, False)])
def test_a_card_settles_the_doubt_about_a_face(
    tmp_path: Path, wait_s: float, *, is_settled: bool
) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8, 0.795)
        bench.now_s += wait_s
        await bench.lane.present_card(CARD)
        denied, granted, *_ = await bench.facts()

        assert isinstance(denied, AccessDenied)
        assert isinstance(granted, AccessGranted)
        assert granted.confirms == (denied.decision_id if is_settled else None)

    play(tmp_path, script)


def test_what_was_considered_is_kept_with_the_decision(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8, 0.3)
        granted, *_ = await bench.facts()

        assert isinstance(granted, AccessGranted)
        assert granted.face is not None
        considered = [(c.holder_id, c.similarity) for c in granted.face.candidates]
        assert considered == [("anna", 0.8), ("berta", 0.3)]
        assert granted.face.liveness == "off"

    play(tmp_path, script)


@pytest.mark.parametrize(
    ("similarities", "needs_card", "reason", "phase"),
    [
        ([0.3], False, DenialReason.UNKNOWN_FACE, "refused"),
        ([0.8], True, DenialReason.WEAK_FACE, "step_up"),
    ],
)
def test_what_hides_a_face_is_recorded_and_said(
    tmp_path: Path, similarities: list[float], reason: DenialReason, phase: str, *, needs_card: bool
) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(*similarities, cover=Cover.MASK, needs_card=needs_card)
        (denied,) = await bench.facts()
        state = bench.board.current("east")

        assert isinstance(denied, AccessDenied)
        assert denied.face is not None
        assert (denied.reason, denied.face.cover) == (reason, "mask")
        assert state is not None
        assert (state.phase, state.cover) == (phase, Cover.MASK)

    play(tmp_path, script)


def test_an_attack_is_not_told_to_take_anything_off(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        finding = LivenessFinding(Outcome.REFUSE, Verdict.ATTACK, 0.0, "a picture", {}, 3)
        await bench.show_face(0.8, cover=Cover.MASK, liveness=finding)
        state = bench.board.current("east")

        assert state is not None
        assert (state.reason, state.cover) == (DenialReason.PRESENTATION_ATTACK, None)

    play(tmp_path, script)


def test_a_lane_says_when_the_gate_is_about_to_open(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        told = list[int]()
        bench.lane.when_granted(lambda: told.append(len(bench.gate.commands)))
        await bench.lane.present_card("unknown")
        await bench.lane.present_card(CARD)

        assert told == [0]

    play(tmp_path, script)


def test_the_picture_of_a_person_admitted_is_sent_and_named(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8)
        granted = (await bench.facts())[0]

        assert isinstance(granted, AccessGranted)
        assert granted.crop == hashlib.sha256(b"jpeg").hexdigest()
        assert bench.blobs == [(b"jpeg", CropClass.ADMITTED)]

    play(tmp_path, script)


KEEPING = Policy(keep_stranger_crops=True)


@pytest.mark.parametrize(
    ("policy", "similarities", "kinds"),
    [
        (Policy(), [0.3], []),
        (Policy(), [0.8, 0.795], []),
        (KEEPING, [0.3], [CropClass.REFUSED]),
        (KEEPING, [0.8, 0.795], [CropClass.DOUBTFUL]),
        (KEEPING.model_copy(update={"stranger_crop_lifetime_h": 0}), [0.3], []),
        (KEEPING.model_copy(update={"doubtful_crop_lifetime_h": 0}), [0.8, 0.795], []),
    ],
)
def test_a_picture_of_somebody_not_admitted_dies_unless_the_site_keeps_its_kind(
    tmp_path: Path, policy: Policy, similarities: list[float], kinds: list[CropClass]
) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(*similarities)
        (denied,) = await bench.facts()

        assert isinstance(denied, AccessDenied)
        assert (denied.crop is not None) is bool(kinds)
        assert bench.blobs == [(b"jpeg", kind) for kind in kinds]

    play(tmp_path, script, policy=policy)


def test_granted_and_passed_are_two_facts(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)
        assert not any(isinstance(fact, AccessTaken) for fact in await bench.facts())
        bench.lane.passages_counted(1)
        granted, _, taken = await bench.facts()

        assert isinstance(granted, AccessGranted)
        assert isinstance(taken, AccessTaken)
        assert taken.decision_id == granted.decision_id
        assert bench.phase() == "passed"

    play(tmp_path, script)


def test_somebody_granted_who_stays_has_not_passed(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)
        bench.now_s += 10.0
        await eventually(lambda: bench.phase() == "looking")
        fact = (await bench.facts())[-1]

        assert isinstance(fact, AccessNotTaken)

    play(tmp_path, script)


def test_an_unexpected_passage_is_recorded_without_a_decision(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        bench.lane.passages_counted(2)
        unauthorised, taken = await bench.facts()

        assert unauthorised == UnauthorisedPassage(access_point="east", count=2)
        assert isinstance(taken, AccessTaken)
        assert (taken.decision_id, taken.count) == (None, 2)

    play(tmp_path, script)


def test_the_same_person_may_pass_again_at_once(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        for _ in range(2):
            await bench.show_face(0.8)
            bench.lane.passages_counted(1)
        facts = await bench.facts()

        assert [type(fact) for fact in facts] == [
            AccessGranted,
            DoorCommandAnswered,
            AccessTaken,
        ] * 2

    play(tmp_path, script)


def test_a_gate_that_does_not_answer_is_a_fault_never_an_open_gate(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        bench.gate.errors = [DeviceUnreachableError("no reply in 0.25 s")]
        await bench.lane.present_card(CARD)
        answered = (await bench.facts())[-1]

        assert isinstance(answered, DoorCommandAnswered)
        assert answered.outcome is DoorCommandOutcome.UNREACHABLE
        assert bench.phase() == "fault"

    play(tmp_path, script)


def test_a_gate_that_refuses_is_a_fault(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        bench.gate.errors = [CommandRejectedError("motor fault", code=1)]
        await bench.lane.present_card(CARD)
        answered = (await bench.facts())[-1]

        assert isinstance(answered, DoorCommandAnswered)
        assert answered.outcome is DoorCommandOutcome.REFUSED
        assert bench.phase() == "fault"

    play(tmp_path, script)


def test_an_attempt_of_some_time_ago_opens_nothing(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.show_face(0.8, age_s=3.5)

        assert bench.gate.commands == []
        assert await bench.facts() == []

    play(tmp_path, script)


def test_when_many_come_at_once_the_newest_are_kept(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        answers = [asyncio.ensure_future(bench.lane.present_card(CARD)) for _ in range(9)]
        results = await asyncio.gather(*answers, return_exceptions=True)

        assert results[-1] == Granted("anna")
        assert sum(isinstance(result, TimeoutError) for result in results) == 5

    play(tmp_path, script)


@pytest.mark.parametrize("policy", ["grant", "deny"])
def test_with_a_journal_that_cannot_be_written_the_site_decides(
    tmp_path: Path, policy: Literal["grant", "deny"]
) -> None:
    folder = tmp_path / "later"

    async def script(bench: Bench) -> None:
        decision = await bench.lane.present_card(CARD)
        refused = Denied(DenialReason.JOURNAL_UNWRITABLE, "anna")
        assert decision == (Granted("anna") if policy == "grant" else refused)
        assert bench.gate.commands == ([Side.IN] if policy == "grant" else [])
        folder.mkdir()
        await eventually(lambda: bench.journal.status.is_writable)
        facts = await bench.facts()

        unwritable = next(fact for fact in facts if isinstance(fact, JournalUnwritable))
        assert unwritable.unrecorded_count == 1

    play(folder, script, policy=Policy(journal_unwritable=policy))


def test_a_disk_that_takes_seconds_lets_the_site_decide_and_what_was_not_recorded_is_counted(
    tmp_path: Path,
) -> None:
    is_slow, is_quick = threading.Event(), threading.Event()

    def hold_up(_events: Sequence[Event]) -> None:
        is_slow.set()
        is_quick.wait(60)

    async def script(bench: Bench) -> None:
        bench.journal.hear(hold_up)
        opened = DoorStateChanged(device="gate-east", state=DoorState.OPEN)
        bench.journal.note(opened, subject="east", now=NOW)
        await eventually(is_slow.is_set)
        decision = await bench.lane.present_card(CARD)
        is_quick.set()
        await eventually(lambda: bench.journal.status.unsent_count == 2)
        facts = await bench.facts()

        assert decision == Denied(DenialReason.JOURNAL_UNWRITABLE, "anna")
        assert bench.gate.commands == []
        assert [type(fact) for fact in facts] == [JournalUnwritable, DoorStateChanged]
        assert [f.unrecorded_count for f in facts if isinstance(f, JournalUnwritable)] == [1]

    play(tmp_path, script, policy=Policy(journal_unwritable="deny"))


def test_the_way_out_opens_for_a_stranger_and_without_a_journal(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        decision = await bench.lane.present_card("unknown")

        assert decision == Granted(None, override=Override.EGRESS)
        assert bench.gate.commands == [Side.OUT]
        assert not bench.journal.status.is_writable

    play(tmp_path / "absent", script, direction=Direction.OUT)


def test_free_egress_needs_no_command(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        bench.lane.passages_counted(1)
        await bench.lane.present_card(CARD)

        assert bench.gate.commands == []
        taken = (await bench.facts())[0]
        assert isinstance(taken, AccessTaken)
        assert (taken.decision_id, taken.direction) == (None, Direction.OUT)

    play(tmp_path, script, direction=Direction.OUT, free_egress=True)


def test_the_screen_says_what_people_must_know_before_they_try(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        screen, phases = bench.lane.screen, []
        for gate, camera in ((False, True), (True, True), (True, False)):
            screen.gate_is_able(is_able=gate)
            screen.camera_is_able(is_able=camera)
            phases.append(bench.phase())

        assert phases == ["fault", "looking", "unavailable"]

    play(tmp_path, script)


def test_no_card_number_and_no_name_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    async def script(bench: Bench) -> None:
        bench.gate.errors = [DeviceUnreachableError("no reply"), CommandRejectedError("fault")]
        for number in (CARD, CARD, "0001234567", CARD):
            await bench.lane.present_card(number)
        await bench.show_face(0.8, age_s=9.0)

    play(tmp_path, script)

    assert "east" in caplog.text
    for secret in (CARD, "0001234567", "A*", "anna"):
        assert secret not in caplog.text
