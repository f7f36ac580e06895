"""A scrape as Prometheus reads it."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.central.bench import Bench

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(bench: Bench) -> Samples:
    """Return every sample of central by its name and labels, the site's left out."""
    reply = httpx.get(f"{bench.url}/metrics")
    assert reply.status_code == 200, reply.text
    return samples_of(reply.text, without=frozenset({"site"}))


def samples_of(text: str, *, without: frozenset[str] = frozenset()) -> Samples:
    """Return every sample of a text."""
    return {
        (sample.name, frozenset((k, v) for k, v in sample.labels.items() if k not in without)): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """Return one sample."""
    return samples[name, frozenset(labels.items())]
