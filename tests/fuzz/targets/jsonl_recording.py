"""Any bytes: the header and the entries of a recording."""

import contextlib

from drivers.protocols.jsonl_recording import decode_entry, decode_header


def run(data: bytes) -> None:
    """Let nothing but ``ValueError`` out."""
    line = data.decode("utf-8", "replace")
    for decode in (decode_header, decode_entry):
        with contextlib.suppress(ValueError):
            decode(line)
