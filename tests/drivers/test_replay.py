"""Recordings as tests: what a driver asks and reports, against what it did when it was recorded."""

import dataclasses
from pathlib import Path

import pytest

from drivers.protocols import modbus_rtu as rtu
from drivers.protocols.jsonl_recording import Bytes, End, Entry, Failed, Header, Observed
from drivers.protocols.rdm6300 import encode_tag
from drivers.recording import Recording, load
from drivers.replay import assert_replays, replay

DATA = Path(__file__).parent / "data"
OUTPUTS = rtu.encode_read_coils(1, address=0, count=8)
INPUTS = rtu.encode_read_discrete_inputs(1, address=0, count=8)
FIRST = tuple(
    Observed(0.1, "InputChanged", {"channel": channel, "active": channel == 0})
    for channel in range(8)
)


def exchange(t: float, request: rtu.Request, data: str) -> tuple[Entry, ...]:
    """Return a request and its reply."""
    reply = rtu.encode_reply(request, bytes.fromhex(data))
    return Bytes(t, True, request.frame), Bytes(t + 0.01, False, reply)


def recording(*entries: Entry, driver: str = "waveshare_relay") -> Recording:
    return Recording(Path("a.jsonl"), Header(driver=driver), entries)


WHOLE = (*exchange(0.0, OUTPUTS, "00"), *exchange(0.05, INPUTS, "01"), *FIRST, End(0.1))


@pytest.mark.parametrize("name", ["rdm6300", "speed_gate"])
def test_a_recording_that_is_kept_still_replays(name: str) -> None:
    assert_replays(DATA / f"{name}.jsonl")


def test_a_capture_that_names_no_driver_replays_with_one() -> None:
    outcome = replay(load(DATA / "waveshare_relay.pcap"), driver="waveshare_relay")

    assert outcome.differences == ()
    assert outcome.exchange_count > 5
    assert 'InputChanged {"active": true, "channel": 0}' in outcome.reported


def test_a_recording_replays_with_the_same_requests_and_observations() -> None:
    outcome = replay(recording(*WHOLE))

    assert outcome.differences == ()
    assert (outcome.exchange_count, len(outcome.reported)) == (2, 8)


def test_another_value_on_the_line_is_a_difference() -> None:
    changed = (*WHOLE[:2], *exchange(0.05, INPUTS, "03"), *WHOLE[4:])

    assert replay(recording(*changed)).differences == (
        'not reported any more: InputChanged {"active": false, "channel": 1}',
        'reported now: InputChanged {"active": true, "channel": 1}',
    )


def test_a_request_that_was_not_made_then_is_a_difference() -> None:
    outcome = replay(recording(*WHOLE), settings={"unit_id": 2})

    assert outcome.differences[0].startswith("0.000 s: asked 02 01 00 00 00 08")


def test_a_request_that_is_not_made_now_is_a_difference() -> None:
    other = rtu.encode_read_coils(1, address=4, count=1)
    entries = (*WHOLE[:2], *exchange(0.03, other, "00"), *WHOLE[2:])

    assert replay(recording(*entries)).differences == (
        "0.030 s: not asked any more: " + other.frame.hex(" ").upper(),
    )


def test_a_silence_that_was_recorded_is_a_time_out_again() -> None:
    entries = (
        *exchange(0.0, OUTPUTS, "00"),
        Bytes(0.05, True, INPUTS.frame),
        Bytes(0.31, True, INPUTS.frame),
        Failed(0.56, "DeviceUnreachableError"),
        End(0.6),
    )

    assert replay(recording(*entries)).differences == ()


def test_a_lost_line_is_lost_again_at_the_same_time() -> None:
    entries = (
        *exchange(0.0, OUTPUTS, "00"),
        Bytes(0.05, True, INPUTS.frame),
        *(Failed(0.06 + index / 9, "DeviceUnreachableError") for index in range(9)),
        *exchange(1.1, OUTPUTS, "00"),
        *exchange(1.15, INPUTS, "01"),
        *(dataclasses.replace(one, t=1.2) for one in FIRST),
        End(1.2),
    )

    assert replay(recording(*entries)).differences == ()


def test_a_reader_whose_line_was_lost_fails_where_it_failed() -> None:
    tag = encode_tag("010063E9AE")
    read = {"kind": "em4100", "number": "010063E9AE", "bit_length": None, "reader": 0}
    entries = (
        Bytes(0.5, False, tag),
        Observed(0.6, "CredentialRead", read),
        Failed(0.9, "DeviceUnreachableError"),
        Failed(1.0, "DeviceUnreachableError"),
        Bytes(5.0, False, tag),
        Observed(5.1, "CredentialRead", read),
        End(5.2),
    )

    assert replay(recording(*entries, driver="rdm6300")).differences == ()


def test_a_cut_recording_ends_without_a_difference() -> None:
    assert replay(recording(*WHOLE[:3])).differences == ()


def test_time_is_the_recordings_own() -> None:
    slow = load(DATA / "rdm6300.jsonl")
    slow = dataclasses.replace(slow, entries=(*slow.entries[:-1], End(3600.0)))

    assert replay(slow).differences == ()


def test_the_differences_fail_a_test(tmp_path: Path) -> None:
    text = (DATA / "speed_gate.jsonl").read_text("utf-8").replace('"closed"', '"open"')
    path = tmp_path / "changed.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(AssertionError, match=r"changed\.jsonl does not replay:\nnot reported"):
        assert_replays(path)


def test_a_recording_without_a_driver_asks_for_one() -> None:
    with pytest.raises(ValueError, match="names no driver"):
        replay(recording(driver=""))


def test_an_osdp_recording_is_not_replayed_to_a_driver(shared: Path) -> None:
    path = shared / "captures" / "osdp" / "1-poll-cycle.osdpcap"

    with pytest.raises(ValueError, match="drawn anew each time"):
        replay(load(path), driver="osdp_reader")


def test_a_setting_that_was_taken_out_is_asked_for() -> None:
    header = Header(driver="waveshare_relay", settings={"key": "redacted"})

    with pytest.raises(ValueError, match="key was taken out of the recording"):
        replay(Recording(Path("a.jsonl"), header, ()))
