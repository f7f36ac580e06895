"""How things stand as Prometheus reads it: made at each scrape, kept by nobody."""

import dataclasses
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from central.metrics.repository import Standing

PRIORITIES: Final = (1, 2, 3, 4)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What this process knows without a database.

    Attributes:
        readers: Open streams, by whose they are (operators, nodes).
        backlog: Frames that wait for the slowest reader of each.
        writers: Transactions that wait for their turn to write.
        certificates: When they end, by what they are.
    """

    readers: dict[str, int]
    backlog: dict[str, int]
    writers: int
    certificates: dict[str, datetime]


class StandingCollector(Collector):
    """One site at one moment."""

    def __init__(
        self,
        standing: Standing | None,
        process: Process,
        *,
        installed: Collection[str],
        channels: Collection[str],
    ) -> None:
        """Take what was read.

        Args:
            standing: None where the database did not answer.
            process: Of this process.
            installed: Nodes of the site file.
            channels: To other systems, that there are.
        """
        self._standing, self._process = standing, process
        self._installed, self._channels = installed, channels

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield GaugeMetricFamily(
            "menshen_database_up",
            "Whether the database answered this scrape.",
            value=float(self._standing is not None),
        )
        yield from self._of_the_process()
        if self._standing is not None:
            yield from self._of_the_site(self._standing)

    def _of_the_process(self) -> Iterator[Metric]:
        process = self._process
        yield _gauge("menshen_stream_readers", "Open live streams.", "reader", process.readers)
        yield _gauge(
            "menshen_stream_backlog_frames",
            "Frames that wait for the slowest reader.",
            "reader",
            process.backlog,
        )
        yield GaugeMetricFamily(
            "menshen_database_waiting_writers",
            "Transactions that wait for their turn to write (SQLite).",
            value=process.writers,
        )
        yield _gauge(
            "menshen_certificate_expiry_timestamp_seconds",
            "When a certificate ends.",
            "certificate",
            {name: at.timestamp() for name, at in process.certificates.items()},
        )

    def _of_the_site(self, standing: Standing) -> Iterator[Metric]:
        yield _gauge(
            "menshen_alarms_standing",
            "Alarms that stand, by priority (1 is fire and duress).",
            "priority",
            {str(each): standing.alarms.get(each, (0, 0))[0] for each in PRIORITIES},
        )
        yield _gauge(
            "menshen_alarms_unacknowledged",
            "Alarms that stand and that nobody acknowledged, by priority.",
            "priority",
            {str(each): standing.alarms.get(each, (0, 0))[1] for each in PRIORITIES},
        )
        names = sorted({*self._installed, *standing.joined})
        yield _gauge(
            "menshen_node_online",
            "1 for a node of the site that is heard, 0 for one that is silent or has not joined.",
            "node",
            {name: float(name in standing.online) for name in names},
        )
        yield GaugeMetricFamily(
            "menshen_nodes_unsent_events",
            "Events that nodes said wait at them, all together.",
            value=standing.unsent,
        )
        yield GaugeMetricFamily(
            "menshen_nodes_unwritable_journals",
            "Nodes that said their journal cannot be written.",
            value=standing.unwritable,
        )
        yield GaugeMetricFamily(
            "menshen_nodes_unsure_clocks",
            "Nodes that said they do not trust their clock.",
            value=standing.unsure,
        )
        yield _gauge(
            "menshen_deliveries_waiting",
            "Messages that other systems have not taken yet, by channel.",
            "channel",
            {name: standing.waiting.get(name, 0) for name in sorted(self._channels)},
        )
        proved = GaugeMetricFamily(
            "menshen_backup_proved_timestamp_seconds",
            "When a backup was last restored and proved; absent where none ever was.",
            labels=[],
        )
        if standing.backup_proved_at is not None:
            proved.add_metric([], standing.backup_proved_at.timestamp())
        yield proved
        for name, text, value in (
            ("menshen_events_position", "Position of the newest event.", standing.position),
            ("menshen_ledger_postings", "Postings of the ledger.", standing.transfers),
            ("menshen_audit_entries", "Entries of the audit log.", standing.audited),
        ):
            yield CounterMetricFamily(name, text, value=value)
        yield _gauge(
            "menshen_retention_last_run_timestamp_seconds",
            "When the timer of a class of data last ran.",
            "class",
            {name: at.timestamp() for name, at in sorted(standing.retention.items())},
        )


def _gauge(name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value_of, value in values.items():
        family.add_metric([value_of], value)
    return family
