"""A one-time code pays once: over power cuts, at two tills of a node, and until it is over."""

import asyncio
import dataclasses
import sqlite3
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from config.contract.visitor_code import VisitorCode
from edge.access.attempts import CodeShown
from edge.canteen import codes
from edge.canteen.book import Charge
from edge.canteen.codes import KEPT_AFTER, OneTimeCode
from edge.canteen.keeping import Keeping
from edge.canteen.screen import TillRefusal
from edge.canteen.store import Store
from edge.kept_file import KeptFileError
from tests.edge.canteen.making import ANNA, NOON, Known, entry
from tests.edge.canteen.power import Disk, PluggedTill, Power
from tests.edge.canteen.test_link import charge
from tests.edge.canteen.test_till import settle
from tests.edge.conftest import eventually

HOLDER = UUID(int=7)
CODE = VisitorCode(
    holder_id=HOLDER,
    nonce="00112233aabbccdd",
    valid_from=NOON,
    valid_until=NOON + timedelta(hours=1),
    points=("canteen",),
)
GUEST = dataclasses.replace(ANNA, holder_id=str(HOLDER))
ONCE = OneTimeCode(nonce=CODE.nonce, until=CODE.valid_until)


def on_code(number: int) -> Charge:
    return charge(number).model_copy(update={"code": ONCE})


def opened(folder: Path) -> Store:
    store = Store(folder / "canteen.db")
    store.open()
    return store


def is_begun(store: Store, wanted: Charge) -> bool:
    try:
        store.begin(wanted)
    except KeptFileError:
        return False
    return True


async def scan(made: PluggedTill) -> str:
    """Hold the code to the till; returns what the screen says."""
    made.till.present_code("code")
    await settle(made)
    refusal = made.screen.refusal
    return made.screen.phase if refusal is None else refusal


def with_guest(folder: Path) -> PluggedTill:
    made = PluggedTill(folder, entry(), limits={"repeat_s": 0})
    made.known = Known({str(HOLDER): GUEST})
    made.codes["code"] = CodeShown(CODE)
    return made


def test_a_code_that_was_paid_with_is_refused_after_the_power_went(tmp_path: Path) -> None:
    async def act() -> None:
        made = with_guest(tmp_path)
        await made.switch_on()
        paid = await scan(made)
        await made.switch_off()
        await made.switch_on()
        again = await scan(made)
        await made.switch_off()

        assert (paid, again) == ("paid", TillRefusal.UNKNOWN_CODE)

    asyncio.run(act())


def test_a_code_whose_charge_did_not_come_about_is_good_again(tmp_path: Path) -> None:
    async def act() -> None:
        made = with_guest(tmp_path)
        await made.switch_on()
        made.books.says = "short"
        refused = await scan(made)
        made.books.says = "reserved"
        await settle(made, 5.0)
        paid = await scan(made)
        await made.switch_off()

        assert (refused, paid) == (TillRefusal.SHORT, "paid")

    asyncio.run(act())


def test_two_tills_that_are_shown_one_code_do_not_both_begin(tmp_path: Path) -> None:
    store = opened(tmp_path)

    assert [is_begun(store, on_code(number)) for number in (1, 2)] == [True, False]
    store.close()


def test_a_start_lets_go_of_the_code_of_a_charge_that_it_lets_go(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.begin(on_code(1))
    before = store.book().is_used(CODE.nonce)
    store.release(on_code(1).charge_id)

    assert (before, store.book().is_used(CODE.nonce)) == (True, False)
    store.close()


def test_a_code_is_kept_longer_than_its_charge_and_until_it_has_long_been_over(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path)
    store.begin(on_code(1))
    store.record(on_code(1))
    store.held([str(on_code(1).charge_id)])
    known = list[bool]()
    for now in (CODE.valid_until + KEPT_AFTER, CODE.valid_until + KEPT_AFTER * 1.1):
        store.purge(now=now)
        known.append(store.book().is_used(CODE.nonce))

    assert (store.book().entry(on_code(1).charge_id), known) == (None, [True, False])
    store.close()


def test_a_charge_that_is_forgotten_leaves_its_code_used(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.begin(on_code(1))
    book = store.book()
    book.forget([on_code(1).charge_id])

    assert book.is_used(CODE.nonce)
    store.close()


def test_a_file_of_before_codes_were_kept_is_read(tmp_path: Path) -> None:
    path = tmp_path / "canteen.db"
    schema = Path(codes.__file__).with_name("canteen_schema_v1.sql").read_text(encoding="utf-8")
    old = sqlite3.connect(path)
    old.executescript(schema)
    old.close()

    store = opened(tmp_path)

    assert is_begun(store, on_code(1))
    store.close()


def test_what_the_file_has_forgotten_no_memory_keeps(tmp_path: Path) -> None:
    async def act() -> None:
        store = opened(tmp_path)
        store.begin(on_code(1))
        later = CODE.valid_until + KEPT_AFTER * 1.1
        keeping = Keeping(store, store.book(), Disk(Power()), now=lambda: later)
        before = keeping.book.is_used(CODE.nonce)
        task = asyncio.create_task(keeping.run())
        await eventually(lambda: not keeping.book.is_used(CODE.nonce))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        store.close()

        assert before

    asyncio.run(act())
