"""Pictures that people upload: read safely, or refused with one line that says why."""

import io
import warnings
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from models.face.types import Image

PIXELS_MAX: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP")
"""Not TIFF: its reader answers damage with errors of every kind, and no telephone sends it."""


class PictureError(ValueError):
    """The bytes are no picture that can be used; the message is one line for a person."""


def decode_picture(
    data: bytes, *, pixels_max: int = PIXELS_MAX, formats: tuple[str, ...] = FORMATS
) -> Image:
    """Return a picture, shape (height, width, 3), uint8, BGR, upright as its EXIF data says.

    The size is read from the header: a picture that is too large is never unpacked. Grey pictures
    get three equal channels, deeper ones are brought to eight bits, of transparency nothing is
    left.

    Args:
        data: A JPEG, PNG, WebP or BMP file.
        pixels_max: Largest number of pixels.
        formats: Pillow's names of those that are read.

    Raises:
        PictureError: Not a picture, damaged, or too large.
    """
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's own warning comes first for a large header.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(data), formats=formats)
        width, height = picture.size
        if width * height > pixels_max:
            raise PictureError(
                f"the picture has {width * height / 1e6:.0f} megapixels; "
                f"at most {pixels_max / 1e6:.0f} are read: make it smaller"
            )
        upright = _rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise PictureError("this file is not a picture: use JPEG or PNG") from error
    except Pillow.DecompressionBombError as error:
        raise PictureError("the picture is far too large: make it smaller") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("the picture is damaged or cut off: send it again") from error
    return np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])


def _rgb(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode.startswith("I"):
        # Pillow cuts 16 bits off at 255, which leaves a white picture.
        high_bytes = np.asarray(picture).astype(np.uint32) >> 8
        return Pillow.fromarray(high_bytes.astype(np.uint8)).convert("RGB")
    if picture.mode == "P":
        picture = picture.convert("RGBA")
    return picture.convert("RGB")
