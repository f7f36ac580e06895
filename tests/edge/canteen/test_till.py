"""The task of a till: a camera and a reader at one end, a disk and central at the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from config.contract.events import EventData
from config.contract.money_events import ChargeRecorded, TillClosed, TillOpened
from drivers.base import CredentialKind, CredentialRead
from edge.canteen.screen import ChangeMode, CloseTill, Confirm, Key, TypedNumber, VoidLast
from edge.canteen.till import SEEN_S
from edge.vision.attempt import FaceAttempt, ViewBox
from models.face.types import Box, Candidate
from tests.edge.canteen.making import PIN, entry
from tests.edge.canteen.power import PluggedTill
from tests.edge.conftest import eventually


def attempt(*candidates: tuple[str, float]) -> FaceAttempt:
    return FaceAttempt(
        track_id=1,
        first_captured_at_s=99.0,
        captured_at_s=99.1,
        decided_at_s=99.2,
        candidates=[Candidate(key, similarity) for key, similarity in candidates],
        threshold=0.6,
        step_up=0.55,
        margin_min=0.05,
        gallery_size=2,
        frame_count=2,
        network="ab" * 32,
        crop_jpeg=None,
        dropped={},
    )


class Camera:
    """Says how many faces are near, and counts how often it is told to look again."""

    def __init__(self, *widths: float) -> None:
        self.widths, self.look_count = widths, 0

    def look_again(self) -> None:
        self.look_count += 1

    def boxes(self) -> Sequence[ViewBox]:
        return [ViewBox(Box(0, 0, width, width), True, True, None) for width in self.widths]


@asynccontextmanager
async def switched_on(made: PluggedTill) -> AsyncIterator[PluggedTill]:
    await made.switch_on()
    await made.rest()
    try:
        yield made
    finally:
        await made.switch_off()


def plugged(folder: Path, **settings: object) -> AbstractAsyncContextManager[PluggedTill]:
    return switched_on(PluggedTill(folder, entry(**settings), limits={}))


def told(made: PluggedTill, kind: type[EventData]) -> list[EventData]:
    return [f for f in (event.parsed() for event in made.disk.unsent) if isinstance(f, kind)]


async def settle(made: PluggedTill, seconds: float = 0.0) -> None:
    made.wait(seconds)
    await made.rest()
    await made.rest()


def test_a_face_pays_after_its_moment(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            asked = made.screen.question
            await settle(made, 2.0)

            assert asked is not None
            assert (asked.kind, made.screen.phase, made.screen.amount_fen) == (
                "is_it_you",
                "paid",
                1250,
            )
            assert len(told(made, ChargeRecorded)) == 1

    asyncio.run(act())


def test_two_faces_as_near_are_asked_about(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.watch_with(Camera(200.0, 180.0))
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)

            assert made.screen.question is not None
            assert [choice.masked_name for choice in made.screen.question.choices] == ["A**a"]

    asyncio.run(act())


def test_whoever_stood_there_while_another_paid_is_next_and_is_not_forgotten(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            made.till.show_face(attempt(("boris", 0.8)))
            await settle(made, 2.0)
            first = (made.screen.phase, made.screen.masked_name)
            await settle(made, SEEN_S)
            second = made.screen.masked_name
            await settle(made, 2.0)

            assert (first, second) == (("paid", "A**a"), "B***s")
            assert [c.amount_fen for c in made.screen.last] == [3000, 1250]

    asyncio.run(act())


def test_the_same_face_that_was_seen_again_while_it_paid_is_not_asked_again(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made, 2.0)

            assert (made.screen.phase, made.screen.question) == ("paid", None)

    asyncio.run(act())


def test_an_amount_that_stands_has_the_camera_look_again(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, modes=("keyed",)) as made:
            camera = Camera()
            made.till.watch_with(camera)
            await made.till.do(ChangeMode.model_validate({"mode": "keyed"}))
            await made.till.do(Key(key="7"))
            before = camera.look_count
            await made.till.do(Confirm())

            assert [before, camera.look_count] == [0, 1]

    asyncio.run(act())


def test_a_reader_pays_and_another_terminals_face_is_no_card(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, readers=("reader-1",)) as made:
            made.till.observed(CredentialRead(CredentialKind.FACE, "1"))
            await settle(made)
            by_face = len(told(made, ChargeRecorded))
            made.till.observed(CredentialRead(CredentialKind.WIEGAND, "1"))
            await settle(made)

            assert [by_face, len(told(made, ChargeRecorded))] == [0, 1]

    asyncio.run(act())


def test_a_number_that_is_typed_needs_its_pin(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            await made.till.do(TypedNumber(number="1"))
            await settle(made)
            asked = made.screen.question
            for key in PIN:
                await made.till.do(Key(key=key))
            await made.till.do(Confirm())
            await settle(made)

            assert asked is not None
            assert (asked.kind, made.screen.phase) == ("pin", "paid")
            [charge] = told(made, ChargeRecorded)
            assert isinstance(charge, ChargeRecorded)
            assert charge.credential == "pin"

    asyncio.run(act())


def test_a_cashier_takes_back_what_the_page_shows_and_nothing_older(tmp_path: Path) -> None:
    async def act() -> None:
        async with switched_on(PluggedTill(tmp_path, entry(), limits={"repeat_s": 0})) as made:
            for number in "1212":
                made.till.present_card(number)
                await settle(made)
                await settle(made, 11.0)
            shown = [charge.charge_id for charge in made.screen.last]
            facts = [f for f in told(made, ChargeRecorded) if isinstance(f, ChargeRecorded)]
            first = facts[0].charge_id
            taken_back = []
            while (last := made.screen.can_void) is not None:
                await made.till.do(VoidLast(charge_id=last))
                taken_back.append(last)

            await made.till.do(VoidLast(charge_id=first))

            assert taken_back == shown
            assert first not in shown
            session = made.screen.session
            assert session is not None
            sums = made.keeping.book.sums(session.session_id)
            assert (sums.charge_count, sums.void_count) == (1, 3)

    asyncio.run(act())


def test_a_till_that_nobody_attends_opens_by_itself_and_anew_each_day(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, attended=False) as made:
            made.till.present_card("1")
            await settle(made)
            made.wait(86_400.0)
            made.till.refresh()
            await eventually(lambda: len(told(made, TillOpened)) == 2)

            [close] = told(made, TillClosed)
            assert isinstance(close, TillClosed)
            assert (close.charge_fen, close.counted_fen, close.by) == (1250, None, "")

    asyncio.run(act())


def test_a_till_does_not_close_on_somebody_who_pays(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            while_paying = await made.till.do(CloseTill())
            await settle(made, 2.0)

            assert [while_paying, await made.till.do(CloseTill(counted_charges=1))] == [False, True]
            assert made.screen.close is not None
            assert (made.screen.close.charge_fen, made.screen.phase) == (1250, "closed")

    asyncio.run(act())


def test_a_camera_that_is_lost_is_said(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, camera="camera-1") as made:
            before = made.screen.eyes
            made.till.camera_is_able(is_able=True)

            assert [before, made.screen.eyes] == ["lost", "ok"]

    asyncio.run(act())
