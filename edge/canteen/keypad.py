"""What a cashier types becomes fen, or a count. Pure."""

from typing import Final

from config.contract.money import FEN_MAX

LENGTH_MAX: Final = 9
"""Characters of a typed amount: 999999.99."""
COUNT_LENGTH_MAX: Final = 3


def typed_amount(typed: str, key: str) -> str:
    """Return an amount in yuan after one more key; a key that makes no amount changes nothing."""
    if key == "clear":
        return ""
    if key == "back":
        return typed[:-1]
    if key == ".":
        return typed if "." in typed else (typed or "0") + "."
    _, point, cents = typed.partition(".")
    if len(typed) >= LENGTH_MAX or (point and len(cents) >= 2):
        return typed
    return key if typed == "0" else typed + key


def typed_count(typed: str, key: str) -> str:
    """Return a count of pieces after one more key."""
    if key == "clear":
        return ""
    if key == "back":
        return typed[:-1]
    if key == "." or len(typed) >= COUNT_LENGTH_MAX or (not typed and key == "0"):
        return typed
    return typed + key


def fen_of(typed: str) -> int | None:
    """Return what a typed amount is; None while it is none, or nothing."""
    yuan, _, cents = typed.partition(".")
    if not yuan:
        return None
    fen = int(yuan) * 100 + int(cents.ljust(2, "0") or "0")
    return fen if 0 < fen <= FEN_MAX else None
