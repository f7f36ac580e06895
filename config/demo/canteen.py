"""Lunch in the demo's canteen: a till with a scale, a display and a printer, and its diners.

Nothing here tells the till who eats: it must see it. A diner reads the customer display, as a
person does. After some meals the till's network cable is pulled out, and plugged in again after
some more: they are paid meanwhile, and central has each of them once.
"""

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from config.contract.identifiers import Frozen
from config.contract.trust import NodeToken
from config.demo.cable import Cable
from config.demo.control import CentralControl, SimulatorControl, TerminalControl
from config.demo.processes import Process, Processes

NODE, TILL, MERCHANT, DISH = "till-1", "till-1", "canteen", "buffet"
PURSE_FEN: Final = 20_000
FLOAT_FEN: Final = 20_000
"""What each diner paid in before."""
PLATES_G: Final = (320, 455, 510, 280, 390)
PRICE_FEN, PER_G = 240, 100
LOOK_S: Final = 0.1
PATIENCE_S: Final = 12.0
ONLINE_COUNT, OFFLINE_COUNT = 1, 2
"""Meals before the cable is pulled, and before it is plugged in again."""
PAID, NOT_PAID = "已付", "未付款"

PLAN: Final[dict[str, Any]] = {
    "merchants": [
        {
            "merchant": MERCHANT,
            "periods": [
                {
                    "id": "lunch",
                    "name": {"zh-CN": "午餐", "en": "Lunch"},
                    "begins": "00:00",
                    "ends": "23:59",
                }
            ],
            "dishes": [
                {
                    "id": DISH,
                    "name": {"zh-CN": "自助餐", "en": "Buffet"},
                    "price_fen": PRICE_FEN,
                    "per_g": PER_G,
                    "key": 1,
                }
            ],
        }
    ],
    # Two people eat again and again here, and are not asked whether they mean it.
    "limits": {"repeat_s": 0},
}


@dataclasses.dataclass(slots=True)
class Tally:
    """What happened at the till, as its diners would tell it.

    Attributes:
        paid: Meals by person, as the display said.
        offline: Of them, while the cable was out.
        refused: Diners who went away hungry, by person.
    """

    paid: Counter[str] = dataclasses.field(default_factory=Counter)
    offline: int = 0
    refused: Counter[str] = dataclasses.field(default_factory=Counter)


class Charge(Frozen, extra="ignore"):
    """A charge as central has it. Attributes: is_posted: it is in the ledger."""

    charge_id: UUID
    holder_id: str
    amount_fen: int
    is_posted: bool


class Lunch:
    """The till, and who eats there.

    Attributes:
        tally: Of its diners.
        is_over: The till was online, offline, and online again.
        node: Where it stands.
    """

    node = NODE

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tally, self.is_over = Tally(), asyncio.Event()
        self._hands = dict[str, SimulatorControl]()
        self._cable: Cable | None = None
        self._receipts = folder / "receipts.txt"

    @property
    def ports(self) -> dict[str, str]:
        """The serial ports of its devices, by their names in the site file."""
        names = ("scale", "printer", "customer_display")
        return {name: str(self._folder / f"line-{name}") for name in names}

    async def set_the_table(self, processes: Processes, camera: Process) -> None:
        """Start the hardware of the till."""
        settings = {
            "scale": ("toledo_continuous",),
            "printer": ("escpos_printer", "--set", f"file={self._receipts}"),
            "customer_display": ("pole_display", "--set", "chinese=true"),
        }
        self._hands["camera"] = SimulatorControl(camera.ready)
        for name, words in settings.items():
            device = await processes.start(
                name, "sim", *words, "--port", self.ports[name],
                "--control", "127.0.0.1:0", "--json",
            )  # fmt: skip
            self._hands[name] = SimulatorControl(device.ready)

    async def open(
        self, processes: Processes, central: CentralControl, site: Path, diners: Sequence[str]
    ) -> None:
        """Put the plan in force, let diners pay in, and start the till."""
        manager = CentralControl(central.url)
        link = await central.invite("canteen_manager")
        await manager.accept_invitation(link, username="demo-manager", password=f"{uuid4()}")
        await manager.put("/canteen/plan", made_from=0, plan=PLAN)
        await manager.order("/canteen/office/drawers", key=str(uuid4()), float_fen=FLOAT_FEN)
        for holder_id in diners:
            await central.consent(holder_id, purpose="canteen")
            await manager.order(
                "/canteen/office/money",
                key=str(uuid4()), kind="top_up", holder_id=holder_id, amount_fen=PURSE_FEN,
            )  # fmt: skip
        self._manager = manager
        address = httpx.URL(central.url)
        self._cable = Cable(address.host, address.port or 80)
        await self._cable.open()
        token = NodeToken.from_line(await central.node_token(NODE))
        token = token.model_copy(update={"url": self._cable.url})
        self._edge = await processes.start(
            "till", "edge", "--site", str(site), "--node", NODE,
            "--home", str(self._folder / "till"), "--token", token.to_line(), "--json",
        )  # fmt: skip
        self.terminal = TerminalControl.from_ready(self._edge.ready)

    @property
    def page(self) -> str:
        """The address of the till's page."""
        return f"{self._edge.ready['kiosk']}".partition("?")[0].rstrip("/") + f"/till/{TILL}"

    async def close(self) -> None:
        """Let go of everything."""
        if self._cable is not None:
            await self._cable.close()
            await self._manager.close()
            await self.terminal.close()
        for hand in self._hands.values():
            await hand.close()

    async def serve(
        self, stopping: asyncio.Event, say: Callable[[str], None], *, is_short: bool
    ) -> None:
        """Let diners eat, one after the other, until it is time to stop.

        Args:
            stopping: It is.
            say: Prints a line.
            is_short: End lunch as soon as it has shown all that it has to.
        """
        cable = self._cable
        if cable is None:
            raise ValueError("the till is not open")
        # The cook says once what lies on the plates; the till may not know its prices yet.
        while not await self.terminal.tell_till(TILL, do="dish", dish=DISH):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_S)
        # A stranger goes away hungry, and takes as long: a short lunch has no time for one.
        people = ("astronaut",) if is_short else ("astronaut", "admiral")
        number = online_count = 0
        while not stopping.is_set() and not (is_short and self.is_over.is_set()):
            await self._eat(
                people[number % len(people)], PLATES_G[number % len(PLATES_G)], cable, say
            )
            number += 1
            paid, offline = self.tally.paid.total(), self.tally.offline
            if not cable.is_plugged and offline >= OFFLINE_COUNT:
                cable.plug()
                online_count = paid
                say("the till's cable is plugged in again")
            elif cable.is_plugged and offline == 0 and paid >= ONLINE_COUNT:
                cable.pull()
                say("the till's cable is pulled out")
            elif offline and cable.is_plugged and paid > online_count:
                self.is_over.set()
        cable.plug()

    async def _eat(
        self, person: str, plate_g: int, cable: Cable, say: Callable[[str], None]
    ) -> None:
        scale, camera = self._hands["scale"], self._hands["camera"]
        await scale.act("put", weight_kg=plate_g / 1000)
        await camera.act("approach", photo=person)
        said = await self._read(within_s=PATIENCE_S)
        if said.startswith(PAID):
            self.tally.paid[person] += 1
            self.tally.offline += not cable.is_plugged
            say(f"{person} {said}{'' if cable.is_plugged else ', without central'}")
        else:
            self.tally.refused[person] += 1
            say(f"{person} {said or 'was not asked to pay'}")
        await camera.act("leave")
        await scale.act("remove")
        await self._read(within_s=PATIENCE_S, until_over=True)

    async def _read(self, *, within_s: float, until_over: bool = False) -> str:
        """Return the first line of the display when it says whether somebody has paid."""
        line = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                # A person looks at the display: there is no event to wait for.
                while True:
                    line = str((await self._hands["customer_display"].state())["lines"][0])
                    if line.startswith((PAID, NOT_PAID)) is not until_over:
                        return line
                    await asyncio.sleep(LOOK_S)
        return line

    async def find(self, holders: Mapping[str, str]) -> "LunchFindings":
        """Return what is to be said of lunch, once central has heard of everything."""
        reply = await self._manager.ask("/canteen/charges", limit="500")
        charges = [Charge.model_validate(item) for item in reply["items"]]
        printer = await self._hands["printer"].state()
        left = dict[str, int]()
        for key, holder_id in holders.items():
            account = await self._manager.ask(f"/canteen/office/people/{holder_id}")
            left[key] = int(account["cash_fen"])
        return LunchFindings(
            tally=self.tally,
            charges=charges,
            left_fen=left,
            holders=dict(holders),
            receipt_count=int(printer["receipt_count"]),
        )


@dataclasses.dataclass(slots=True)
class LunchFindings:
    """What the till, central and the printer have of the same lunch.

    Attributes:
        charges: At central.
        left_fen: In each diner's cash wallet, at central.
        holders: Holder id by diner.
        receipt_count: Cut off by the printer.
    """

    tally: Tally
    charges: list[Charge]
    left_fen: dict[str, int]
    holders: dict[str, str]
    receipt_count: int

    def to_json(self) -> dict[str, Any]:
        """Return the demo's part about lunch."""
        return {
            "paid": self.tally.paid.total(),
            "offline": self.tally.offline,
            "charges": sum(charge.is_posted for charge in self.charges),
            "amount_fen": sum(charge.amount_fen for charge in self.charges),
            "receipts": self.receipt_count,
        }

    def problems(self) -> list[str]:
        """Return a line for everything that does not agree to the fen."""
        found = list[str]()
        paid = self.tally.paid.total()
        if self.tally.offline == 0:
            found.append("nobody paid while the till's cable was out")
        posted = {charge.charge_id for charge in self.charges if charge.is_posted}
        if len(self.charges) != paid or len(posted) != paid:
            found.append(
                f"{paid} meals were paid at the till, central has {len(self.charges)} charges and"
                f" {len(posted)} of them in its ledger"
            )
        if self.receipt_count != paid:
            found.append(f"{paid} meals were paid, {self.receipt_count} receipts were printed")
        for diner, holder_id in self.holders.items():
            spent = sum(c.amount_fen for c in self.charges if c.holder_id == holder_id)
            if self.left_fen[diner] + spent != PURSE_FEN:
                found.append(
                    f"{diner} paid {yuan(spent)} of {yuan(PURSE_FEN)} and has"
                    f" {yuan(self.left_fen[diner])} left"
                )
        return found


def yuan(fen: int) -> str:
    """Return an amount as people write it."""
    return f"{Decimal(fen) / 100:.2f} yuan"
