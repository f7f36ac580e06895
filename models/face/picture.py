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


def decode_picture(data: bytes, *, pixels_max: int = PIXELS_MAX) -> Image:
    """Return a picture, shape (height, width, 3), uint8, BGR, upright as its EXIF data says.

    The size is read from the header: a picture that is too large is never unpacked.

    Args:
        data: A JPEG, PNG, WebP or BMP file.
        pixels_max: Largest number of pixels.

    Raises:
        PictureError: Not a picture, damaged, or too large.
    """
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's own warning comes first for a large header.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(data), formats=FORMATS)
        width, height = picture.size
        if width * height > pixels_max:
            raise PictureError(
                f"the picture has {width * height / 1e6:.0f} megapixels; "
                f"at most {pixels_max / 1e6:.0f} are read: make it smaller"
            )
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    except UnidentifiedImageError as error:
        raise PictureError("this file is not a picture: use JPEG or PNG") from error
    except Pillow.DecompressionBombError as error:
        raise PictureError("the picture is far too large: make it smaller") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("the picture is damaged or cut off: send it again") from error
    return np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])
