"""Records come through in pieces of any size; anything else is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.backup.container import BackupError
from central.backup.records import Kind, Manifest, Records, encode, read_as

WRITTEN = [(Kind.MEMBER, b'{"name":"database"}'), (Kind.PIECE, b"abc" * 50), (Kind.END, b"")]
BYTES = b"".join(encode(kind, payload) for kind, payload in WRITTEN)


@given(st.integers(min_value=1, max_value=len(BYTES)))
def test_they_are_the_same_in_pieces_of_any_size(size: int) -> None:
    records = Records()

    found = [
        record
        for at in range(0, len(BYTES), size)
        for record in records.receive_data(BYTES[at : at + size])
    ]
    records.end()

    assert found == WRITTEN


@given(st.binary(max_size=64))
def test_whatever_comes_only_a_backup_error_comes_out(data: bytes) -> None:
    records = Records()
    with contextlib.suppress(BackupError):
        list(records.receive_data(data))
        records.end()


def test_an_end_that_did_not_come_is_missed() -> None:
    records = Records()
    list(records.receive_data(BYTES[:-1]))

    with pytest.raises(BackupError, match="ends early"):
        records.end()


def test_nothing_comes_behind_the_end() -> None:
    with pytest.raises(BackupError, match="not written by this program"):
        list(Records().receive_data(BYTES + encode(Kind.END)))


def test_a_manifest_of_another_shape_is_refused() -> None:
    with pytest.raises(BackupError, match="not written by this program"):
        read_as(Manifest, b'{"made_at": 1}')
