"""A lost card pays nowhere five seconds after it is removed; a new one is of the same person."""

import asyncio
from pathlib import Path

from config.contract.access import CredentialKind
from drivers.base import CredentialKind as ReadKind
from drivers.base import CredentialRead
from edge.access.attempts import CodeShown
from edge.canteen.diner import Diner
from edge.canteen.finder import Finder
from edge.replica import Replica
from tests.central.bench import Bench, running_central
from tests.edge.canteen.making import entry
from tests.edge.conftest import NOW
from tests.system.test_leavers import terminal

WITHIN_S = 60.0
LOST, NEW = "0006547886", "0006547999"


def payer(replica: Replica, number: str) -> str | None:
    """Return whose card a till takes this for, if anybody's."""
    finder = Finder(
        entry(),
        person=replica.person,
        holder_of_card=replica.holder_of_card,
        end_of_card=replica.end_of_card,
        read_code=lambda _: CodeShown(None),
        is_used=lambda _: False,
        order_of_code=lambda _: None,
    )
    found = finder.read(CredentialRead(ReadKind.WIEGAND, number), now=NOW)
    return None if found is None or not found.diners else _only(found.diners)


def _only(diners: tuple[Diner, ...]) -> str:
    (diner,) = diners
    assert diner.credential is CredentialKind.CARD
    return diner.holder_id


async def becomes(replica: Replica, number: str, holder_id: str | None) -> None:
    """Wait until a till takes a card for this person's, or nobody's."""
    async with asyncio.timeout(WITHIN_S):
        while payer(replica, number) != holder_id:  # noqa: ASYNC110 - central is in another thread
            await asyncio.sleep(0.02)


def test_a_lost_card_is_nobodys_once_central_knows_and_a_new_one_the_same_persons(
    tmp_path: Path,
) -> None:
    async def act(bench: Bench) -> None:
        cards = f"/api/v1/people/{(holder_id := bench.person())}/cards"
        browser = bench.administrator
        card = (await asyncio.to_thread(browser.post, cards, json={"number": LOST})).json()
        async with terminal(bench, tmp_path, "gate-1") as replica:
            await becomes(replica, LOST, holder_id)

            gone = await asyncio.to_thread(browser.delete, f"{cards}/{card['card_id']}")
            await becomes(replica, LOST, None)

            assert gone.status_code == 204
            await asyncio.to_thread(browser.post, cards, json={"number": NEW})
            await becomes(replica, NEW, holder_id)
            assert payer(replica, LOST) is None

    with running_central(tmp_path / "home") as bench:
        asyncio.run(act(bench))
