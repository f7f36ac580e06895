"""Nobody reads, changes, reorders or cuts a sealed file without being found out."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.backup.container import (
    MAGIC,
    BackupError,
    Chunks,
    Header,
    check_of,
    decode_header,
    encode_header,
)

KEY, SALT = bytes(range(32)), "5a" * 32
HEADER = Header(kind="recovery_key", salt=SALT, check=check_of(KEY, SALT))
ENCODED = encode_header(HEADER)


def chunks(key: bytes = KEY, encoded: bytes = ENCODED) -> Chunks:
    return Chunks(key, HEADER, encoded)


def sealed(*texts: bytes) -> list[bytes]:
    sealing = chunks()
    return [sealing.seal(text, is_last=text is texts[-1]) for text in texts]


def opened(*pieces: bytes, key: bytes = KEY) -> list[bytes]:
    opening = chunks(key)
    return [opening.unseal(piece, is_last=piece is pieces[-1]) for piece in pieces]


def test_what_was_sealed_is_opened() -> None:
    assert opened(*sealed(b"one", b"two", b"three")) == [b"one", b"two", b"three"]


def test_the_text_is_not_in_the_file() -> None:
    assert b"secret" not in sealed(b"secret")[0]


def test_a_header_says_nothing_but_what_opens_it() -> None:
    assert decode_header(ENCODED + b"chunks") == (HEADER, ENCODED)
    assert set(HEADER.model_dump()) == {"kind", "salt", "check", "stretching", "crypto"}
    assert KEY.hex() not in ENCODED.decode("latin-1")


def test_another_key_is_told_from_damage() -> None:
    with pytest.raises(BackupError, match="this recovery key does not open the backup"):
        chunks(bytes(32))


@given(st.integers(min_value=0, max_value=8 * 23 - 1))
def test_every_changed_bit_is_found(bit: int) -> None:
    first, last = sealed(b"a chunk", b"the end")
    changed = bytearray(first)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BackupError, match="damaged in its chunk 1"):
        opened(bytes(changed), last)


@given(st.integers(min_value=0, max_value=8 * len(ENCODED) - 1))
def test_every_changed_bit_of_the_header_is_found(bit: int) -> None:
    changed = bytearray(ENCODED)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BackupError, match=r"damaged in its header|no backup of|ends early"):
        decode_header(bytes(changed))


def test_a_file_that_was_cut_between_two_chunks_ends_early() -> None:
    with pytest.raises(BackupError, match="ends early: it is not the whole"):
        opened(*sealed(b"one", b"two", b"three")[:2])


def test_a_file_that_was_cut_in_a_chunk_ends_early_or_is_damaged() -> None:
    one, two, _ = sealed(b"one", b"two", b"three")

    with pytest.raises(BackupError, match="or ends early"):
        opened(one, two[:-1])


def test_chunks_do_not_change_places() -> None:
    one, two, three = sealed(b"one", b"two", b"three")

    with pytest.raises(BackupError, match="chunk 1"):
        opened(two, one, three)


def test_nothing_is_added_behind_the_end() -> None:
    with pytest.raises(BackupError, match="chunk 2"):
        opened(*sealed(b"one", b"two"), b"more")


def test_chunks_of_one_file_do_not_fit_another_with_the_same_key() -> None:
    other = Header(kind="recovery_key", salt="5b" * 32, check=check_of(KEY, "5b" * 32))

    with pytest.raises(BackupError, match="damaged"):
        Chunks(KEY, other, encode_header(other)).unseal(sealed(b"one")[0], is_last=True)


@pytest.mark.parametrize("length", [1, len(MAGIC), len(MAGIC) + 3, len(ENCODED) - 1])
def test_the_beginning_of_a_header_alone_ends_early(length: int) -> None:
    with pytest.raises(BackupError, match="ends early"):
        decode_header(ENCODED[:length])


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\x00", MAGIC.replace(b"\r\n", b"\n")])
def test_a_foreign_file_is_no_backup(data: bytes) -> None:
    with pytest.raises(BackupError, match="this is no backup of menshen"):
        decode_header(data)


def test_a_newer_format_asks_for_a_newer_program() -> None:
    start = bytearray(ENCODED[:-32])
    start[len(MAGIC) + 1] = 3

    with pytest.raises(BackupError, match="format 3, this program reads 1 and 2: use a newer"):
        decode_header(bytes(start) + hashlib.sha256(start).digest())


def test_a_header_that_asks_for_hours_of_work_is_refused() -> None:
    heavy = ENCODED[len(MAGIC) + 6 : -32].replace(
        b'"}', b'","stretching":{"salt":"' + b"0" * 32 + b'","n":1073741824,"r":8,"p":1}}'
    )
    start = MAGIC + (1).to_bytes(2, "big") + len(heavy).to_bytes(4, "big") + heavy

    with pytest.raises(BackupError, match="damaged in its header"):
        decode_header(start + hashlib.sha256(start).digest())
