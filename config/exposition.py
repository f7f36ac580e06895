"""What several registries count as one text that Prometheus reads.

A process may be several sites, or one terminal: what is common to all that a registry holds becomes
labels of each of its samples here, so that whoever counts says it nowhere.

Source: Prometheus, "Exposition formats", text format 0.0.4; "Writing exporters", "Labels".
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
CREATED: Final = "_created"
"""When a counter began: a series more for each, which the text format gives nobody a use for."""
PATH: Final = "/metrics"
"""Where Prometheus looks when nobody says otherwise."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """What somebody counts. Attributes: labels: of every sample of it."""

    labels: Mapping[str, str]
    registry: Collector


def exposition(parts: Sequence[Part]) -> bytes:
    """Return all parts as one text; a family that several have is one family."""
    together = CollectorRegistry(auto_describe=False)
    together.register(_Together(parts))
    return generate_latest(together)


class _Together(Collector):
    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Yield every family once, with the samples of all parts."""
        families = dict[str, Metric]()
        for part in self._parts:
            for found in part.registry.collect():
                family = families.get(found.name)
                if family is None:
                    family = Metric(found.name, found.documentation, found.type, found.unit)
                    families[found.name] = family
                family.samples += [
                    _labelled(sample, part.labels)
                    for sample in found.samples
                    if not sample.name.endswith(CREATED)
                ]
        yield from families.values()


def _labelled(sample: Sample, labels: Mapping[str, str]) -> Sample:
    return sample._replace(labels={**labels, **sample.labels})
