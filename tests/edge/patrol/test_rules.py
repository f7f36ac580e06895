"""Which reading is a scan of which checkpoint, and by whom."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.site_patrol import CheckpointEntry, PatrolReaderEntry, PatrolSettings
from drivers.base import CredentialKind
from edge.access.question import Person
from edge.patrol.rules import PatrolRules, Scan, is_guard

TAG, CARD, OTHER_CARD = "010063E9AE", "0100000001", "0100000002"
EM, QR = CredentialKind.EM4100, CredentialKind.QR
NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CARDS = {CARD: "anna", OTHER_CARD: "ben"}


def guards(numbers: tuple[str, ...]) -> str | None:
    return next((CARDS[number] for number in numbers if number in CARDS), None)


class Wall:
    """A tag on the roof, a fixed reader at the plant, and a reader that is carried."""

    def __init__(self) -> None:
        roof = CheckpointEntry(id="roof", credential="0006547886", fallback="roof-code-7")
        plant = CheckpointEntry(id="plant", device="wall")
        carried = PatrolReaderEntry(device="carried", access_point="east", guard_kept_min=60)
        self.rules = PatrolRules(PatrolSettings(), [roof, plant], [carried])

    def read(
        self, number: str, at_s: float, *, reader: str = "carried", kind: CredentialKind = EM
    ) -> Scan | None:
        return self.rules.read(reader, kind, number, guards=guards, now_s=at_s)


def test_a_carried_reader_names_the_guard_whose_card_it_read_last() -> None:
    wall = Wall()

    nobody = wall.read(TAG, 0.0)
    shown = wall.read(CARD, 40.0)
    anna = wall.read(TAG, 50.0)
    wall.read(OTHER_CARD, 60.0)
    ben = wall.read(TAG, 70.0)

    assert shown is None
    assert nobody == Scan("roof", None, "none")
    assert (anna, ben) == (Scan("roof", "anna", "card"), Scan("roof", "ben", "card"))


def test_a_duplicate_read_while_the_tag_is_held_counts_once() -> None:
    """RDM6300: a tag that is held is repeated every 50 to 65 ms."""
    wall = Wall()

    scans = [wall.read(TAG, index * 0.065) for index in range(600)]

    assert len([scan for scan in scans if scan is not None]) == 1


def test_a_second_visit_by_the_same_guard_counts_again() -> None:
    """Frigate #18738: a second passage by the same one was ignored."""
    wall = Wall()

    first, again, later = (wall.read(TAG, at_s) for at_s in (0.0, 29.0, 60.0))

    assert (first is not None, again, later is not None) == (True, None, True)


def test_twenty_points_in_less_than_15_minutes_are_twenty_scans() -> None:
    """LiinooRF/Guard #10."""
    points = [CheckpointEntry(id=f"p{n}", credential=f"01000000{n:02X}") for n in range(20)]
    rules = PatrolRules(PatrolSettings(), points, [PatrolReaderEntry(device="carried")])

    scans = [
        rules.read("carried", EM, f"01000000{n:02X}", guards=lambda _: None, now_s=n * 44.0)
        for n in range(20)
    ]

    assert [scan.checkpoint for scan in scans if scan] == [f"p{n}" for n in range(20)]


def test_a_code_is_marked_as_a_fallback_and_names_nobody() -> None:
    """LiinooRF/Guard #227."""
    wall = Wall()

    wall.read(CARD, 0.0, kind=QR)
    scan = wall.read("roof-code-7", 1.0, kind=QR)

    assert scan == Scan("roof", None, "none", is_fallback=True)


def test_a_fixed_reader_names_whoever_shows_a_card_there() -> None:
    wall = Wall()

    anna = wall.read(CARD, 0.0, reader="wall")
    held = wall.read(CARD, 1.0, reader="wall")
    ben = wall.read(OTHER_CARD, 2.0, reader="wall")
    stranger = wall.read("0100000009", 3.0, reader="wall")

    assert (anna, held, ben) == (Scan("plant", "anna", "card"), None, Scan("plant", "ben", "card"))
    assert stranger == Scan("plant", None, "none"), "a card that is not known yet is evidence, too"


def test_a_guard_who_has_not_used_the_reader_for_long_carries_it_no_more() -> None:
    wall = Wall()
    wall.read(CARD, 0.0)

    kept = wall.read(TAG, 3_599.0)
    gone = wall.read(TAG, 3_599.0 + 3_601.0)

    assert kept is not None
    assert kept.holder_id == "anna"
    assert gone is not None
    assert gone.holder_id is None


def test_a_guard_who_was_let_through_carries_the_reader_of_that_gate() -> None:
    wall = Wall()
    wall.rules.let_through("west", "ben", "face", 0.0)
    wall.rules.let_through("east", "anna", "face", 0.0)

    assert wall.read(TAG, 1.0) == Scan("roof", "anna", "face")


def test_a_reader_of_a_gate_is_no_business_of_patrols() -> None:
    assert Wall().read(TAG, 0.0, reader="gate-reader") is None


@given(st.sampled_from(CredentialKind), st.text(max_size=400), st.sampled_from(["wall", "carried"]))
def test_hostile_bytes_are_no_scan_of_a_tag_and_raise_nothing(
    kind: CredentialKind, text: str, reader: str
) -> None:
    scan = Wall().read(text, 0.0, reader=reader, kind=kind)

    assert scan is None or scan.holder_id is None


@pytest.mark.parametrize(
    ("person", "is_one"),
    [
        (Person(holder_id="a", profiles=frozenset({"guards"})), True),
        (Person(holder_id="a", profiles=frozenset({"staff"})), False),
        (Person(holder_id="a"), False),
        (Person(holder_id="a", is_active=False, profiles=frozenset({"guards"})), False),
        (
            Person(holder_id="a", valid_from=LATER, profiles=frozenset({"guards"})),
            False,
        ),
        (Person(holder_id="a", valid_until=NOW, profiles=frozenset({"guards"})), False),
        (None, False),
    ],
)
def test_a_guard_is_somebody_valid_with_a_profile_of_guards(
    person: Person | None, is_one: bool
) -> None:
    assert is_guard(person, frozenset({"guards"}), now=NOW) is is_one


def test_without_profiles_whoever_has_a_card_is_a_guard() -> None:
    assert is_guard(Person(holder_id="a"), frozenset(), now=NOW)
