"""What a receipt is. Drivers import it from ``drivers.base``, with all else."""

import dataclasses
from typing import Final

PRINTER_FAULTS: Final = ("cover_open", "cutter", "offline", "paper_low", "paper_out", "printer")
"""What a receipt printer can report; with ``paper_low`` alone it prints."""


@dataclasses.dataclass(frozen=True, slots=True)
class ReceiptText:
    """One line of a receipt, or more where it is too long.

    Attributes:
        text: Control characters in it are left out.
        right: Stands at the right end of the same line, as an amount does.
        is_large: Twice as wide and high.
    """

    text: str
    right: str = ""
    is_centred: bool = False
    is_bold: bool = False
    is_large: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed in one piece and cut off. Attributes: qr: under the lines; or empty."""

    lines: tuple[ReceiptText, ...]
    qr: str = ""
