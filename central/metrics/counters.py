"""What is counted as it happens, in the process that it happens in; starts anew with it."""

import contextlib
import platform
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from config.contract.events import EventClass
from config.contract.nodes import BatchReceipt

REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
AGE_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 86400.0)
TRANSACTION_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
STATUSES: Final = frozenset(
    {
        "200", "201", "202", "204", "206", "303", "304", "400", "401", "403", "404", "405",
        "409", "410", "412", "413", "415", "421", "422", "425", "429", "500", "502", "503", "504",
    }
)  # fmt: skip
"""What central answers; anything else is counted as ``other``."""


class Counters:
    """One site's. Belongs to the event loop's thread.

    Attributes:
        registry: Of this site alone.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=False)
        self._events = Counter(
            "menshen_ingest_events",
            "Events that nodes sent and that are held now, by class; repetitions are counted, too.",
            ["class"],
            registry=registry,
        )
        self._by_class = {each.value: self._events.labels(each.value) for each in EventClass}
        outcomes = Counter(
            "menshen_ingest_repeated",
            "Events of nodes that were not new: held already (duplicate), or of a taken key"
            " (conflict).",
            ["outcome"],
            registry=registry,
        )
        self._duplicates, self._conflicts = (
            outcomes.labels("duplicate"),
            outcomes.labels("conflict"),
        )
        self._batch = Histogram(
            "menshen_ingest_batch_seconds",
            "From a batch's arrival to its durable end.",
            buckets=REQUEST_S,
            registry=registry,
        )
        ages = Histogram(
            "menshen_ingest_event_age_seconds",
            "From an event to its being stored: of the oldest of each batch and class, by the"
            " clocks of both machines.",
            ["class"],
            buckets=AGE_S,
            registry=registry,
        )
        self._ages = {each.value: ages.labels(each.value) for each in EventClass}
        self._refused = Counter(
            "menshen_ingest_refused",
            "Batches of nodes that were refused, by status; 429 asks the node to wait.",
            ["status"],
            registry=registry,
        )
        put_off = Counter(
            "menshen_ingest_put_off",
            "Batches of nodes that were told to come again, by reason: busy (more waits than can be"
            " written) or limited (this node sends without end).",
            ["reason"],
            registry=registry,
        )
        self._put_off = {reason: put_off.labels(reason) for reason in ("busy", "limited")}
        self._requests = Counter(
            "menshen_http_requests", "Requests answered, by status.", ["status"], registry=registry
        )
        for status in ("429", "500", "503"):
            # What is not there yet has no rate: the first ones must be seen, too.
            self._requests.labels(status)
            self._refused.labels(status)
        self._request_s = Histogram(
            "menshen_http_request_seconds",
            "From a request to the beginning of its answer.",
            buckets=REQUEST_S,
            registry=registry,
        )
        self._slow = Counter(
            "menshen_http_slow_requests",
            "Requests whose answer took longer than a second to begin, by route.",
            ["route"],
            registry=registry,
        )
        transactions = Counter(
            "menshen_database_transactions",
            "Transactions that ended, by kind (read, write) and outcome (done, failed).",
            ["kind", "outcome"],
            registry=registry,
        )
        durations = Histogram(
            "menshen_database_transaction_seconds",
            "How long transactions took, the wait for their turn included, by kind.",
            ["kind"],
            buckets=TRANSACTION_S,
            registry=registry,
        )
        self._transactions = {
            (kind, outcome): transactions.labels(kind, outcome)
            for kind in ("read", "write")
            for outcome in ("done", "failed")
        }
        self._transaction_s = {kind: durations.labels(kind) for kind in ("read", "write")}
        self._restarts = Counter(
            "menshen_task_restarts",
            "Background tasks that ended by a mistake and began again, by name.",
            ["task"],
            registry=registry,
        )
        self._sent = Counter(
            "menshen_deliveries",
            "Messages to other systems, by channel and outcome (delivered, failed).",
            ["channel", "outcome"],
            registry=registry,
        )
        build = Gauge(
            "menshen_build_info",
            "What runs here; always 1.",
            ["version", "python"],
            registry=registry,
        )
        build.labels(version("menshen"), platform.python_version()).set(1)

    def took_in(
        self,
        batch: Iterable[tuple[str, datetime]],
        receipt: BatchReceipt,
        *,
        took_s: float,
        now: datetime,
    ) -> None:
        """Count a batch that is stored.

        Args:
            batch: Class and time of each event.
            receipt: What became of it.
            took_s: From its arrival to its durable end.
            now: Aware UTC.
        """
        self._batch.observe(took_s)
        if receipt.duplicates:
            self._duplicates.inc(receipt.duplicates)
        if receipt.conflicts:
            self._conflicts.inc(receipt.conflicts)
        counts, oldest = dict[str, int](), dict[str, datetime]()
        for kind, at in batch:
            counts[kind] = counts.get(kind, 0) + 1
            if kind not in oldest or at < oldest[kind]:
                oldest[kind] = at
        for kind, count in counts.items():
            self._by_class[kind].inc(count)
            self._ages[kind].observe(max(0.0, (now - oldest[kind]).total_seconds()))

    def refused_batch(self, status: int) -> None:
        """Count a batch that was refused."""
        self._refused.labels(_known(status)).inc()

    def put_off(self, reason: str) -> None:
        """Count a batch that is to come again. ``reason`` is ``busy`` or ``limited``."""
        self._put_off[reason].inc()

    def answered(self, status: int, *, took_s: float) -> None:
        """Count a request. ``took_s`` is until its answer began."""
        self._requests.labels(_known(status)).inc()
        self._request_s.observe(took_s)

    def was_slow(self, route: str) -> None:
        """Count a request that was slow. ``route`` is a template, never a path."""
        self._slow.labels(route).inc()

    @contextlib.contextmanager
    def transaction(self, kind: str) -> Iterator[None]:
        """Count one transaction. ``kind`` is ``read`` or ``write``."""
        began_s, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        finally:
            self._transactions[kind, outcome].inc()
            self._transaction_s[kind].observe(time.perf_counter() - began_s)

    def restarted(self, task: str) -> None:
        """Count a background task that ended by a mistake."""
        self._restarts.labels(task).inc()

    def delivered(self, channel: str, *, is_taken: bool, count: int = 1) -> None:
        """Count messages to another system."""
        self._sent.labels(channel, "delivered" if is_taken else "failed").inc(count)


def _known(status: int) -> str:
    text = str(status)
    return text if text in STATUSES else "other"
