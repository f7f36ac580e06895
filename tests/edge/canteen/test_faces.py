"""What a charge paid by face rests on is told with it; of every other face nothing is."""

import asyncio
from pathlib import Path
from uuid import UUID

from config.contract.events import ChargeRecorded, PayerIdentified
from edge.access.evidence import evidence_of
from edge.canteen.faces import KEPT_COUNT, FacesOfLate
from edge.canteen.facts import face_key, identified
from edge.canteen.screen import Choose, Confirm, Key, NotMe
from edge.canteen.store import Fact
from tests.edge.canteen.making import NOON, PIN
from tests.edge.canteen.power import PluggedTill
from tests.edge.canteen.test_keeping import Kept
from tests.edge.canteen.test_link import charge
from tests.edge.canteen.test_till import Camera, attempt, plugged, settle, told
from tests.edge.conftest import eventually

FACE = evidence_of(attempt(("anna", 0.8)), margin=None, decided_at_s=100.0)


async def seen(made: PluggedTill) -> PayerIdentified:
    """Return the one face that was told of, once it was."""
    await eventually(lambda: bool(told(made, PayerIdentified)))
    [found] = told(made, PayerIdentified)
    assert isinstance(found, PayerIdentified)
    return found


def test_a_face_that_paid_is_told_with_what_was_seen_of_it(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8), ("boris", 0.4)))
            await settle(made)
            await settle(made, 2.0)
            face, [charge] = await seen(made), told(made, ChargeRecorded)

            assert isinstance(charge, ChargeRecorded)
            assert (face.charge_id, face.decision_id, face.holder_id) == (
                charge.charge_id,
                charge.decision_id,
                "anna",
            )
            assert (face.confirmed, face.face.similarity, face.face.threshold) == (
                "silence",
                0.8,
                0.6,
            )
            assert [each.holder_id for each in face.face.candidates] == ["anna", "boris"]

    asyncio.run(act())


def test_nothing_is_told_of_a_face_that_did_not_pay_and_of_what_was_no_face(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            await made.till.do(NotMe())
            await settle(made, 4.0)
            made.till.present_card("2")
            await settle(made)
            await made.told()

            assert len(told(made, ChargeRecorded)) == 1
            assert told(made, PayerIdentified) == []

    asyncio.run(act())


def test_a_card_that_settles_a_doubt_about_a_face_rests_on_no_face(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.watch_with(Camera(200.0, 180.0))
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            made.till.present_card("2")
            await settle(made)
            await made.told()
            [charge] = told(made, ChargeRecorded)

            assert isinstance(charge, ChargeRecorded)
            assert (charge.holder_id, charge.decision_id) == ("boris", None)
            assert told(made, PayerIdentified) == []

    asyncio.run(act())


def test_it_says_how_whoever_was_taken_for_somebody_has_agreed(tmp_path: Path) -> None:
    async def by_key(made: PluggedTill) -> None:
        await made.till.do(Confirm())

    async def by_name(made: PluggedTill) -> None:
        await made.till.do(Choose(number=1))

    async def by_pin(made: PluggedTill) -> None:
        for digit in PIN:
            await made.till.do(Key(key=digit))
        await made.till.do(Confirm())

    async def act() -> None:
        said = list[str]()
        for number, (agree, similarity, beside) in enumerate(
            ((by_key, 0.8, 10.0), (by_name, 0.8, 190.0), (by_pin, 0.57, 10.0))
        ):
            folder = tmp_path / str(number)
            folder.mkdir()
            async with plugged(folder) as made:
                made.till.watch_with(Camera(200.0, beside))
                made.till.show_face(attempt(("anna", similarity)))
                await settle(made)
                await agree(made)
                await settle(made)
                said.append((await seen(made)).confirmed)

        assert said == ["yes", "yes", "pin"]

    asyncio.run(act())


def test_whoever_stood_behind_pays_on_what_was_seen_of_them(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            made.till.show_face(attempt(("boris", 0.9)))
            await settle(made, 2.0)
            await settle(made, 2.0)
            await settle(made, 2.0)
            await eventually(lambda: len(told(made, PayerIdentified)) == 2)
            found = [f for f in told(made, PayerIdentified) if isinstance(f, PayerIdentified)]

            assert [(f.holder_id, f.face.similarity) for f in found] == [
                ("anna", 0.8),
                ("boris", 0.9),
            ]

    asyncio.run(act())


def test_a_charge_that_the_journal_refused_leaves_nothing_of_its_face(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            made.disk.refuses = 1
            await settle(made, 2.0)
            await made.told()

            assert made.screen.phase == "refused"
            assert told(made, PayerIdentified) == []

    asyncio.run(act())


def test_what_the_file_has_of_a_face_is_told_at_the_next_start(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        by_face = charge().model_copy(update={"decision_id": UUID(int=5)})
        seen = identified(by_face, FACE)
        assert seen is not None
        async with kept.running() as keeping:
            await keeping.begin(by_face)
            # The power goes before the journal has heard of it.
            key = str(by_face.charge_id)
            paid = Fact(key, by_face.recorded(), "till-1", NOON)
            kept.store.record(
                by_face, paid, Fact(face_key(by_face.charge_id), seen, "till-1", NOON)
            )
        async with kept.running():
            await kept.all_told()

        assert [type(fact) for fact in kept.told] == [ChargeRecorded, PayerIdentified]

    asyncio.run(act())


def test_faces_of_long_ago_are_forgotten() -> None:
    faces = FacesOfLate()
    kept = [faces.keep(FACE) for _ in range(KEPT_COUNT + 1)]

    assert faces.of(kept[0]) is None
    assert faces.of(kept[-1]) is not None
    assert faces.of(None) is None
