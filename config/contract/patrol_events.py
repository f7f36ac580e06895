"""What terminals record of patrols."""

from typing import Literal
from uuid import UUID

from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Slug

ScannedBy = Literal["card", "face", "none"]
"""How the guard was identified; ``none``: nobody was."""


class CheckpointScanned(
    EventData, type_name="menshen.patrol.checkpoint_scanned.v1", event_class=EventClass.ACCESS
):
    """A guard was at a checkpoint; the event's time is that of the reading itself.

    Attributes:
        reader: The device that read it.
        holder_id: The guard; None where nobody showed who carries the reader.
        is_time_unsure: The terminal was not sure of its clock when it was read.
        is_fallback: The code beside the checkpoint was read, which proves less than its tag.
    """

    scan_id: UUID
    checkpoint: Slug
    reader: Slug
    holder_id: str | None = None
    by: ScannedBy = "none"
    is_time_unsure: bool = False
    is_fallback: bool = False
