"""People at the canteen's office, and meals that tills have told."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert

from central.canteen.repository import keep_places
from central.database import Transaction
from central.ledger import repository as ledger
from central.tables import units
from config.contract.access import CredentialKind
from config.contract.events import (
    ChargeRecorded,
    ChargeVoided,
    FaceEvidence,
    PayerIdentified,
    TillClosed,
    TillOpened,
)
from config.contract.identifiers import new_id
from config.contract.money import ChargeLine, ChargeMode
from config.site import Site
from config.site_canteen import MerchantEntry, TillEntry
from tests.central.bench import SITE, Bench, Node, running_central

API = "/api/v1"
OFFICE = f"{API}/canteen/office"
CANTEEN = SITE.model_dump(by_alias=True) | {
    "merchant": [{"id": "canteen", "name": {"zh-CN": "一食堂", "en": "Canteen"}}],
    "till": [{"id": "east", "node": "gate-1", "merchant": "canteen"}],
}
UNIT = "11111111-1111-4111-8111-111111111111"


@contextlib.contextmanager
def canteen(home: Path, *, database: str | None = None) -> Iterator[Bench]:
    """Run central of a site with a canteen."""
    site = Site.model_validate(CANTEEN)
    with running_central(home / "home", database=database, site=site) as bench:
        # Whoever comes first makes the site's first account.
        assert bench.administrator
        yield bench


def manager(bench: Bench) -> httpx.Client:
    """Return the browser of a new canteen manager."""
    return bench.planted("canteen_manager").client


def with_drawer(client: httpx.Client, float_fen: int = 0) -> httpx.Client:
    """Return the same browser, with a cash drawer open."""
    opening = {"key": str(new_id()), "float_fen": float_fen}
    assert client.post(f"{OFFICE}/drawers", json=opening).status_code == 200
    return client


def wish(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of any type
    """Return a wish with a key of its own."""
    return {"kind": kind, "key": str(new_id()), **more}


def do(client: httpx.Client, wanted: dict[str, Any], path: str = "money") -> httpx.Response:
    """Ask for a deed."""
    return client.post(f"{OFFICE}/{path}", json=wanted)


def approved(
    asker: httpx.Client, second: httpx.Client, wanted: dict[str, Any], path: str = "corrections"
) -> httpx.Response:
    """Ask for a deed, let a second person approve it, and ask again."""
    asked = do(asker, wanted, path)
    assert asked.json()["code"] == "approval_needed", asked.text
    reply = second.post(f"{API}/approvals/{asked.json()['approval_id']}/approve")
    assert reply.status_code == 204, reply.text
    return do(asker, wanted, path)


def topped_up(bench: Bench, holder_id: str, amount_fen: int) -> httpx.Response:
    """Put cash into a wallet."""
    client = with_drawer(manager(bench))
    return do(client, wish("top_up", holder_id=holder_id, amount_fen=amount_fen))


def account(bench: Bench, holder_id: str) -> dict[str, Any]:
    """Return what somebody holds, as the office sees it."""
    reply = manager(bench).get(f"{OFFICE}/people/{holder_id}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def held(bench: Bench, holder_id: str) -> tuple[int, int, int]:
    """Return subsidy, cash and what is owed."""
    found = account(bench, holder_id)
    return found["subsidy_fen"], found["cash_fen"], found["owed_fen"]


def balance(bench: Bench, name: str) -> int:
    """Return what an account of the ledger holds."""

    async def ask(transaction: Transaction) -> int:
        return (await ledger.balances(transaction, [name]))[name].posted_fen

    return int(within(bench, ask))


def within(bench: Bench, run: Any) -> Any:  # noqa: ANN401 - whatever it returns
    """Run something in a writing transaction of central's."""
    services = bench.app.state.services

    async def work() -> Any:  # noqa: ANN401 - of any deed
        async with services.database.write() as transaction:
            return await run(transaction)

    return asyncio.run_coroutine_threadsafe(work(), services.loop).result(60)


def with_unit(bench: Bench) -> str:
    """Return the account of a unit that is there."""

    async def come(transaction: Transaction) -> None:
        await transaction.execute(
            insert(units).values(unit_id=UNIT, parent_id=None, name="办公室", path="/办公室")
        )

    within(bench, come)
    return f"unit/{UNIT}"


class Till:
    """A till that tells of its meals."""

    def __init__(self, node: Node) -> None:
        self.node, self.session_id, self._sequence = node, uuid4(), 0

    def _tell(self, fact: Any, at: datetime) -> None:  # noqa: ANN401 - of any event
        self._sequence += 1
        self.node.send(self.node.event(self._sequence, fact=fact, time=at))

    def open(self, *, by: str = "") -> None:
        """Begin a session."""
        fact = TillOpened(session_id=self.session_id, till="east", merchant="canteen", by=by)
        self._tell(fact, self.node.clock())

    def sell(
        self,
        holder_id: str,
        amount_fen: int,
        *lines: ChargeLine,
        seen: FaceEvidence | None = None,
    ) -> UUID:
        """Sell a meal; returns its charge. Args: seen: of the face, where it is told of."""
        charge_id, decision_id = new_id(), None if seen is None else new_id()
        self._tell(
            ChargeRecorded(
                charge_id=charge_id,
                session_id=self.session_id,
                till="east",
                merchant="canteen",
                holder_id=holder_id,
                amount_fen=amount_fen,
                mode=ChargeMode.MENU if lines else ChargeMode.KEYED,
                period="lunch",
                lines=lines,
                credential=CredentialKind.FACE,
                decision_id=decision_id,
            ),
            self.node.clock(),
        )
        if seen is not None and decision_id is not None:
            self._tell(
                PayerIdentified(
                    decision_id=decision_id,
                    charge_id=charge_id,
                    till="east",
                    holder_id=holder_id,
                    credential=CredentialKind.FACE,
                    face=seen,
                    confirmed="silence",
                ),
                self.node.clock(),
            )
        return charge_id

    def void(self, charge_id: UUID, amount_fen: int) -> None:
        """Take a charge back."""
        fact = ChargeVoided(
            void_id=new_id(),
            charge_id=charge_id,
            session_id=self.session_id,
            till="east",
            amount_fen=amount_fen,
        )
        self._tell(fact, self.node.clock())

    def close(self, **sums: Any) -> None:  # noqa: ANN401 - as the event has them
        """End the session with its own sums."""
        fact = TillClosed(session_id=self.session_id, till="east", merchant="canteen", **sums)
        self._tell(fact, self.node.clock())


def taken_back(bench: Bench) -> httpx.Response:
    """Take a top-up back."""
    deed = topped_up(bench, bench.person(), 5000).json()["deed_id"]
    wanted = wish("reversal", deed_id=deed, reason="输错")
    return approved(with_drawer(manager(bench)), manager(bench), wanted)


def refunded(bench: Bench) -> httpx.Response:
    """Refund a charge that a cashier asks for."""
    placed(bench)
    charge_id = Till(bench.node()).sell(bench.person(), 1250)
    wanted = wish("refund", charge_id=str(charge_id), reason="按错")
    return approved(bench.planted("cashier").client, manager(bench), wanted, "refunds")


def confirmed_month(bench: Bench) -> httpx.Response:
    """Confirm a unit's month for the canteen."""
    path = f"{OFFICE}/units/{with_unit(bench)[5:]}/statements/2026-01"
    one = manager(bench)
    said = {"side": "canteen", "name": "王主任", "sha256": one.get(path).json()["sha256"]}
    return one.post(f"{path}/confirmations", json=said)


def placed(bench: Bench) -> None:
    """Let a site without a canteen have one."""
    till = TillEntry(id="east", node="gate-1", merchant="canteen")
    within(bench, lambda work: keep_places(work, [MerchantEntry(id="canteen")], [till]))


def signed_day(bench: Bench) -> httpx.Response:
    """Sign a day on which nothing was sold."""
    placed(bench)
    one = manager(bench)
    seen = one.get(f"{OFFICE}/days/canteen/2026-01-05").json()
    said = {"merchant": "canteen", "day": "2026-01-05", "sha256": seen["sha256"]}
    return one.post(f"{OFFICE}/days", json=said)


def drawer_of(bench: Bench, deed: str = "", **said: Any) -> httpx.Response:  # noqa: ANN401 - fields
    """Open a drawer, and do something about it."""
    client, opening = manager(bench), {"key": str(new_id()), "float_fen": 1000}
    opened = client.post(f"{OFFICE}/drawers", json=opening)
    return client.post(f"{OFFICE}/drawers/{opening['key']}/{deed}", json=said) if deed else opened


def explained_drawer(bench: Bench) -> httpx.Response:
    """Say what a difference is."""
    missing = drawer_of(bench, "count", counted_fen=900).json()["drawer_id"]
    path = f"{OFFICE}/drawers/{missing}/explanation"
    return manager(bench).post(path, json={"words": "找错零"})


def signed_cash_day(bench: Bench) -> httpx.Response:
    """Sign a day on which nobody took cash."""
    one = manager(bench)
    seen = one.get(f"{OFFICE}/cash/2026-01-05").json()
    return one.post(f"{OFFICE}/cash", json={"day": "2026-01-05", "sha256": seen["sha256"]})
