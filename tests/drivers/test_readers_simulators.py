"""The simulated readers that talk by themselves; their frames are quoted from the documents."""

import pytest

from drivers.simulators import ibutton_ascii, qr_scanner, rdm6300

TAG = bytes.fromhex("02 30 31 30 30 36 33 45 39 41 45 32 35 03")


def test_a_tag_is_repeated_every_65_ms_until_it_is_removed() -> None:
    reader = rdm6300.Simulator(rdm6300.Simulator.Settings())
    reader.act("present", {"card": "010063E9AE"})

    held = [frame for _ in range(100) for frame in reader.step(0.013)]
    reader.act("remove", {})

    assert held == [TAG] * 20
    assert reader.step(1.0) == []


def test_a_swiped_tag_is_said_five_times_and_is_gone() -> None:
    reader = rdm6300.Simulator(rdm6300.Simulator.Settings())
    reader.act("swipe", {})

    assert reader.step(10.0) == [TAG] * 5
    assert reader.step(10.0) == []
    assert reader.state() == {"card": None}


def test_the_variant_puts_cr_lf_before_the_etx() -> None:
    reader = rdm6300.Simulator(rdm6300.Simulator.Settings(has_line_end=True))
    reader.act("swipe", {})

    assert reader.step(0.0) == [TAG[:-1] + b"\r\n\x03"]


@pytest.mark.parametrize("card", ["", "123", "010063e9ae"])
def test_a_tag_that_is_none_is_refused(card: str) -> None:
    reader = rdm6300.Simulator(rdm6300.Simulator.Settings())

    with pytest.raises(ValueError, match="ten hexadecimal digits"):
        reader.act("present", {"card": card})
    assert reader.step(1.0) == []


def test_a_key_is_said_once_while_it_touches() -> None:
    reader = ibutton_ascii.Simulator(ibutton_ascii.Simulator.Settings())
    reader.act("present", {"serial": "0000030D45EB"})

    assert reader.step(0.1) == [b"\x02AE0000030D45EB01\x03"]
    assert reader.step(0.1) == []
    assert reader.state()["key"] == "AE0000030D45EB01"


def test_a_key_of_another_family_is_said_too() -> None:
    reader = ibutton_ascii.Simulator(ibutton_ascii.Simulator.Settings(order="family_serial"))
    reader.act("present_other", {"family": 2})
    reader.act("remove", {})

    assert reader.step(0.1) == [b"\x02020000030D45EB\x03"]
    assert reader.state()["key"] is None


@pytest.mark.parametrize(("family", "serial"), [(1, "12"), (1, "0000030D45EX"), (256, "0" * 12)])
def test_a_key_that_is_none_is_refused(family: int, serial: str) -> None:
    reader = ibutton_ascii.Simulator(ibutton_ascii.Simulator.Settings())

    with pytest.raises(ValueError, match="12 hexadecimal digits"):
        reader.act("present_other", {"family": family, "serial": serial})


def test_a_code_is_sent_as_it_is_with_its_terminator() -> None:
    scanner = qr_scanner.Simulator(qr_scanner.Simulator.Settings(terminator="cr"))
    scanner.act("swipe", {"text": "V-17"})
    scanner.act("swipe_bytes", {"raw": "00 0D FF"})

    assert scanner.step(0.1) == [b"V-17\r", b"\x00\r\xff\r"]
    assert scanner.step(0.1) == []


def test_a_code_that_is_held_is_read_again_and_again() -> None:
    scanner = qr_scanner.Simulator(qr_scanner.Simulator.Settings())
    scanner.act("present", {"text": "V-17"})

    frames = [frame for _ in range(20) for frame in scanner.step(0.1)]
    scanner.act("remove", {})

    assert frames == [b"V-17\r\n"] * 4
    assert scanner.step(1.0) == []


def test_half_a_code_has_no_end() -> None:
    scanner = qr_scanner.Simulator(qr_scanner.Simulator.Settings())
    scanner.act("half_line", {})

    assert scanner.step(0.1) == [b"V-2026"]


def test_a_code_that_is_too_large_is_none() -> None:
    scanner = qr_scanner.Simulator(qr_scanner.Simulator.Settings())

    with pytest.raises(ValueError, match="at most 2953 bytes"):
        scanner.act("swipe", {"text": "A" * 2954})
