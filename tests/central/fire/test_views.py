"""What of a node's status a fire's view takes."""

from datetime import UTC, datetime
from uuid import UUID

from central.fire.views import last_frames
from config.contract.events import ClockQuality
from config.contract.fire_status import FirePanelStatus, FireStatus
from config.contract.nodes import NodeStatus

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def status(*panels: FirePanelStatus) -> NodeStatus:
    return NodeStatus(
        at=NOW, version="1", epoch=UUID(int=1), replica_version=0, last_sequences={},
        unsent_count=0, is_journal_writable=True, pipeline="builtin",
        clockquality=ClockQuality.SYNCHRONISED,
        fire=FireStatus(panels=panels),
    )  # fmt: skip


def test_a_panels_last_frame_is_what_its_terminal_says_now() -> None:
    heard = FirePanelStatus(device="panel", is_current=True, last_frame_at=NOW)
    silent = FirePanelStatus(device="other", is_current=False)

    assert last_frames({"gate-1": status(heard, silent), "gate-2": None}) == {"panel": NOW}
