"""Numbers of credentials and keys do not get into recordings, and the recordings still replay."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import CredentialKind
from drivers.protocols import ibutton, osdp, pn532
from drivers.protocols.rdm6300 import Decoder, encode_tag
from drivers.redaction import Pseudonyms, Redactor, redacted_settings, redactors
from tests.drivers.heard import frames_of

KEY = bytes(32)
UID = bytes.fromhex("04A1B2C3D4E5F6")
QR = {"terminator": "crlf", "alphabet": "code"}


def received(driver: str, settings: Mapping[str, object] | None = None) -> Redactor:
    return redactors(driver, "", settings or {}, Pseudonyms(KEY))[1]


def osdp_frame(code: int, data: bytes, *, is_reply: bool) -> bytes:
    return osdp.encode_frame(1, code, data, sequence=2, is_reply=is_reply)


def test_a_tag_gets_another_number_in_a_sound_frame() -> None:
    kept = received("rdm6300").redact(encode_tag("010063E9AE"), at_s=0)

    ((tag,), refusals) = frames_of(Decoder(), [kept])
    assert tag.number == Pseudonyms(KEY).number("em4100", "010063E9AE")
    assert tag.number != "010063E9AE"
    assert not refusals


def test_the_same_tag_is_the_same_in_one_recording_and_another_in_the_next() -> None:
    ours, others = Pseudonyms(), Pseudonyms()

    assert ours.text("010063E9AE") == ours.text("010063E9AE")
    assert ours.text("010063E9AE") != others.text("010063E9AE")


def test_digits_outside_a_frame_are_not_kept() -> None:
    damaged = encode_tag("010063E9AE")[:-1] + b"?"

    assert received("rdm6300").redact(damaged + b"\x02", at_s=0) == b"\x00"


def test_half_a_frame_is_held_back_until_it_is_whole() -> None:
    redactor, frame = received("rdm6300"), encode_tag("010063E9AE")

    assert redactor.redact(frame[:7], at_s=0) == b""
    assert len(redactor.redact(frame[7:], at_s=0.01)) == len(frame)


@given(st.text())
def test_a_code_keeps_its_length_and_what_is_neither_letter_nor_digit(text: str) -> None:
    other = Pseudonyms(KEY).text(text)

    assert len(other) == len(text)
    assert re.sub("[0-9a-zA-Z]", "", other.encode("ascii", "ignore").decode()) == re.sub(
        "[0-9a-zA-Z]", "", text.encode("ascii", "ignore").decode()
    )


def test_a_code_that_was_shown_is_replaced_with_its_line_end() -> None:
    kept = received("qr_scanner", QR).redact(b"STAFF-4711\r\n", at_s=0)

    assert re.fullmatch(rb"[A-Z]{5}-\d{4}\r\n", kept)
    assert kept != b"STAFF-4711\r\n"


def test_a_line_that_was_refused_stays_refused_and_says_nothing() -> None:
    assert received("qr_scanner", QR).redact(b"STAFF\x07-4711\r\n", at_s=0) == b"\x00\r\n"


def test_a_key_stays_a_sound_key_of_its_family() -> None:
    order = ibutton.Order.ENGRAVED
    key = ibutton.Key(1, bytes.fromhex("00000A1B2C3D"))
    redactor = received("ibutton_ascii", {"order": order, "family": 1})

    kept = redactor.redact(ibutton.encode_key(key, order), at_s=0)

    ((other,), _) = frames_of(ibutton.Decoder(order), [kept])
    assert other.number == Pseudonyms(KEY).number(CredentialKind.IBUTTON, key.number)
    assert other.serial != key.serial


def test_a_card_in_a_readers_answer_gets_another_uid_of_the_same_kind() -> None:
    target = pn532.Target(b"\x00\x44", 0x00, UID)
    data = pn532.encode_targets((target,))
    frame = pn532.encode_information(pn532.Information(pn532.TO_HOST, 0x4B, data))

    kept = received("pn532").redact(pn532.ACK + frame, at_s=0)

    decoder = pn532.ReplyDecoder(pn532.IN_LIST_PASSIVE_TARGET)
    decoder.receive_data(kept)
    answer = decoder.next_frame()
    assert isinstance(answer, tuple)
    assert (answer[0].uid[:1], len(answer[0].uid)) == (UID[:1], 7)
    assert answer[0].uid != UID


@pytest.mark.parametrize(
    ("code", "is_reply"),
    [(osdp.Reply.RAW, True), (osdp.Reply.KEYPAD, True), (osdp.Command.KEYSET, False)],
)
def test_osdp_frames_lose_what_is_secret_and_stay_sound(code: int, *, is_reply: bool) -> None:
    secret = bytes.fromhex("00 01 1A 00 DE AD BE EF")
    sent, answered = redactors("", "osdp", {}, Pseudonyms(KEY))
    redactor = answered if is_reply else sent

    kept = redactor.redact(osdp_frame(code, secret, is_reply=is_reply), at_s=0)

    ((frame,), _) = frames_of(osdp.Decoder(), [kept])
    assert (frame.code, len(frame.data)) == (code, 8)
    assert bytes.fromhex("DE AD BE EF") not in kept


def test_osdp_frames_without_secrets_are_kept_as_they_are() -> None:
    poll = osdp_frame(osdp.Command.POLL, b"", is_reply=False)

    assert redactors("", "osdp", {}, Pseudonyms(KEY))[0].redact(poll, at_s=0) == b"\xff" + poll


def test_a_line_that_nobody_knows_is_not_recorded_without_being_told_to() -> None:
    with pytest.raises(ValueError, match="name a --driver, or give --raw"):
        redactors("", "", {}, Pseudonyms(KEY))


def test_a_line_whose_devices_know_no_credentials_is_kept_as_it_is() -> None:
    sent, answered = redactors("", "modbus", {}, Pseudonyms(KEY))

    assert sent.redact(b"\x01\x02", at_s=0) == answered.redact(b"\x01\x02", at_s=0) == b"\x01\x02"


def test_an_observation_is_redacted_like_its_frame() -> None:
    pseudonyms = Pseudonyms(KEY)

    fields = pseudonyms.fields({"kind": "em4100", "number": "010063E9AE", "reader": 0})

    assert fields == {"kind": "em4100", "number": pseudonyms.text("010063E9AE"), "reader": 0}
    assert pseudonyms.fields({"digits": "12#"}) == {"digits": "000"}


def test_keys_are_no_settings_of_a_recording() -> None:
    kept = redacted_settings({"scbk": "00" * 16, "password": "x", "address": 1, "key_count": 2})

    assert kept == {"scbk": "redacted", "password": "redacted", "address": 1, "key_count": 2}
