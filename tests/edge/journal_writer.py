"""A process that appends to a journal and prints what is durable, until it is killed.

``python -m tests.edge.journal_writer FOLDER`` prints ``CLASS SEQUENCE`` per durable event.
``python -m tests.edge.journal_writer FOLDER --full`` gives the journal too little disk, then more,
and prints what it saw as one JSON document.
``python -m tests.edge.journal_writer FOLDER --crowded`` goes on where others fill the disk.
``python -m tests.edge.journal_writer FOLDER --read-only`` begins on a disk that becomes writable.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from config.contract.access import DoorState
from config.contract.events import (
    DeviceLost,
    DoorStateChanged,
    Event,
    EventClass,
    EventData,
    JournalDropped,
)
from edge.journal import Journal, JournalError
from tests.edge.conftest import NOW, make_journal, wait_until


def endless(folder: Path) -> None:
    """Append from the main thread for ever; say each event when it is durable."""
    journal = make_journal(folder, event_count_max=1_000_000)
    journal.start()

    def say(future: Future[Event]) -> None:
        event = future.result()
        print(event.event_class.value, event.sequence, flush=True)  # noqa: T201 - its purpose

    for number in itertools.count():
        data: EventData = DoorStateChanged(device="gate-east", state=DoorState.OPEN)
        if number % 3 == 0:
            data = DeviceLost(device="gate-east", detail="no answer")
        future = journal.submit(data, subject="east", now=NOW)
        future.add_done_callback(say)
        if number % 8 == 0:
            future.result()


def fill(journal: Journal) -> int:
    """Append until the disk refuses; return how many were durable."""
    for number in itertools.count():
        try:
            journal.submit(
                DeviceLost(device="gate-east", detail="x" * 500), subject=None, now=NOW
            ).result()
        except JournalError:
            return number
    raise AssertionError


def limited(folder: Path, read: Callable[[Journal], list[Event]]) -> dict[str, object]:
    """Let the disk be full for a while."""
    journal = make_journal(folder)
    journal.start()
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    durable_count = fill(journal)
    was_writable = journal.status.is_writable
    journal.count_unrecorded()
    journal.note(DeviceLost(device="gate-west", detail="noted"), subject=None, now=NOW)
    wait_until(lambda: journal.status.unrecorded_count == 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_until(lambda: journal.status.is_writable)
    events = read(journal)
    journal.stop()
    return {
        "durable_count": durable_count,
        "was_writable": was_writable,
        "sequences": [event.sequence for event in events],
        "last_types": [event.type for event in events[-2:]],
        "last_data": events[-1].data,
    }


def crowded(folder: Path, read: Callable[[Journal], list[Event]]) -> dict[str, object]:
    """Record more than there is room for, on a disk that others have filled."""
    if not os.path.ismount(folder):
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    journal = make_journal(folder, event_count_max=100_000)
    journal.start()
    with contextlib.suppress(OSError), (folder / "others").open("wb", buffering=0) as others:
        while others.write(b"x" * 65_536):
            pass
    telemetry: EventData = DoorStateChanged(device="gate-east", state=DoorState.OPEN)
    alarm: EventData = DeviceLost(device="gate-west", detail="x" * 200)
    futures = [
        journal.submit(alarm if number % 20 == 0 else telemetry, subject="east", now=NOW)
        for number in range(6_000)
    ]
    refused_count = sum(future.exception() is not None for future in futures)
    events = read(journal)
    last = journal.status.last_sequences
    journal.stop()
    dropped = [data for event in events if isinstance(data := event.parsed(), JournalDropped)]
    return {
        "refused_count": refused_count,
        "alarm_count": sum(event.type == DeviceLost.type_name for event in events),
        "last": last[EventClass.TELEMETRY],
        "kept": [e.sequence for e in events if e.event_class is EventClass.TELEMETRY],
        "dropped": [(d.dropped_class, d.first_sequence, d.last_sequence) for d in dropped],
    }


def read_only(folder: Path, read: Callable[[Journal], list[Event]]) -> dict[str, object]:
    """Begin on a disk that cannot be written, which somebody mends."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    journal = make_journal(folder)
    journal.start()
    detail = journal.status.detail
    journal.note(DeviceLost(device="gate-west", detail="noted"), subject=None, now=NOW)
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    wait_until(lambda: journal.status.is_writable)
    types = [event.type for event in read(journal)]
    journal.stop()
    return {"detail": detail, "types": types}


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr)
    scenes = {"--full": limited, "--crowded": crowded, "--read-only": read_only}
    if scene := scenes.get(" ".join(sys.argv[2:])):
        document = scene(
            Path(sys.argv[1]), lambda journal: asyncio.run(journal.unsent(count_max=10_000))
        )
        print(json.dumps(document))  # noqa: T201 - its purpose
    else:
        endless(Path(sys.argv[1]))
