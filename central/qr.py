"""QR codes as drawings."""

import io
from typing import Any, Final

import segno
from fastapi import Response

SVG: Final = "image/svg+xml"
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {SVG: {"schema": {"type": "string"}}}}
}


def drawn(text: str) -> Response:
    """Return a QR code as an answer, to show, print or send."""
    drawing = io.BytesIO()
    segno.make_qr(text, error="m").save(drawing, kind="svg", scale=4)
    return Response(drawing.getvalue(), media_type=SVG)
