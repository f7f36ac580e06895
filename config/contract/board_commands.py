"""Commands about controller boards; see ``contract.commands``, which signs them."""

from datetime import timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.identifiers import Frozen, Sha256, Slug

UPDATE_MAX: Final = timedelta(hours=24)
"""An update that could not begin by then is not begun any more."""


class UpdateBoard(Frozen):
    """Update a board with an image that central keeps; the command is done when it is taken on.

    What becomes of it, ``BoardUpdateEnded`` says. The same ``update_id`` again changes nothing.

    Attributes:
        image: SHA-256 of the file; fetched from central by it.
        until: It begins by then or not at all.
    """

    kind: Literal["update_board"] = "update_board"
    update_id: UUID
    device: Slug
    image: Sha256
    size_bytes: Annotated[int, Field(ge=1, le=16_000_000)]
    until: AwareDatetime


class RollBackBoard(Frozen):
    """Have a board run the image of its other slot again, and confirm it when it proves well."""

    kind: Literal["roll_back_board"] = "roll_back_board"
    update_id: UUID
    device: Slug
    until: AwareDatetime


class CancelBoardUpdate(Frozen):
    """Break off an update that is not on trial yet; the board runs what it ran."""

    kind: Literal["cancel_board_update"] = "cancel_board_update"
    update_id: UUID
    device: Slug


BoardCommand = UpdateBoard | RollBackBoard | CancelBoardUpdate
"""What is asked for with its own permission (``firmware.manage``), never as a bare command."""
