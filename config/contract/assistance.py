"""What central tells a terminal of the calls for assistance at its points."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from config.contract.identifiers import Frozen, Slug

WAIT_MAX: Final = timedelta(minutes=15)
"""Whom nobody heard for so long is not there any more: such a ring opens no call."""


class OpenCall(Frozen):
    """A call that nobody has closed.

    Attributes:
        ring_id: The newest ring that it answers.
        taken_at: When somebody said that they come; None while it waits.
    """

    access_point: Slug
    ring_id: UUID
    taken_at: AwareDatetime | None = None


class OpenCalls(Frozen):
    """All of one terminal."""

    items: tuple[OpenCall, ...] = ()
