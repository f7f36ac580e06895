import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from models.face.picture import PictureError, decode_picture


def as_jpeg(width: int, height: int, **options: object) -> bytes:
    target = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(target, "JPEG", **options)
    return target.getvalue()


def test_a_picture_is_bgr() -> None:
    target = io.BytesIO()
    Pillow.new("RGB", (4, 2), (255, 0, 10)).save(target, "PNG")

    image = decode_picture(target.getvalue())

    assert image.shape == (2, 4, 3)
    assert image[0, 0].tolist() == [10, 0, 255]


def test_a_telephones_picture_is_turned_upright() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6

    assert decode_picture(as_jpeg(40, 20, exif=exif)).shape == (40, 20, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (as_jpeg(200, 200)[:4000], "cut off"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "not a picture|damaged"),
    ],
    ids=["empty", "text", "truncated", "broken"],
)
def test_what_is_no_whole_picture_says_so(data: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        decode_picture(data)


def png_that_claims(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims another size."""
    target = io.BytesIO()
    Pillow.new("L", (10, 10)).save(target, "PNG")
    data = bytearray(target.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def test_fifty_megapixels_are_refused_before_they_are_unpacked() -> None:
    with pytest.raises(PictureError, match=r"50 megapixels; at most 40"):
        decode_picture(png_that_claims(10_000, 5_000))


def test_a_bomb_is_refused() -> None:
    with pytest.raises(PictureError, match="make it smaller"):
        decode_picture(png_that_claims(200_000, 200_000))


@given(st.binary(max_size=300), st.integers(0, 600))
def test_damage_is_never_another_error(noise: bytes, at: int) -> None:
    data = bytearray(as_jpeg(16, 16))
    data[at : at + len(noise)] = noise

    with contextlib.suppress(PictureError):
        assert decode_picture(bytes(data), pixels_max=1_000_000).ndim == 3


def test_tiff_is_not_read() -> None:
    target = io.BytesIO()
    Pillow.new("RGB", (4, 2)).save(target, "TIFF")

    with pytest.raises(PictureError, match="use JPEG or PNG"):
        decode_picture(target.getvalue())


def test_sixteen_bits_of_grey_become_eight() -> None:
    target = io.BytesIO()
    Pillow.fromarray(np.array([[0, 0x1234, 0xFFFF]], np.uint16)).save(target, "PNG")

    assert decode_picture(target.getvalue())[0, :, 0].tolist() == [0, 0x12, 0xFF]


def test_a_palette_with_transparency_is_read() -> None:
    target = io.BytesIO()
    picture = Pillow.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.save(target, "PNG", transparency=b"\x00\xff")

    assert decode_picture(target.getvalue())[0, 0].tolist() == [30, 20, 10]


def test_formats_that_are_asked_for_are_read_too() -> None:
    data = b"P5 2 1 255\n\x07\xff"

    assert decode_picture(data, formats=("PPM",))[0, :, 0].tolist() == [7, 255]
    with pytest.raises(PictureError, match="not a picture"):
        decode_picture(data)
