import asyncio
import json
import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from config.contract.access import CredentialKind, DenialReason, Direction, DoorState
from config.contract.events import (
    AccessDenied,
    ClockQuality,
    DeviceLost,
    DoorStateChanged,
    Event,
    EventClass,
    EventData,
    FireEnded,
    JournalDropped,
    PanicPressed,
)
from config.contract.identifiers import new_id
from edge.journal import Journal, JournalError, JournalUnusableError
from edge.journal_file import ROOM_SHORT, Draft, JournalFile
from tests.edge.conftest import NOW, make_journal, wait_until
from tests.edge.small_disk import can_mount, on_small_disk

ROOT = Path(__file__).parents[2]
OPENED = DoorStateChanged(device="gate-east", state=DoorState.OPEN)
DENIED = AccessDenied(
    decision_id=new_id(),
    access_point="east",
    direction=Direction.IN,
    reason=DenialReason.UNKNOWN_CARD,
    credential=CredentialKind.CARD,
)
LOST = DeviceLost(device="gate-east", detail="no answer")
WRITER = [sys.executable, "-m", "tests.edge.journal_writer"]


def append(journal: Journal, data: EventData, *, subject: str | None = None) -> Event:
    return journal.submit(data, subject=subject, now=NOW).result(timeout=60)


def unsent(journal: Journal) -> list[Event]:
    return asyncio.run(journal.unsent(count_max=10_000))


def draft(data: EventData) -> Draft:
    return Draft(
        id=new_id(),
        data=data,
        subject=None,
        occurred_at=NOW,
        clockquality=ClockQuality.SYNCHRONISED,
    )


def reopened(folder: Path) -> Journal:
    journal = make_journal(folder)
    journal.start()
    return journal


def test_an_appended_event_has_its_place(journal: Journal) -> None:
    event = append(journal, OPENED, subject="east")

    assert event.source == "/demo/gate-1/east"
    assert (event.subject, event.event_class, event.sequence) == ("east", EventClass.TELEMETRY, 1)
    assert event.epoch == journal.status.epoch
    assert event.parsed() == OPENED


def test_an_event_of_the_node_itself_has_the_node_as_subject(journal: Journal) -> None:
    event = append(journal, OPENED)

    assert (event.source, event.subject) == ("/demo/gate-1", "gate-1")


def test_each_class_counts_without_a_gap(journal: Journal) -> None:
    events = [append(journal, data) for data in (OPENED, LOST, OPENED, LOST, OPENED)]

    assert [event.sequence for event in events] == [1, 1, 2, 2, 3]
    assert journal.status.last_sequences[EventClass.TELEMETRY] == 3
    assert journal.status.last_sequences[EventClass.FIRE] == 0


def test_who_is_in_danger_waits_behind_no_other_alarm(journal: Journal) -> None:
    """After a day without central thousands may wait."""
    pressed = PanicPressed(button="desk", active=True)
    fire = FireEnded(fire_id=new_id(), zone="building")
    for data in (LOST, LOST, pressed, OPENED, LOST, fire, pressed):
        append(journal, data)

    urgent = asyncio.run(journal.urgent(count_max=10))
    first = asyncio.run(journal.urgent(count_max=1))

    assert [event.parsed() for event in urgent] == [fire, pressed, pressed]
    assert [event.parsed() for event in first] == [fire]
    assert [event.sequence for event in urgent[1:]] == [3, 5]
    assert len(unsent(journal)) == 7


def test_the_urgent_class_is_sent_first(journal: Journal) -> None:
    for data in (OPENED, LOST, OPENED, LOST):
        append(journal, data)

    events = unsent(journal)

    assert [(event.event_class.value, event.sequence) for event in events] == [
        ("alarm", 1),
        ("alarm", 2),
        ("telemetry", 1),
        ("telemetry", 2),
    ]


def test_an_acknowledged_event_is_not_sent_again(journal: Journal) -> None:
    first, second = append(journal, OPENED), append(journal, OPENED)

    asyncio.run(journal.acknowledge([first]))
    asyncio.run(journal.acknowledge([first]))

    assert unsent(journal) == [second]
    assert journal.status.unsent_count == 1


def test_sequence_and_epoch_survive_a_restart_with_everything_acknowledged(tmp_path: Path) -> None:
    before = reopened(tmp_path)
    event = append(before, OPENED)
    asyncio.run(before.acknowledge([event]))
    before.stop()

    after = reopened(tmp_path)

    assert append(after, OPENED).sequence == 2
    assert after.status.epoch == event.epoch
    after.stop()


def test_a_full_journal_drops_the_oldest_of_the_lowest_class_and_counts_them(
    tmp_path: Path,
) -> None:
    journal = make_journal(tmp_path, event_count_max=10)
    journal.start()
    for data in (OPENED, OPENED, OPENED, *[LOST] * 8):
        append(journal, data)

    alarms = [event for event in unsent(journal) if event.event_class is EventClass.ALARM]
    kept = [event for event in unsent(journal) if event.event_class is EventClass.TELEMETRY]

    assert alarms[-1].parsed() == JournalDropped(
        dropped_class=EventClass.TELEMETRY, first_sequence=1, last_sequence=2
    )
    assert [event.sequence for event in kept] == [3]
    assert len(alarms) == 9
    journal.stop()


def test_no_event_leaves_a_full_journal_uncounted(tmp_path: Path) -> None:
    journal = make_journal(tmp_path, event_count_max=400)
    journal.start()
    for number in range(1_200):
        append(journal, LOST if number % 7 == 0 else OPENED)
    events = unsent(journal)
    journal.stop()

    kept = {(event.event_class, event.sequence) for event in events}
    dropped = [data for event in events if isinstance(data := event.parsed(), JournalDropped)]
    counted = {
        (data.dropped_class, sequence)
        for data in dropped
        for sequence in range(data.first_sequence, data.last_sequence + 1)
    }
    written = {
        (event_class, sequence)
        for event_class, last in journal.status.last_sequences.items()
        for sequence in range(1, last + 1)
    }
    assert kept | counted == written
    assert len(events) <= 400


def test_what_is_on_its_way_to_central_does_not_give_way(tmp_path: Path) -> None:
    journal = make_journal(tmp_path, event_count_max=10)
    journal.start()
    for _ in range(5):
        append(journal, OPENED)
    oldest = unsent(journal)[:2]

    with journal.under_way(oldest), journal.under_way(oldest[:1]):
        append(journal, OPENED)
    kept = [event.sequence for event in unsent(journal) if event.event_class.value == "telemetry"]
    for _ in range(2):
        append(journal, OPENED)
    later = [event.sequence for event in unsent(journal) if event.event_class.value == "telemetry"]
    journal.stop()

    assert kept == [1, 2, 5, 6]
    assert later == [5, 6, 7, 8]


def test_while_the_disk_is_short_a_journal_holds_no_more_than_it_has(tmp_path: Path) -> None:
    file = JournalFile(
        tmp_path / "j.sqlite3", site="demo", node="gate-1", event_count_max=100_000, now=NOW
    )
    drafts = [draft(LOST) for _ in range(ROOM_SHORT + 500)]
    file.append(drafts)

    file.follow_disk(is_short=True)
    file.append(drafts[:100])
    short = file.unsent_count
    file.follow_disk(is_short=False)
    file.append(drafts[:100])
    file.close()

    assert short <= ROOM_SHORT + 500
    assert file.unsent_count == short + 100


def test_a_disk_that_stays_short_takes_no_more_each_time_it_is_looked_at(tmp_path: Path) -> None:
    file = JournalFile(
        tmp_path / "j.sqlite3", site="demo", node="gate-1", event_count_max=100_000, now=NOW
    )
    file.append([draft(DENIED) for _ in range(ROOM_SHORT + 1_000)])

    for _ in range(6):
        file.follow_disk(is_short=True)
        file.append([draft(DENIED)])
    kept = file.unsent_by_class()[EventClass.ACCESS]
    file.close()

    assert kept >= (ROOM_SHORT + 1_000) * 0.98


def test_what_central_holds_costs_no_write_of_its_own(tmp_path: Path) -> None:
    path, log = tmp_path / "j.sqlite3", tmp_path / "j.sqlite3-wal"
    file = JournalFile(path, site="demo", node="gate-1", event_count_max=100, now=NOW)
    told = file.append([draft(LOST), draft(OPENED)])
    before = log.stat().st_size

    file.acknowledge(told)
    file.acknowledge(told[:1])
    after = log.stat().st_size
    left = (file.unsent_count, file.unsent(count_max=9), file.urgent(count_max=9))
    later = file.append([draft(OPENED)])
    file.acknowledge(later)
    file.close()
    again = JournalFile(path, site="demo", node="gate-1", event_count_max=100, now=NOW)

    assert (before, left) == (after, (0, [], []))
    assert (again.unsent_count, again.unsent(count_max=9)) == (0, [])
    again.close()


def test_a_batch_is_found_behind_what_central_holds(tmp_path: Path) -> None:
    file = JournalFile(
        tmp_path / "j.sqlite3", site="demo", node="gate-1", event_count_max=100, now=NOW
    )
    told = file.append([draft(OPENED) for _ in range(9)])

    file.acknowledge(told[:5])

    assert [event.sequence for event in file.unsent(count_max=3)] == [6, 7, 8]
    assert [e.sequence for e in file.unsent(count_max=3, after={}, up_to=None)] == [6, 7, 8]
    file.close()


def test_on_a_full_disk_telemetry_gives_way_and_alarms_are_recorded(tmp_path: Path) -> None:
    """The disk is a real one where the machine lets one be made, else a limit on each file."""
    command = [*WRITER, str(tmp_path), "--crowded"]
    if can_mount(tmp_path):
        command = on_small_disk(command, tmp_path, size="3m")
    seen = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)

    counted = {n for _, first, last in seen["dropped"] for n in range(first, last + 1)}
    assert (seen["refused_count"], seen["alarm_count"]) == (0, 300)
    assert {event_class for event_class, _, _ in seen["dropped"]} == {"telemetry"}
    assert counted | set(seen["kept"]) == set(range(1, seen["last"] + 1))
    assert not counted & set(seen["kept"])


def test_a_disk_that_was_read_only_is_written_once_it_can_be(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(JournalError, match="cannot open"):
            append(reopened(tmp_path / "file"), LOST)
        return
    command = on_small_disk([*WRITER, str(tmp_path), "--read-only"], tmp_path, size="3m")
    seen = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)

    assert "cannot open the journal" in seen["detail"]
    assert seen["types"] == ["menshen.device.lost.v1", "menshen.journal.unwritable.v1"]


def test_a_second_process_is_kept_out(tmp_path: Path, journal: Journal) -> None:
    append(journal, OPENED)
    second = make_journal(tmp_path)

    with pytest.raises(JournalUnusableError, match="another process"):
        second.start()


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()

    with pytest.raises(JournalUnusableError, match="newer version"):
        make_journal(tmp_path).start()


@pytest.mark.parametrize("position", [0, 4096])
def test_a_damaged_file_is_set_aside_and_a_new_epoch_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, position: int
) -> None:
    before = reopened(tmp_path)
    for _ in range(50):
        append(before, OPENED)
    before.stop()
    with (tmp_path / "journal.sqlite3").open("r+b") as file:
        file.seek(position)
        file.write(b"\xa5" * 4096)

    after = reopened(tmp_path)

    assert after.status.epoch != before.status.epoch
    assert append(after, OPENED).sequence == 1
    assert len(list(tmp_path.glob("journal.sqlite3.damaged-*"))) == 1
    assert any(r.levelno == logging.CRITICAL for r in caplog.records)
    after.stop()


def test_a_journal_without_a_folder_says_so_and_works_once_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    journal = make_journal(folder)
    journal.start()

    with pytest.raises(JournalError, match="cannot open"):
        append(journal, LOST)
    journal.note(OPENED, subject="east", now=NOW)
    folder.mkdir()
    wait_until(lambda: journal.status.is_writable)

    assert [event.type for event in unsent(journal)] == [
        "menshen.journal.unwritable.v1",
        "menshen.door.state_changed.v1",
    ]
    journal.stop()


def test_who_listens_hears_of_changes_and_not_of_reading(tmp_path: Path) -> None:
    journal, changes = reopened(tmp_path), list[int]()
    journal.listen(lambda: changes.append(journal.status.unsent_count))

    append(journal, OPENED)
    for _ in range(3):
        unsent(journal)
    asyncio.run(journal.acknowledge(unsent(journal)))
    journal.stop()

    assert changes == [1, 0]


def test_who_wants_to_know_hears_what_central_holds(journal: Journal) -> None:
    heard = list[int]()
    journal.when_acknowledged(lambda events: heard.extend(event.sequence for event in events))

    append(journal, OPENED)
    before = list(heard)
    asyncio.run(journal.acknowledge(unsent(journal)))

    assert (before, heard) == ([], [1])


def test_a_full_disk_loses_nothing_that_was_promised(tmp_path: Path) -> None:
    seen = json.loads(
        subprocess.run(
            [*WRITER, str(tmp_path), "--full"], cwd=ROOT, check=True, capture_output=True
        ).stdout
    )

    assert seen["was_writable"] is False
    assert seen["durable_count"] > 10
    assert seen["sequences"] == list(range(1, seen["durable_count"] + 3))
    assert seen["last_types"] == ["menshen.device.lost.v1", "menshen.journal.unwritable.v1"]
    assert seen["last_data"]["unrecorded_count"] == 1


def test_kill_9_loses_nothing_and_leaves_no_gap(tmp_path: Path) -> None:
    promised: set[tuple[str, int]] = set()
    for _ in range(3):
        with subprocess.Popen(
            [*WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(120)]
            writer.kill()
            lines += [line for line in writer.stdout if line.endswith("\n")]
        promised |= {(line.split()[0], int(line.split()[1])) for line in lines}

    journal = reopened(tmp_path)
    kept = [(event.event_class.value, event.sequence) for event in unsent(journal)]
    journal.stop()

    assert promised <= set(kept)
    for name in ("alarm", "telemetry"):
        sequences = [sequence for found, sequence in kept if found == name]
        assert sequences == list(range(1, len(sequences) + 1))


def test_a_dump_of_version_1_is_opened_twice_by_today_s_code(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.sqlite3") as connection:
        connection.executescript((Path(__file__).parent / "data" / "schema_v1.sql").read_text())
    connection.close()

    for sequence in (4, 5):
        journal = reopened(tmp_path)
        assert append(journal, OPENED).sequence == sequence
        assert str(journal.status.epoch) == "01940000-0000-7000-8000-00000000e70c"
        assert unsent(journal)[0].parsed() == LOST
        journal.stop()
