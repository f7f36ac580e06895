from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.contract.trust import from_text, sign, to_text
from config.contract.visitor_code import (
    POINTS_MAX,
    PREFIX,
    TEXT_LENGTH_MAX,
    VisitorCode,
    VisitorCodeError,
    decode_visitor_code,
    encode_visitor_code,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CODE = VisitorCode(
    holder_id=UUID(int=7),
    nonce="00112233aabbccdd",
    valid_from=NOW,
    valid_until=NOW + timedelta(hours=9),
    points=("east", "lab"),
)
TEXT = encode_visitor_code(CODE, key=KEY, site="demo")


def decoded(text: str, *, site: str = "demo", key: Ed25519PrivateKey = KEY) -> VisitorCode:
    return decode_visitor_code(text, key=key.public_key(), site=site)


slugs = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
seconds = st.integers(0, 2**32 - 2)
codes = st.builds(
    lambda start, length, **parts: VisitorCode(
        valid_from=datetime.fromtimestamp(start, UTC),
        valid_until=datetime.fromtimestamp(min(start + length, 2**32 - 1), UTC),
        **parts,
    ),
    start=seconds,
    length=st.integers(1, 10**6),
    holder_id=st.uuids(),
    nonce=st.binary(min_size=8, max_size=8).map(bytes.hex),
    points=st.lists(slugs, min_size=1, max_size=POINTS_MAX).map(tuple),
    is_one_time=st.booleans(),
    stands_alone=st.booleans(),
    needs_escort=st.booleans(),
)


@given(codes)
def test_a_code_says_what_was_put_into_it(code: VisitorCode) -> None:
    text = encode_visitor_code(code, key=KEY, site="demo")

    assert decoded(text) == code
    assert len(text) <= TEXT_LENGTH_MAX


@given(place=st.integers(0, len(TEXT) - len(PREFIX) - 1), letter=st.sampled_from("AZaz09-_"))
def test_a_code_that_was_changed_is_refused(place: int, letter: str) -> None:
    at = len(PREFIX) + place
    changed = TEXT[:at] + letter + TEXT[at + 1 :]

    if from_text(changed[len(PREFIX) :]) != from_text(TEXT[len(PREFIX) :]):
        with pytest.raises(VisitorCodeError, match="damaged or of another site"):
            decoded(changed)


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: PREFIX + to_text(raw)))
def test_whatever_is_scanned_only_a_visitor_code_error_comes_out(text: str) -> None:
    with pytest.raises(VisitorCodeError):
        decoded(text)


@given(st.binary(max_size=80))
def test_even_signed_nonsense_is_refused(body: bytes) -> None:
    text = PREFIX + to_text(body + sign(KEY, body, context="menshen visitor code v1|demo"))

    with pytest.raises(VisitorCodeError, match="update this terminal"):
        decoded(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://example.org", "this is not a visitor's code"),
        (PREFIX + "A" * TEXT_LENGTH_MAX, "too long"),
        (PREFIX + "??", "damaged: show it again"),
        (TEXT[:-4], "damaged or of another site"),
    ],
)
def test_a_refused_code_says_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(VisitorCodeError, match=sentence):
        decoded(text)


def test_a_code_is_good_at_its_site_alone() -> None:
    with pytest.raises(VisitorCodeError, match="another site"):
        decoded(TEXT, site="other")


def test_a_code_of_another_central_is_refused() -> None:
    with pytest.raises(VisitorCodeError, match="another site"):
        decoded(TEXT, key=Ed25519PrivateKey.generate())


def test_a_code_is_valid_at_least_as_long_as_it_was_made_for() -> None:
    until = NOW + timedelta(seconds=60, microseconds=1)
    code = CODE.model_copy(update={"valid_until": until})

    text = encode_visitor_code(code, key=KEY, site="demo")

    assert decoded(text).valid_until == NOW + timedelta(seconds=61)


def test_the_first_point_is_the_home() -> None:
    assert decoded(TEXT).home == "east"
