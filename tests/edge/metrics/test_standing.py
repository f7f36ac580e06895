from uuid import UUID

from prometheus_client import CollectorRegistry

from config.contract.events import ClockQuality
from config.contract.machine import ClockStatus, DiskStatus
from config.contract.nodes import NodeStatus
from edge.metrics.standing import Moment, MomentCollector
from tests.edge.conftest import NOW


def test_the_disk_the_card_and_the_clock_are_told() -> None:
    status = NodeStatus(
        at=NOW,
        version="1",
        epoch=UUID(int=1),
        clockquality=ClockQuality.SYNCHRONISED,
        replica_version=0,
        last_sequences={},
        unsent_count=0,
        is_journal_writable=True,
        pipeline="builtin",
        disk=DiskStatus(free_mb=120, size_mb=8_000),
        clock=ClockStatus(source="central", drift_s_a_day=-3.5),
    )
    registry = CollectorRegistry()
    moment = Moment(
        status=status,
        is_connected=True,
        unsent=None,
        clock_offset_s=None,
        written_bytes=4096,
        lines={},
        devices=(),
        cameras={},
    )
    registry.register(MomentCollector(moment))

    assert registry.get_sample_value("menshen_edge_written_bytes_total") == 4096
    assert registry.get_sample_value("menshen_edge_disk_free_bytes") == 120_000_000
    assert registry.get_sample_value("menshen_edge_clock_drift_seconds_per_day") == -3.5
