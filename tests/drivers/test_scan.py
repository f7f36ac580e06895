"""The plan of a scan, and what its answers mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import modbus_rtu as rtu
from drivers.protocols import osdp
from drivers.protocols.rdm6300 import encode_tag
from drivers.scan import (
    Found,
    LineSetting,
    Tally,
    heard,
    judge,
    likely_modbus_drivers,
    parse_units,
    plan,
)
from drivers.scan_probes import KINDS, Probe, behind_answer

AT_9600, AT_19200 = LineSetting(9600, "N"), LineSetting(19200, "N")


def probe(protocol: str, address: int) -> Probe:
    """Return the question to one address."""
    (question,) = KINDS[protocol].probes([address])
    return question


def answer(protocol: str, address: int, reply: str) -> str | None:
    """Return whose answer a reply is taken for, with noise before it."""
    found = probe(protocol, address).recognise(b"\x00" + bytes.fromhex(reply))
    return None if found is None else found.address


def test_a_scan_asks_every_unit_at_usual_settings_unless_told_otherwise() -> None:
    whole = plan("modbus")

    assert whole.settings[0] == AT_9600
    assert [one.address for one in whole.probes][::246] == ["unit 1", "unit 247"]
    assert whole.step_count == 21 * 247


def test_a_scan_is_narrowed_by_what_is_known() -> None:
    narrow = plan("modbus", baudrates=[19200, 19200], parities=["e"], units="3-4,9")

    assert narrow.settings == (LineSetting(19200, "E"),)
    assert [one.address for one in narrow.probes] == ["unit 3", "unit 4", "unit 9"]


def test_an_answer_has_the_time_of_its_bytes_and_its_devices_patience() -> None:
    slow = plan("modbus", baudrates=[1200], units="1")

    assert slow.timeout_s(slow.probes[0], slow.settings[0]) == pytest.approx(0.1 + 15 * 11 / 1200)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "written as 1-32,40, not ''"),
        ("a", "written as"),
        ("1-", "written as"),
        ("1,,2", "written as"),
        ("0", r"addresses are 1\.\.247"),
        ("1-248", r"addresses are 1\.\.247"),
        ("9-3", "the lower first, not '9-3'"),
        ("²", "written as"),
    ],
)
def test_addresses_that_are_none_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_units(text, range(1, 248))


@given(st.text("0123456789-, ", max_size=20))
def test_any_text_is_addresses_or_refused(text: str) -> None:
    try:
        addresses = parse_units(text, range(1, 248))
    except ValueError:
        return

    assert addresses == sorted(set(addresses))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"baudrates": [100]}, r"a baud rate is 300\.\.921600, not 100"),
        ({"parities": ["Q"]}, "a parity is N, E or O, not 'Q'"),
        ({"baudrates": [9600], "is_serial": False}, "set on the device server"),
        ({"protocol": "morse"}, "no protocol 'morse' to scan for; there are: modbus"),
    ],
)
def test_what_cannot_be_tried_is_refused(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        plan(**{"protocol": "modbus", **settings})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("protocol", "address", "request_"),
    [
        ("modbus", 1, "01 03 00 00 00 01 84 0A"),
        ("dlt645", 1, "FE FE FE FE 68 AA AA AA AA AA AA 68 13 00 DF 16"),
        ("pelco_d", 1, "FF 01 00 51 00 00 52"),
        ("visca", 1, "81 09 06 12 FF"),
        ("kerong", 1, "80 01 01 33 B3"),
    ],
)
def test_the_questions_are_the_documents(protocol: str, address: int, request_: str) -> None:
    assert probe(protocol, address).request == bytes.fromhex(request_)


@pytest.mark.parametrize(
    ("protocol", "reply", "who"),
    [
        ("modbus", "01 03 02 00 07 F9 86", "unit 1"),
        ("modbus", "01 83 02 C0 F1", "unit 1"),
        ("modbus", "02 83 02 30 F1", None),
        ("dlt645", "FE 68 61 01 00 00 00 00 68 93 06 94 34 33 33 33 33 5F 16", "000000000161"),
        ("dlt645", "FE 68 61 01 00 00 00 00 68 93 06 94 34 33 33 33 33 60 16", None),
        ("pelco_d", "FF 01 00 59 12 34 A0", "head 1"),
        ("pelco_d", "FF 02 00 59 12 34 A1", None),
        ("visca", "90 50 00 00 01 02 00 00 03 04 FF", "camera 1"),
        ("visca", "90 60 02 FF", "camera 1"),
        ("visca", "A0 50 00 00 01 02 00 00 03 04 FF", None),
        ("kerong", "80 01 01 11 91", "board 1"),
        ("kerong", "80 01 01 33 B3", None),
    ],
)
def test_an_answer_is_known_by_its_frame(protocol: str, reply: str, who: str | None) -> None:
    assert answer(protocol, 1, reply) == who


def test_what_stands_behind_an_answer_is_told_from_it() -> None:
    answered = bytes.fromhex("01 03 02 00 07 F9 86")

    assert behind_answer(probe("modbus", 1), answered + answered[:3]) == answered[:3]
    assert behind_answer(probe("modbus", 1), answered) == b""


def test_an_osdp_reader_is_known_by_its_address() -> None:
    reply = osdp.encode_frame(5, osdp.Reply.PDID, bytes(12), sequence=0, is_reply=True).hex()

    assert answer("osdp", 5, reply) == "reader 5"
    assert answer("osdp", 6, reply) is None


@pytest.mark.parametrize("protocol", [name for name, kind in KINDS.items() if kind.probe])
@given(junk=st.binary(max_size=100))
def test_no_bytes_make_a_question_fail(protocol: str, junk: bytes) -> None:
    found = probe(protocol, 1).recognise(junk)

    assert found is None or found.address


def test_an_echo_is_no_answer_and_is_said() -> None:
    tally, scan = Tally(AT_9600), plan("modbus", units="1-3")
    for one in scan.probes:
        tally.add(scan, one, one.request)

    assert tally.found == []
    assert judge([tally])[0].startswith("the adapter hears itself")


def test_bytes_that_are_no_frame_beside_answers_may_be_two_devices() -> None:
    tally, scan = Tally(AT_9600), plan("modbus", units="1-2")
    tally.add(scan, scan.probes[0], bytes.fromhex("01 03 02 00 07 F9 86"))
    tally.add(scan, scan.probes[1], bytes.fromhex("02 03 FF"))

    assert judge([tally]) == [
        "unit 2 at 9600 8N1 answers with no frame (02 03 FF): two devices at one address, or noise"
    ]


def test_bytes_without_any_answer_point_at_the_wiring() -> None:
    tally = Tally(AT_9600, garbled={"unit 1": b"\xff"})

    assert judge([tally, Tally(AT_19200)]) == [
        "bytes came at 9600 8N1, but no frame: another protocol or baud rate, or A and B are"
        " swapped"
    ]


def test_silence_is_said_with_what_to_look_at() -> None:
    assert judge([Tally(AT_9600, silent_count=247)])[0].startswith("nobody answers: is the device")


def test_devices_at_two_settings_are_said() -> None:
    tallies = [
        Tally(setting, found=[Found("modbus", "unit 1", setting, "")])
        for setting in (AT_9600, AT_19200)
    ]

    assert judge(tallies) == [
        "devices are set differently (9600 8N1, 19200 8N1): one line needs one setting"
    ]


def test_a_talker_is_known_by_its_frames() -> None:
    tally = heard(AT_9600, [(0.0, encode_tag("010063E9AE")), (0.1, encode_tag("010063E9AE"))])

    assert [(one.protocol, one.likely) for one in tally.found] == [("rdm6300", ("rdm6300",))]
    assert tally.found[0].text == "2 frames, as: tag"


def test_another_master_on_the_line_is_heard() -> None:
    request = rtu.encode_read_coils(4, address=0, count=1)

    tally = heard(AT_9600, [(0.0, request.frame)])

    assert tally.found[0].text == "1 frames, as: unit 4: read coils 0"


def test_noise_is_nobody() -> None:
    tally = heard(AT_9600, [(0.0, bytes(range(128, 200)))])

    assert tally.found == []
    assert list(tally.garbled) == ["what talks"]


def test_silence_is_nobody_either() -> None:
    assert heard(AT_9600, []).silent_count == 1


def test_a_relay_board_is_known_by_what_it_answers() -> None:
    pattern = ("reads", "reads", "refuses 1", "refuses 1")

    assert "waveshare_relay" in likely_modbus_drivers(pattern)
    assert "speed_gate" not in likely_modbus_drivers(pattern)
