import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.convert.dlib_stream import (
    DlibFormatError,
    DlibReader,
    read_descriptor_network,
    read_detector_network,
    read_shape_predictor,
)


def encode_integer(value: int) -> bytes:
    """Write an integer as dlib's ``pack_int`` does."""
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_an_integer_is_length_sign_and_magnitude(value: int) -> None:
    assert DlibReader(encode_integer(value)).integer() == value


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_is_mantissa_then_exponent(value: float) -> None:
    mantissa, exponent = np.frexp(value)
    raw = encode_integer(int(mantissa * 2**24)) + encode_integer(int(exponent) - 24)

    assert DlibReader(raw).real() == value


def test_a_tensor_is_little_endian_floats() -> None:
    raw = b"".join(encode_integer(n) for n in (2, 1, 2, 1, 1)) + bytes.fromhex("0000803F 00000040")

    tensor = DlibReader(raw).tensor()

    assert tensor.shape == (1, 2, 1, 1)
    assert tensor.ravel().tolist() == [1.0, 2.0]


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(DlibFormatError, match="not finite"):
        DlibReader(encode_integer(0) + encode_integer(32000)).real()


def test_a_file_that_ends_early_says_so() -> None:
    with pytest.raises(DlibFormatError, match="ends too early"):
        DlibReader(b"\x04\x01").integer()


def test_bytes_left_over_are_an_error() -> None:
    with pytest.raises(DlibFormatError, match="1 bytes are left over"):
        DlibReader(b"\x00").expect_end()


@given(st.binary(max_size=200))
def test_garbage_is_only_ever_a_format_error(raw: bytes) -> None:
    for read in (read_descriptor_network, read_detector_network, read_shape_predictor):
        with pytest.raises(DlibFormatError):
            read(raw)
