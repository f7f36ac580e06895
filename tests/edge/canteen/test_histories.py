"""No sequence of keys, faces, faults, power cuts and clock jumps charges twice or loses one."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.canteen.screen import CloseTill, Confirm, NotMe, OpenTill, VoidLast
from tests.edge.canteen.making import entry, face
from tests.edge.canteen.power import PluggedTill, PowerCutError

LIMITS = {"repeat_s": 60, "per_day_fen": 50_000, "offline_person_fen": 20_000}
STEPS = st.one_of(
    st.tuples(st.just("card"), st.sampled_from("123")),
    st.tuples(st.just("face"), st.sampled_from([("anna",), ("boris",), ("anna", "boris")])),
    st.tuples(st.just("do"), st.sampled_from([Confirm(), NotMe(), OpenTill(), CloseTill()])),
    st.tuples(st.just("choose"), st.integers(1, 2)),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 2.0, 11.0, 3600.0, 86_400.0])),
    st.tuples(st.just("jump"), st.sampled_from([-7200.0, 7200.0])),
    st.tuples(st.just("says"), st.sampled_from(["reserved", "silent", "short"])),
    st.tuples(st.just("uplink"), st.booleans()),
    st.tuples(st.just("cut"), st.integers(0, 7)),
    st.tuples(st.just("refuse"), st.integers(1, 2)),
    st.tuples(st.just("lose"), st.none()),
    st.tuples(st.just("void"), st.none()),
)


async def act(plugged: PluggedTill, name: str, what: object) -> None:
    till = plugged.till
    match name, what:
        case "card", str(number):
            plugged.taken_count += till.present_card(number)
        case "face", tuple(holders):
            plugged.taken_count += till.sale.found(
                face(*holders), decision_id=None, now=plugged.now, now_s=plugged.now_s
            )
        case "do", (Confirm() | NotMe() | OpenTill() | CloseTill()) as command:
            await till.do(command)
        case "choose", int(number):
            till.sale.choose(number, now=plugged.now, now_s=plugged.now_s)
        case "wait", float(seconds):
            plugged.wait(seconds)
        case "jump", float(seconds):
            plugged.wait(seconds)
            plugged.now_s -= seconds
        case "says", ("reserved" | "silent" | "short") as says:
            plugged.books.says = says
        case "uplink", bool(is_acknowledged):
            plugged.uplink(is_acknowledged=is_acknowledged)
        case "cut", int(steps):
            plugged.power.steps_left = steps
        case "refuse", int(count):
            plugged.disk.refuses = count
        case "lose", _:
            plugged.disk.lose()
        case "void", _:
            last = plugged.screen.can_void
            if last is not None:
                await till.do(VoidLast(charge_id=last))
                await till.do(VoidLast(charge_id=last))
        case _:
            raise AssertionError(name)


async def run(folder: Path, steps: list[tuple[str, object]]) -> PluggedTill:
    plugged = PluggedTill(folder, entry(), limits=LIMITS)
    await plugged.switch_on()
    for name, what in steps:
        doing = asyncio.create_task(act(plugged, name, what))
        await asyncio.wait([doing])
        await plugged.rest()
        if not plugged.power.is_off and doing.exception() is not None:
            assert isinstance(doing.exception(), PowerCutError), doing.exception()
    plugged.disk.refuses = 0
    await plugged.switch_off()
    await plugged.switch_on()
    await plugged.told()
    plugged.uplink(is_acknowledged=True)
    await plugged.switch_off()
    return plugged


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=24))
def test_whatever_happens_a_meal_is_charged_once_or_not_at_all(
    steps: list[tuple[str, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plugged = asyncio.run(run(Path(folder), steps))

    books, posted = plugged.books, set(plugged.books.posted)
    assert plugged.shown_paid <= posted, "shown as paid and lost"
    assert len(posted - plugged.shown_paid) <= plugged.cut_count, "charged and never shown"
    assert not plugged.keeping.book.unfinished(), "neither paid nor let go"
    assert not posted & books.released, "let go and charged"
    assert len(posted) <= plugged.taken_count, "charged more often than somebody came"
    assert all(len(void_ids) == 1 for void_ids in books.voids.values()), "taken back twice"
    assert set(books.voids) <= posted
    assert [close.charge_ids_sha256 for close in books.closes] == [
        books.digest(close.session_id) for close in books.closes
    ]
