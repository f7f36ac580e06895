"""A scanned plan: a picture that stands in the drawing itself, as ``data:``."""

import base64
import binascii
import io
import re
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

SIDE_PX_MAX: Final = 8_000
_DATA: Final = re.compile(r"data:image/(png|jpeg|jpg);base64,([A-Za-z0-9+/=\s]+)")


class PictureError(Exception):
    """It is no picture that may be shown."""


def checked_picture(address: str) -> str:
    """Return a picture as an address again, once it is known to be one.

    Raises:
        PictureError: It lies elsewhere, is none, or would unfold to too many pixels.
    """
    found = _DATA.fullmatch(address.strip())
    if found is None:
        raise PictureError("not within the drawing")
    try:
        content = base64.b64decode(found[2], validate=False)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # The head alone is read: nothing is unfolded here.
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                size, kind = picture.size, str(picture.format).lower()
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PictureError("not a picture") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureError("too many pixels") from error
    if max(size) > SIDE_PX_MAX:
        raise PictureError("too many pixels")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
