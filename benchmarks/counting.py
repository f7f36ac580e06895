"""What counting costs: one batch of events, one request, one transaction, one scrape's text.

uv run python -m benchmarks.counting [--json FILE]
"""

import argparse
import json
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from central.metrics.counters import Counters
from config.contract.events import AccessTaken, ClockQuality, Event
from config.contract.identifiers import new_id
from config.contract.nodes import BatchReceipt
from config.exposition import Part, exposition

BATCH: int = 200
ROUNDS: int = 2_000


def _events() -> list[Event]:
    fact = AccessTaken.model_validate(
        {"decision_id": None, "access_point": "lane", "direction": "in"}
    )
    return [
        Event(
            id=new_id(),
            source="/site/gate-1",
            type=fact.type_name,
            time=datetime.now(UTC),
            subject="lane",
            epoch=uuid4(),
            event_class=fact.event_class,
            sequence=number,
            clockquality=ClockQuality.SYNCHRONISED,
            data=fact.model_dump(mode="json"),
        )
        for number in range(1, BATCH + 1)
    ]


def main() -> None:
    """Measure and print microseconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    wish = parser.parse_args()
    counters, batch, now = Counters(), _events(), datetime.now(UTC)
    said = [(event.event_class.value, event.time) for event in batch]
    receipt = BatchReceipt(stored=BATCH, duplicates=0, conflicts=0)

    def transaction() -> None:
        with counters.transaction("write"):
            pass

    works: dict[str, Callable[[], object]] = {
        "batch_us": lambda: counters.took_in(said, receipt, took_s=0.01, now=now),
        "request_us": lambda: counters.answered(200, took_s=0.01),
        "transaction_us": transaction,
        "scrape_us": lambda: exposition([Part({"site": "site"}, counters.registry)]),
    }
    figures: dict[str, float] = {"events_per_batch": BATCH}
    for name, work in works.items():
        rounds = ROUNDS // 20 if name == "scrape_us" else ROUNDS
        figures[name] = round(min(timeit.repeat(work, number=rounds, repeat=3)) / rounds * 1e6, 2)
    print(json.dumps(figures, indent=1))
    if wish.json is not None:
        wish.json.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
