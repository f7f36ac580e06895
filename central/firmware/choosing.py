"""Which boards a roll-out would update, and why it leaves others out. Pure."""

import dataclasses
from collections.abc import Sequence

from central.firmware.board_book import Known
from central.firmware.schemas import ImageView, LeftOut, WantedPreview
from config.board_image import ImageVersion


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A board as central knows it now.

    Attributes:
        node: Its terminal; empty where the site file has no such board.
        is_taken: Another roll-out that is not over has it.
    """

    device: str
    node: str
    known: Known
    is_online: bool
    is_taken: bool

    @property
    def before(self) -> str:
        """The version that it runs; empty where it has not said."""
        return "" if self.known.identity is None else self.known.identity.version


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Who is updated, in order, and who is not."""

    boards: tuple[Candidate, ...]
    left_out: tuple[tuple[Candidate, LeftOut], ...]


def choose(wish: WantedPreview, image: ImageView | None, candidates: Sequence[Candidate]) -> Choice:
    """Return whom a roll-out would update.

    Args:
        wish: What is asked for; an empty list of devices means all candidates.
        image: That is wanted; None for a rollback.
        candidates: Every board of the site file, in its order.
    """
    there = {each.device: each for each in candidates}
    names = wish.devices or tuple(there)
    boards, left_out = list[Candidate](), list[tuple[Candidate, LeftOut]]()
    for device in names:
        candidate = there.get(device) or _nobody(device)
        why = why_not(image, candidate)
        if why is None:
            boards.append(candidate)
        else:
            left_out.append((candidate, why))
    return Choice(tuple(boards), tuple(left_out))


def why_not(image: ImageView | None, candidate: Candidate) -> LeftOut | None:
    """Return why a board is left out; None where it is not.

    What it can never become goes before what may pass.

    Args:
        image: That is wanted; None for a rollback.
        candidate: The board.
    """
    identity = candidate.known.identity
    if not candidate.node:
        return LeftOut.NOT_A_BOARD
    if identity is None:
        return LeftOut.NOT_IDENTIFIED
    if image is not None:
        if identity.hw != image.hw:
            return LeftOut.OTHER_HW
        if identity.image == image.image and identity.is_confirmed:
            return LeftOut.NOT_NEWER
        if _is_lower(image.version, identity.version):
            return LeftOut.LOWER_VERSION
    elif identity.other_image is None:
        return LeftOut.NO_OTHER_IMAGE
    if candidate.is_taken:
        return LeftOut.IN_ANOTHER
    return None if candidate.is_online else LeftOut.NODE_AWAY


def _nobody(device: str) -> Candidate:
    return Candidate(device=device, node="", known=Known(), is_online=False, is_taken=False)


def _is_lower(wanted: str, running: str) -> bool:
    try:
        return ImageVersion.parse(wanted) < ImageVersion.parse(running)
    except ValueError:
        return False  # the board says no version: its node knows better
