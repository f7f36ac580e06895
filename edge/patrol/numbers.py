"""One tag, many numbers: every way in which readers and labels give the same tag.

Source: as of ``drivers.protocols`` ``rdm6300`` (printed numbers), ``ibutton`` (orders) and
``pn532`` (UIDs, which many desktop readers print with their bytes turned round).
"""

import string
from collections.abc import Iterator

from config.site_patrol import tag_key
from drivers.base import CredentialKind

_UID_LENGTHS = (8, 14, 20)
"""Digits of the 4, 7 and 10 bytes that a UID has (ISO/IEC 14443-3)."""


def forms(kind: CredentialKind, number: str) -> tuple[str, ...]:
    """Return a reading's number in every form that stands for it, the reader's own first.

    Args:
        kind: What was read; of a code, a PIN and another terminal's face only the text itself.
        number: As the driver gives it; whatever it holds, nothing is raised.
    """
    own = number if kind is CredentialKind.QR else tag_key(number)
    found = [own]
    if own and all(c in string.hexdigits for c in own):
        match kind:
            case CredentialKind.EM4100 if len(own) == 10:
                found += _em4100(own)
            case CredentialKind.IBUTTON if len(own) == 16:
                found += _ibutton(own)
            case CredentialKind.CARD_UID if len(own) in _UID_LENGTHS:
                found += _uid(own)
            case _:
                pass
    return tuple(dict.fromkeys(found))


def _em4100(digits: str) -> Iterator[str]:
    low = int(digits[2:], 16)
    yield digits[2:]
    yield f"{low:010}"
    yield str(low)
    yield f"{low >> 16 & 0xFF:03},{low & 0xFFFF:05}"


def _ibutton(engraved: str) -> Iterator[str]:
    """Yield the other orders; a key's face has check byte, serial number and family."""
    serial, family = engraved[2:14], engraved[14:]
    yield serial
    yield turned(engraved)
    yield turned(serial)
    yield family + serial


def _uid(uid: str) -> Iterator[str]:
    yield turned(uid)
    if len(uid) == _UID_LENGTHS[0]:
        for digits in (uid, turned(uid)):
            yield f"{int(digits, 16):010}"
            yield str(int(digits, 16))


def turned(digits: str) -> str:
    """Return a hexadecimal number with its bytes in the other order."""
    return bytes.fromhex(digits)[::-1].hex().upper()
