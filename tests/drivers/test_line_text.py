"""Every byte of a scanned code is hostile (as CVE-2023-3938: commands in a terminal's QR code)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols.line_text import Alphabet, LineDecoder, Terminator, encode_line
from tests.drivers.heard import cut, frames_of
from tests.fuzz.targets import line_text as fuzz_target

NOT_PRINTED = "a line has characters that do not print"
NOT_ALLOWED = "a line has characters that are not allowed"
NOT_UTF8 = "a line is not UTF-8"
TOO_LONG = "a line is too long"
NOT_ENDED = "a line was not ended"
CODES = st.text("abcXYZ019-._~", min_size=1, max_size=32)


def decoder_of(
    terminator: Terminator = Terminator.ANY, alphabet: Alphabet = Alphabet.CODE
) -> LineDecoder:
    return LineDecoder(terminator=terminator, alphabet=alphabet, length_max=32)


@given(CODES, st.sampled_from(Terminator), st.lists(st.integers(1, 9), min_size=1))
def test_a_line_is_the_same_in_pieces_of_any_size(
    text: str, terminator: Terminator, sizes: list[int]
) -> None:
    data = encode_line(text, terminator)

    assert frames_of(decoder_of(terminator), cut(data, sizes)) == ([text], [])


@pytest.mark.parametrize(
    ("terminator", "data"),
    [
        (Terminator.CR, b"V-17\r"),
        (Terminator.LF, b"V-17\n"),
        (Terminator.CRLF, b"V-17\r\n"),
        (Terminator.ANY, b"V-17\n\r"),
    ],
)
def test_every_terminator_ends_a_line(terminator: Terminator, data: bytes) -> None:
    assert frames_of(decoder_of(terminator), [data + data]) == (["V-17"] * 2, [])


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"V\x0017\r\n", NOT_PRINTED),
        (b"V\x1b[2J17\r\n", NOT_PRINTED),
        (b"V\r17\r\n", NOT_PRINTED),
        (b"V\x7f17\r\n", NOT_PRINTED),
        ("V\u202e17\r\n".encode(), NOT_PRINTED),
        ("V\u200b17\r\n".encode(), NOT_PRINTED),
        (b"' OR 1=1--\r\n", NOT_ALLOWED),
        (b"../../etc/passwd\r\n", NOT_ALLOWED),
        ("Ⅴ17\r\n".encode(), NOT_ALLOWED),
        (b"V\xff17\r\n", NOT_UTF8),
        (b"V\xc0\x8017\r\n", NOT_UTF8),
        (b"V\xed\xa0\x8017\r\n", NOT_UTF8),
        (b"V" * 33 + b"\r\n", TOO_LONG),
        (b"V" * 500 + b"\r\n", TOO_LONG),
    ],
)
def test_a_hostile_line_is_refused_as_a_whole_and_the_next_is_read(
    data: bytes, refusal: str
) -> None:
    lines, refusals = frames_of(decoder_of(Terminator.CRLF), [data, b"V-17\r\n"])

    assert (lines, refusals) == (["V-17"], [refusal])


def test_the_end_of_a_line_that_is_too_long_is_no_line_of_its_own() -> None:
    pieces = cut(b"A" * 1000 + b"VALID\r\n", [7])

    assert frames_of(decoder_of(), pieces) == ([], [TOO_LONG])


def test_half_a_line_is_forgotten_after_a_silence() -> None:
    decoder = decoder_of()
    frames_of(decoder, [b"V-1"])

    decoder.forget_incomplete()

    assert frames_of(decoder, [b"V-17\r"]) == (["V-17"], [NOT_ENDED])


def test_a_silence_ends_a_line_that_is_too_long() -> None:
    decoder = decoder_of()
    frames_of(decoder, [b"A" * 1000])

    decoder.forget_incomplete()

    assert frames_of(decoder, [b"V-17\r"])[0] == ["V-17"]


def test_a_silence_forgets_no_line_that_was_ended() -> None:
    decoder = decoder_of()
    decoder.receive_data(b"V-17\rV-1")

    decoder.forget_incomplete()

    assert frames_of(decoder, [b""]) == (["V-17"], [NOT_ENDED])


@pytest.mark.parametrize(
    ("alphabet", "text", "other"),
    [
        (Alphabet.DIGITS, "0123456789", "12a"),
        (Alphabet.CODE, "aZ09-._~", "a b"),
        (Alphabet.URI, "https://h.example/v?c=1&d=%20#e", 'a"b'),
        (Alphabet.ASCII, "a 'b' \"c\" <d>", "é"),
        (Alphabet.TEXT, "访客 17 é", "a\u2028b"),
    ],
)
def test_an_alphabet_lets_through_its_own_characters(
    alphabet: Alphabet, text: str, other: str
) -> None:
    lines, _ = frames_of(decoder_of(alphabet=alphabet), [f"{other}\r{text}\r".encode()])

    assert lines == [text]


def test_a_line_that_babbles_fills_no_memory() -> None:
    lines, refusals = frames_of(decoder_of(), [b"\x02" * 1_000_000 + b"VALID\rV-17\r"])

    assert lines == ["V-17"]
    assert refusals == ["more came at once than is kept"]


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_nothing_but_allowed_lines_comes_out(pieces: list[bytes]) -> None:
    lines, _ = frames_of(decoder_of(), [*pieces, b"\r"])

    assert all(set(line) <= set(map(chr, range(33, 127))) for line in lines)


@given(st.binary(max_size=200))
def test_the_fuzz_target_holds(data: bytes) -> None:
    fuzz_target.run(data)
