"""Why a board refuses: the codes of SMP's groups and of ours, and one clear line for each."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from drivers.base import CommandRejectedError

OS, IMAGE, STATISTICS, FILES, BOARD = 0, 1, 2, 8, 877
INVALID: Final = 3
NOT_SUPPORTED: Final = 8
ACCESS_DENIED: Final = 11
NO_SUCH_FILE: Final = 3


class Refusal(IntEnum):
    """Codes of the board group."""

    UNKNOWN = 1
    NO_CHANNEL = 2
    OUT_OF_BOUNDS = 3
    FIRE = 4
    OTHER_START = 5
    SIGNATURE = 6
    COUNTER_USED = 7
    NONCE_USED = 8
    UNCLAIMED = 9
    BUSY = 10


class ImageRefusal(IntEnum):
    """Codes of the image group that docs/board.md names."""

    NOT_AN_IMAGE = 23
    NEWER_RUNS = 27
    TOO_LARGE = 30
    NOT_TRIED = 32


WORDS: Final[Mapping[tuple[int, int], str]] = {
    (OS, INVALID): "a key is missing or of the wrong type",
    (OS, 5): "there is no such entry",
    (OS, 6): "its state does not allow it now",
    (OS, NOT_SUPPORTED): "it does not know this command",
    (OS, 10): "it is busy",
    (OS, ACCESS_DENIED): "over the network it takes this only after a signed `maintain`",
    (IMAGE, ImageRefusal.NOT_TRIED): "an image must have been on trial before it is confirmed",
    (IMAGE, ImageRefusal.NOT_AN_IMAGE): "this is no image for MCUboot",
    (IMAGE, ImageRefusal.TOO_LARGE): "the image is larger than its slot",
    (IMAGE, ImageRefusal.NEWER_RUNS): "it runs a newer version",
    (FILES, NO_SUCH_FILE): "there is no such file",
    (BOARD, Refusal.NO_CHANNEL): "it has no such channel",
    (BOARD, Refusal.OUT_OF_BOUNDS): "a value is out of bounds",
    (BOARD, Refusal.FIRE): "its fire input is active, which goes before",
    (BOARD, Refusal.OTHER_START): "it has restarted meanwhile",
    (BOARD, Refusal.SIGNATURE): "the signature is wrong, or one is needed: who claimed it?",
    (BOARD, Refusal.COUNTER_USED): "the counter was used: is this machine's clock right?",
    (BOARD, Refusal.NONCE_USED): "the nonce was used with another request",
    (BOARD, Refusal.UNCLAIMED): "nobody has claimed it yet, which is done over its serial line",
    (BOARD, Refusal.BUSY): "it is busy with an update",
}


class BoardRefusedError(CommandRejectedError):
    """The board understood and refuses; the same request again is refused again.

    Attributes:
        group, code: Its SMP group, and the code in it.
    """

    def __init__(self, group: int, code: int) -> None:
        words = WORDS.get((group, code))
        shown = f"code {code} of group {group}"
        super().__init__(
            f"the board refuses: {words} ({shown})" if words else f"the board refuses ({shown})",
            code=code,
        )
        self.group = group


def refusal_map(group: int, code: int, *, version: int = 1) -> dict[str, Any]:
    """Return the body of a refusal, as the request's version of SMP has it."""
    return {"err": {"group": group, "rc": int(code)}} if version else {"rc": int(code)}


def refusal_in(
    values: Mapping[str, Any], *, group: int, version: int = 1
) -> BoardRefusedError | None:
    """Return the refusal that a body is; None if it is none.

    Args:
        values: The body.
        group: The frame's.
        version: Of SMP; to version 1 a bare code is one of group 0, whatever was asked.
    """
    refused = values.get("err")
    if not isinstance(refused, Mapping):
        refused = {"group": OS if version else group, "rc": values.get("rc", 0)}
    code, of_group = refused.get("rc", 0), refused.get("group", group)
    if not isinstance(code, int) or not isinstance(of_group, int) or not code:
        return None
    return BoardRefusedError(of_group, int(code))
