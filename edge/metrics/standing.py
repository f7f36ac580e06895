"""How things stand at this terminal, at one scrape."""

import dataclasses
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from config.contract.events import ClockQuality, EventClass
from config.contract.nodes import NodeStatus
from drivers.turns import LATENCY_BOUNDS_MS, UnitCounts
from edge.machine.disk import MEGABYTE

_BUCKETS: Final = (*(f"{bound / 1000:g}" for bound in LATENCY_BOUNDS_MS), "+Inf")


class Line(Protocol):
    """A bus, as far as it is asked here."""

    @property
    def units(self) -> tuple[int | str, ...]:
        """Whom anybody has exchanged anything with."""

    @property
    def problem(self) -> str | None:
        """What is wrong with the line; None while it is open."""

    def counts(self, unit_id: int | str) -> UnitCounts:
        """Return what became of the exchanges with a unit."""


class Camera(Protocol):
    """Whoever watches a camera, as far as it is asked here."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What the recognition did since the start."""

    @property
    def recognised_s(self) -> float:
        """How long it worked at pictures since the start."""

    @property
    def captured_at_s(self) -> float | None:
        """When the newest picture came, monotonic; None where none did."""


class Polled(Protocol):
    """A device's task. Attributes: cycle_s: between the beginnings of its last two polls."""

    cycle_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a scrape reads.

    Attributes:
        unsent: Events that wait for central, by class; None where the journal did not answer.
        clock_offset_s: Central's time less the system's, as last compared.
        written_bytes: That this process wrote to disks; None where the kernel does not say.
        cameras: By access point or till.
        devices: Devices by their line, of those that are polled.
    """

    status: NodeStatus
    is_connected: bool
    unsent: Mapping[EventClass, int] | None
    clock_offset_s: float | None
    written_bytes: int | None
    lines: Mapping[str, Line]
    devices: Iterable[tuple[str, str, Polled]]
    cameras: Mapping[str, Camera]


class MomentCollector(Collector):
    """One terminal at one moment."""

    def __init__(self, moment: Moment) -> None:
        """Take what was read."""
        self._moment = moment

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._of_the_terminal()
        yield from self._of_lines()
        yield from self._of_devices()
        yield from self._of_cameras()

    def _of_the_terminal(self) -> Iterator[Metric]:
        moment, status = self._moment, self._moment.status
        build = GaugeMetricFamily(
            "menshen_edge_build_info", "What runs here; always 1.", labels=["version", "python"]
        )
        build.add_metric([status.version, platform.python_version()], 1)
        yield build
        if moment.unsent is not None:
            unsent = GaugeMetricFamily(
                "menshen_edge_unsent_events",
                "Events that central has not acknowledged, by class.",
                labels=["class"],
            )
            for each in EventClass:
                unsent.add_metric([each.value], moment.unsent.get(each, 0))
            yield unsent
        if moment.clock_offset_s is not None:
            yield GaugeMetricFamily(
                "menshen_edge_clock_offset_seconds",
                "Central's time less the system's, as last compared (whole seconds).",
                value=moment.clock_offset_s,
            )
        yield from self._of_the_machine()
        for name, text, number in (
            ("central_connected", "Whether central took what it was told.", moment.is_connected),
            ("journal_writable", "Whether the journal can be written.", status.is_journal_writable),
            (
                "clock_trusted",
                "Whether the clock was compared with central's of late.",
                status.clockquality is ClockQuality.SYNCHRONISED,
            ),
            (
                "replica_outdated",
                "Whether people and rules are older than the site allows.",
                status.is_replica_outdated,
            ),
            ("gallery_people", "People who are searched by face.", status.gallery_size),
            (
                "missing_recognition_files",
                "Files of the site's recognition that are missing here.",
                len(status.pipeline_missing),
            ),
            (
                "fires_standing",
                "Fires that stand here, drills included.",
                0 if status.fire is None else len(status.fire.fires),
            ),
        ):
            yield GaugeMetricFamily(f"menshen_edge_{name}", text, value=float(number))

    def _of_the_machine(self) -> Iterator[Metric]:
        disk, clock = self._moment.status.disk, self._moment.status.clock
        if self._moment.written_bytes is not None:
            yield CounterMetricFamily(
                "menshen_edge_written_bytes",
                "Bytes that this process had written to disks.",
                value=self._moment.written_bytes,
            )
        if disk is not None:
            yield GaugeMetricFamily(
                "menshen_edge_disk_free_bytes",
                "Room on the disk below the state folder, in steps of 10 MB.",
                value=disk.free_mb * MEGABYTE,
            )
        if clock is not None and clock.drift_s_a_day is not None:
            yield GaugeMetricFamily(
                "menshen_edge_clock_drift_seconds_per_day",
                "By how much the system's clock loses against the site's time.",
                value=clock.drift_s_a_day,
            )

    def _of_lines(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "menshen_edge_line_up", "Whether a line's port is open.", labels=["line"]
        )
        outcomes = CounterMetricFamily(
            "menshen_edge_exchanges",
            "Exchanges on a line: answered, timed out, with noise, answered late.",
            labels=["line", "outcome"],
        )
        times = HistogramMetricFamily(
            "menshen_edge_exchange_seconds",
            "How long answered exchanges took; the sum is not kept.",
            labels=["line"],
        )
        for name, line in self._moment.lines.items():
            counts = [line.counts(unit) for unit in line.units]
            up.add_metric([name], float(line.problem is None))
            for outcome in ("answered", "timed_out", "noise", "late"):
                outcomes.add_metric([name, outcome], sum(getattr(c, outcome) for c in counts))
            added, buckets = 0, list[tuple[str, float]]()
            for index, bound in enumerate(_BUCKETS):
                added += sum(c.latency_counts[index] for c in counts)
                buckets.append((bound, added))
            times.add_metric([name], buckets, sum_value=None)
        yield from (up, outcomes, times)

    def _of_devices(self) -> Iterator[Metric]:
        current = GaugeMetricFamily(
            "menshen_edge_device_current",
            "1 for a device or camera that answers, 0 for one that is lost.",
            labels=["device", "kind"],
        )
        for status in self._moment.status.devices:
            if not status.is_awaited:
                current.add_metric([status.device, status.kind], float(status.is_current))
        cycles = GaugeMetricFamily(
            "menshen_edge_poll_cycle_seconds",
            "Between the beginnings of a device's last two polls.",
            labels=["line", "device"],
        )
        for line, device, task in self._moment.devices:
            cycles.add_metric([line, device], task.cycle_s)
        yield from (current, cycles)

    def _of_cameras(self) -> Iterator[Metric]:
        frames = CounterMetricFamily(
            "menshen_edge_camera_frames",
            "Pictures, by what became of them: searched, skipped, damaged; and how many faces were"
            " compared (embedded) or led to a decision (attempts).",
            labels=["point", "outcome"],
        )
        ages = GaugeMetricFamily(
            "menshen_edge_camera_frame_age_seconds",
            "How old the newest picture is.",
            labels=["point"],
        )
        times = CounterMetricFamily(
            "menshen_edge_recognition_seconds",
            "How long the recognition worked at pictures.",
            labels=["point"],
        )
        now_s = time.monotonic()
        for point, camera in self._moment.cameras.items():
            counts = camera.counts
            for outcome in ("searched", "skipped", "damaged", "embedded", "attempts"):
                frames.add_metric([point, outcome], counts.get(outcome, 0))
            times.add_metric([point], camera.recognised_s)
            if camera.captured_at_s is not None:
                ages.add_metric([point], max(0.0, now_s - camera.captured_at_s))
        yield from (frames, ages, times)
