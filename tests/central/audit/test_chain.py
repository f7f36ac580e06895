"""The chain by itself."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.audit.chain import START, Entry, Mark, Verdict, Verifier, canonical
from central.audit.notes import action_of, objects_of

AT = datetime(2026, 11, 28, 8, tzinfo=UTC)
HASH = "0581041ac154baed688b848400c2249a95242dc6d1b2f7b6a47e64526ec41cfe"
"""Of the first entry of `chain`, by another program."""


def chain(length: int) -> list[Entry]:
    entries, head = list[Entry](), START
    for number in range(1, length + 1):
        entry = Entry(
            sequence=number, at=AT, actor="user:1", address="10.0.0.1", action="people_post",
            objects=f"person:{number}", purpose="", detail="{}", previous=head.hash,
        )  # fmt: skip
        entries.append(entry)
        head = entry.mark
    return entries


def verdict(
    stored: list[tuple[Entry, str]], head: Mark | None, *, known: Mark | None = None
) -> Verdict:
    verifier = Verifier(known=known)
    for entry, digest in stored:
        verifier.take(entry, digest)
    return verifier.verdict(head)


def with_hashes(entries: list[Entry]) -> list[tuple[Entry, str]]:
    return [(entry, entry.hash) for entry in entries]


def test_the_hash_of_an_entry_stays_what_it_was() -> None:
    (entry,) = chain(1)

    assert entry.hash == HASH


def test_a_chain_as_it_was_written_is_whole() -> None:
    entries = chain(3)

    found = verdict(with_hashes(entries), entries[-1].mark)

    assert dataclasses.asdict(found) == {
        "ok": True, "entries": 3, "first": 1, "last": 3, "broken_at": None,
    }  # fmt: skip


def test_an_empty_log_is_whole() -> None:
    assert verdict([], START).ok


@given(
    length=st.integers(2, 6),
    at=st.integers(0, 5),
    field=st.sampled_from(["actor", "address", "action", "objects", "purpose", "detail"]),
)
def test_whatever_is_changed_in_an_entry_is_found_there(length: int, at: int, field: str) -> None:
    entries, at = chain(length), at % length
    stored = with_hashes(entries)
    forged: dict[str, Any] = {field: "forged"}
    stored[at] = (dataclasses.replace(entries[at], **forged), stored[at][1])

    assert verdict(stored, entries[-1].mark).broken_at == at + 1


@given(length=st.integers(2, 6), at=st.integers(0, 4))
def test_an_entry_that_is_written_anew_breaks_the_next(length: int, at: int) -> None:
    entries, at = chain(length), at % (length - 1)
    stored = with_hashes(entries)
    forged = dataclasses.replace(entries[at], actor="user:2")
    stored[at] = (forged, forged.hash)

    assert verdict(stored, entries[-1].mark).broken_at == at + 2


def test_two_entries_that_changed_places_are_found() -> None:
    entries = chain(4)
    first, second = entries[1], entries[2]
    swapped = [
        entries[0],
        dataclasses.replace(second, sequence=2),
        dataclasses.replace(first, sequence=3),
        entries[3],
    ]

    assert verdict(with_hashes(swapped), entries[-1].mark).broken_at == 2


def test_an_entry_that_is_gone_is_found() -> None:
    entries = chain(4)

    assert verdict(with_hashes([*entries[:1], *entries[2:]]), entries[-1].mark).broken_at == 2


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_tail_that_was_cut_off_is_found_by_the_head(left: int) -> None:
    entries = chain(4)

    assert verdict(with_hashes(entries[:left]), entries[-1].mark).broken_at == left + 1


def test_a_tail_that_was_cut_off_together_with_its_head_is_found_by_a_mark_kept_elsewhere() -> None:
    entries = chain(4)
    short = with_hashes(entries[:2])

    assert verdict(short, entries[1].mark).ok
    assert verdict(short, entries[1].mark, known=entries[3].mark).broken_at == 3
    assert verdict(with_hashes(entries), entries[3].mark, known=entries[1].mark).ok
    assert verdict(short, entries[1].mark, known=Mark(2, "f" * 64)).broken_at == 2


def test_a_head_that_is_gone_is_found() -> None:
    assert verdict(with_hashes(chain(2)), None).broken_at == 1


def test_a_mark_is_read_as_it_is_written() -> None:
    mark = Mark(17, "ab" * 32)

    assert Mark.parse(f" {mark}\n") == mark


@pytest.mark.parametrize("line", ["", "17", "17:ab", f"x:{'a' * 64}"])
def test_what_is_no_mark_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"mark|int"):
        Mark.parse(line)


def test_json_is_written_in_one_way() -> None:
    assert canonical({"b": [1, "王"], "a": None}) == '{"a":null,"b":[1,"王"]}'


def test_an_operation_has_a_word_and_objects_without_personal_numbers() -> None:
    assert action_of("DELETE", "/people/{holder_id}/cards/{card_id}") == "people_cards_delete"
    assert action_of("GET", "/face-migration/people.csv") == "face_migration_people_csv_get"
    assert objects_of({"holder_id": 1, "node": "gate-1", "number": "17"}) == (
        "person:1", "node:gate-1",
    )  # fmt: skip
