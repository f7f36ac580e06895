import pytest

from firmware_bridge.update_proof import Probe, Proof, Verdict

TARGET = b"n" * 32
WELL = Probe(TARGET, 7, is_safe=False, health=0)
UNWELL = Probe(TARGET, 7, is_safe=False, health=1 << 3)


@pytest.fixture
def proof() -> Proof:
    return Proof(target=TARGET, boot=7, prove_s=10.0, settle_s=15.0, now_s=100.0)


def test_a_board_that_is_well_for_the_whole_time_is_proven(proof: Proof) -> None:
    verdicts = [proof.saw(WELL, now_s=now_s) for now_s in (100.0, 105.0, 109.9, 110.0)]

    assert verdicts == [Verdict.OPEN, Verdict.OPEN, Verdict.OPEN, Verdict.WELL]


def test_the_time_begins_anew_after_it_was_unwell(proof: Proof) -> None:
    proof.saw(WELL, now_s=100.0)
    proof.saw(UNWELL, now_s=109.0)

    assert proof.saw(WELL, now_s=111.0) is Verdict.OPEN
    assert proof.saw(WELL, now_s=120.9) is Verdict.OPEN
    assert proof.saw(WELL, now_s=121.0) is Verdict.WELL


def test_the_time_begins_anew_after_it_did_not_answer(proof: Proof) -> None:
    proof.saw(WELL, now_s=100.0)
    proof.failed("it did not answer", now_s=109.0)
    proof.saw(WELL, now_s=110.0)

    assert proof.saw(WELL, now_s=119.0) is Verdict.OPEN


def test_a_board_that_cannot_be_proven_in_time_any_more_is_unwell(proof: Proof) -> None:
    verdicts = [proof.saw(UNWELL, now_s=now_s) for now_s in (100.0, 115.0, 115.1)]

    assert verdicts == [Verdict.OPEN, Verdict.OPEN, Verdict.UNWELL]
    assert proof.flaw == "it says that something is wrong: self-test"


def test_a_board_in_its_safe_state_under_heartbeats_is_unwell(proof: Proof) -> None:
    assert proof.saw(Probe(TARGET, 7, is_safe=True, health=0), now_s=120.0) is Verdict.UNWELL


@pytest.mark.parametrize("probe", [Probe(TARGET, 8, False, 0), Probe(b"o" * 32, 7, False, 0)])
def test_a_board_that_restarted_is_unwell_at_once(proof: Proof, probe: Probe) -> None:
    assert proof.saw(probe, now_s=100.0) is Verdict.UNWELL


def test_bits_of_health_that_nobody_knows_are_told_as_they_are(proof: Proof) -> None:
    proof.saw(Probe(TARGET, 7, is_safe=False, health=0b100_0001), now_s=100.0)

    assert proof.flaw == "it says that something is wrong: supply, 0x40"
