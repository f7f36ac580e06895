"""A canteen with questions: a debt, a dispute, records that could not be posted, and stars."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from config.contract.money import ChargeLine
from config.site import Site
from config.site_canteen import MerchantEntry, TillEntry
from tests.central.bench import SITE, Bench, running_central
from tests.central.canteen.dining import charge, void
from tests.central.canteen.serving import tell, top_up
from tests.central.diner.acting import DINER, came, plan_meals
from tests.central.payments.acting import cashier, manager

TRAY = (ChargeLine(item="rice", amount_fen=100), ChargeLine(item="pork", amount_fen=1_100))
NAMED: Site = SITE.model_copy(
    update={
        "merchant": (MerchantEntry(id="canteen", name={"en": "Canteen", "zh-CN": "一食堂"}),),
        "till": tuple(
            TillEntry(id=till, node=node, merchant="canteen", name={"en": en, "zh-CN": chinese})
            for till, node, en, chinese in (
                ("till-1", "gate-1", "East till", "东窗口"),
                ("till-2", "gate-2", "West till", "西窗口"),
            )
        ),
    }
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """The site, and whom it is about. Attributes: debt, disputed: charges."""

    bench: Bench
    wang: str
    li: str
    debt: UUID
    disputed: UUID


@contextlib.contextmanager
def undecided(home: Path) -> Iterator[Undecided]:
    """Run central after a lunch that left questions."""
    with running_central(home / "home", site=NAMED) as bench:
        # Whoever comes first makes the site's first account.
        assert bench.administrator
        cashier.cache_clear()
        manager.cache_clear()
        plan_meals(bench)
        wang, li = bench.person("王小明", number="0017"), bench.person("李晓红", number="0018")
        top_up(bench, wang, 1_500)
        top_up(bench, li, 5_000)
        east, west = bench.node(), bench.node("gate-2")
        first, second = charge(wang, lines=TRAY), charge(wang, till="till-2", lines=TRAY)
        tell(east, first)
        bench.clock.advance(seconds=40)
        tell(west, second)
        right, wrong, nowhere = charge(li, lines=TRAY), charge(li, 800), charge(li, merchant="gone")
        tell(east, right, wrong, void(wrong, amount_fen=80), nowhere, first=10)
        tell(east, first.model_copy(update={"amount_fen": 1_300}), first=20)
        telephone, _ = came(bench, li)
        path = f"{DINER}/charges/{right.charge_id}"
        assert telephone.post(f"{path}/dispute", json={"reason": "not_me"}).is_success
        assert telephone.put(f"{path}/rating", json={"stars": 4}).is_success
        yield Undecided(
            bench=bench, wang=wang, li=li, debt=second.charge_id, disputed=right.charge_id
        )
