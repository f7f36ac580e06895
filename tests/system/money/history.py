"""One random history of a canteen, and what was wrong in the end."""

import asyncio
import contextlib
import functools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.central.postgresql import Server
from tests.system.money import centre, counter, gate
from tests.system.money.database import kill, read, verify
from tests.system.money.network import GOOD, Network
from tests.system.money.office import Office
from tests.system.money.place import HOLDERS, LANE, NODES, NOON, OFFLINE_FEN, PLACES, TILLS
from tests.system.money.players import Player
from tests.system.money.reference import Findings, Receipt, Shown
from tests.system.money.walks import Walks
from tests.system.money.wire import DiedError, Document, RefusedError

TILL_KILLED: Final = 0.03
"""Of what is asked of a till: so often it is killed some moment later."""
MOMENT_S: Final = 0.04
JOURNAL_LOST: Final = 0.1
"""Of those that were killed: so often their journal is gone as well."""
BETWEEN_FAULTS: Final = (3, 20)
CUT_OFF: Final = (10, 60)
"""Transactions."""
TRIES_MAX: Final = 400
JUMPS_S: Final = (-86_400, -3_600, -90, 90, 600, 3_600, 86_400)


class History:
    """Three tills, a lane, a centre, eight people with little money, and what happens to them."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        seed: str,
        transactions: int,
        faults: Counter[str],
        server: Server | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        """Play in a folder of its own, with a database of its own.

        Args:
            folder: For the files of tills.
            url: Of the database.
            seed: What is asked of whom; the moment of a kill is the machine's.
            transactions: Sales, voids, refunds and top-ups.
            faults: Counts what is broken.
            server: Of PostgreSQL, which is killed, too.
            on_progress: Called after each transaction.
        """
        self._folder, self._url, self._server = folder, url, server
        self._chance, self._faults = random.Random(seed), faults  # noqa: S311 - guards nothing
        self._left, self._on_progress = transactions, on_progress
        self._shown, self._wrong = Shown(lanes=(LANE,)), Findings()
        self._network = Network(self._to_centre, faults, self._chance)
        self._centre = Player(centre.main, lambda: (url,), self._unheard)
        self._is_busy_with_centre = asyncio.Lock()
        self._ahead = dict.fromkeys((*PLACES, "centre"), timedelta())
        ask_lane = functools.partial(self._try, LANE)
        self._walks = Walks(
            self._network.carry, ask_lane, self._shown, faults, self._chance,
            is_rough=lambda: self._network.weather is not GOOD,
        )  # fmt: skip
        self._office = Office(self._surely, self._shown, faults, self._chance)
        self._tills = {till: self._player(till) for till in PLACES}
        self._walks.player = self._tills[LANE]
        self._session = dict[str, str | None]()
        self._offline = dict[str, dict[str, list[Receipt]]]()
        self._further = asyncio.Event()

    def _player(self, till: str) -> Player:
        folder = self._folder / till
        folder.mkdir()
        is_lane = till == LANE
        return Player(
            gate.main if is_lane else counter.main,
            lambda: (till, str(folder), self._at(till)),
            self._walks.hear if is_lane else self._network.carry,
        )

    async def play(self) -> Findings:
        """Return what is wrong in the end."""
        try:
            try:
                await self._live()
            except* (RuntimeError, RefusedError) as group:
                # A till that cannot do what it is asked, or does not come to rest, is wrong, too.
                self._wrong.lines += [str(each) for each in _leaves(group)]
            self._wrong.add(self._shown.judge(*await asyncio.to_thread(read, self._url)))
            self._wrong.add(await asyncio.to_thread(verify, self._url))
            return self._wrong
        finally:
            for player in (self._centre, *self._tills.values()):
                player.kill()
                with contextlib.suppress(RuntimeError):
                    await player.ended()

    async def _live(self) -> None:
        await self._centre.start()
        for holder_id in HOLDERS:
            await self._office.top_up(holder_id)
        for player in self._tills.values():
            await player.start()
            await self._until(functools.partial(self._has_plan, player))
        async with asyncio.TaskGroup() as tasks:
            for till in PLACES:
                tasks.create_task(self._tend(till))
            tasks.create_task(self._break())
            tasks.create_task(self._cut_off())
        await self._settle()

    # ---- people

    async def _tend(self, till: str) -> None:
        """Do one thing after the other at one till."""
        while self._left > 0:
            self._left -= 1
            what = self._chance.random()
            if till == LANE:
                await self._walks.go_up()
            elif what < 0.05 and (paid := self._last_paid(till)) is not None:
                await self._try(till, "void", charge_id=paid.charge_id)
            elif what < 0.08:
                await self._office.refund()
            elif what < 0.095:
                await self._office.correct()
            elif what < 0.12:
                await self._office.top_up(self._chance.choice(HOLDERS))
            elif what < 0.14:
                await self._close(till)
            else:
                await self._sell(till)
            if self._chance.random() < 0.3:
                await self._try(till, self._chance.choice(("tell", "tell", "sync")))
            self._further.set()
            self._further.clear()
            self._on_progress()

    async def _sell(self, till: str) -> None:
        if self._session.get(till) is None:
            await self._try(till, "open")
        holder_id, amount_fen = self._chance.choice(HOLDERS), self._chance.randint(1, 30) * 50
        before = set(self._shown.receipts)
        screen = await self._try(till, "sell", holder_id=holder_id, amount_fen=amount_fen)
        if screen is None:
            return
        fresh = set(self._shown.receipts) - before
        new = [r for key in fresh if (r := self._shown.receipts[key]).till == till]
        expected = [(holder_id, amount_fen)] if screen["phase"] == "paid" else []
        self._faults["shown_" + screen["phase"]] += 1
        if [(r.holder_id, r.amount_fen) for r in new] != expected:
            self._wrong.lines.append(f"{till} shows {screen['phase']}, and {new} as charged")
        if new and not screen["link"]["is_online"] and NODES[till] in self._network.cut_off:
            self._note_offline(new)

    def _note_offline(self, new: Sequence[Receipt]) -> None:
        """Note what somebody bought at a till that was cut off."""
        for receipt in new:
            at = self._offline.setdefault(receipt.holder_id, {})
            at.setdefault(receipt.till, []).append(receipt)
            self._faults["sold_offline"] += 1
            self._faults["two_tills_offline"] += len(at) == 2 and len(at[receipt.till]) == 1
            spent_fen = sum(r.amount_fen for r in at[receipt.till] if not r.is_void)
            if spent_fen > OFFLINE_FEN:
                self._shown.wrong.append(f"{receipt}: {spent_fen} fen without central")

    def _last_paid(self, till: str) -> Receipt | None:
        """Return the newest charge of the session, as a cashier remembers it."""
        session_id = self._session.get(till)
        mine = [r for r in self._shown.receipts.values() if r.session_id == session_id]
        return next((r for r in reversed(mine) if not r.is_void), None)

    async def _close(self, till: str) -> None:
        session_id = self._session.get(till)
        if session_id is None:
            return
        mine = [
            r for r in self._shown.receipts.values() if r.session_id == session_id and not r.is_void
        ]
        counted = sum(r.amount_fen for r in mine)
        await self._try(till, "close", counted_charges=len(mine), counted_fen=counted)

    # ---- tills

    async def _try(self, till: str, what: str, **body: object) -> Document | None:
        """Ask a till for something; None where it was killed before it answered."""
        player = self._tills[till]
        if self._network.weather is not GOOD and self._chance.random() < TILL_KILLED:
            moment_s = self._chance.uniform(0, MOMENT_S)
            asyncio.get_running_loop().call_later(moment_s, player.kill)
        try:
            answer = await player.ask(what, **body)
        except DiedError:
            await self._begin_again(till)
            return None
        self._see(till, answer)
        return answer

    async def _begin_again(self, till: str) -> None:
        """Start a till that was killed, and look at what it shows."""
        player = self._tills[till]
        while True:
            await player.ended()
            self._faults["lane_killed" if till == LANE else "till_killed"] += 1
            if self._chance.random() < JOURNAL_LOST:
                self._faults["journal_lost"] += 1
                for path in (self._folder / till).glob("journal.db*"):
                    path.unlink()
            await player.start()
            try:
                screen = await player.ask("look")
            except DiedError:
                continue
            self._see(till, screen)
            return

    def _see(self, till: str, screen: Document) -> None:
        """Take what the page of a till shows: whatever it says is paid has been shown as paid."""
        if "session" not in screen:
            return
        session = screen["session"]
        self._session[till] = None if session is None else session["session_id"]
        if session is None:
            return
        session_id = session["session_id"]
        self._shown.sessions[session_id] = till
        for line in reversed(screen["last"]):
            receipt = Receipt(
                line["charge_id"], till, session_id, line["masked_name"], line["amount_fen"]
            )
            self._shown.paid(receipt)
            known = self._shown.receipts[line["charge_id"]]
            self._faults["voids"] += line["is_void"] and not known.is_void
            known.is_void = line["is_void"]

    # ---- the centre

    async def _to_centre(self, what: str, body: Document) -> Document:
        """Return the centre's answer.

        Raises:
            RefusedError: It is down, or was killed meanwhile, or says no.
        """
        try:
            return await self._centre.ask(what, **body, at=self._at("centre"))
        except DiedError as error:
            raise RefusedError("down") from error

    async def _surely(self, what: str, **body: object) -> Document:
        """Ask the centre until it answers, under one key."""
        for _ in range(TRIES_MAX):
            with contextlib.suppress(RefusedError):
                return await self._to_centre(what, body)
            await self._ensure_centre()
            await asyncio.sleep(0.01)
        raise RuntimeError(f"the centre does not do {what}")

    async def _ensure_centre(self) -> None:
        """Start the centre if it is down."""
        async with self._is_busy_with_centre:
            if not self._centre.is_alive:
                await self._centre.ended()
                await self._centre.start()

    async def _unheard(self, what: str, body: Document) -> Document | None:
        raise RefusedError(what)

    def _at(self, who: str) -> str:
        return (NOON + self._ahead[who]).isoformat()

    # ---- what breaks

    async def _break(self) -> None:
        """Break something every few transactions."""
        while self._left > 0:
            due = self._left - self._chance.randint(*BETWEEN_FAULTS)
            await self._until_left(due)
            kinds = [self._kill_centre, self._kill_centre, self._jump, self._network.repeat_old]
            if self._server is not None:
                kinds += [self._kill_database, self._kill_database]
            with contextlib.suppress(RefusedError):
                await self._chance.choice(kinds)()

    async def _until_left(self, count: int) -> None:
        """Return when so many transactions are left, or none."""
        while self._left > max(count, 0):
            await self._further.wait()

    async def _kill_centre(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, MOMENT_S))
        async with self._is_busy_with_centre:
            self._centre.kill()
            await self._centre.ended()
            self._faults["central_killed"] += 1
            await asyncio.sleep(self._chance.uniform(0, MOMENT_S))
            await self._centre.start()

    async def _kill_database(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(kill, self._server)
            self._faults["database_killed"] += 1

    async def _cut_off(self) -> None:
        """Let some tills, or all, be without the centre for a while, again and again."""
        while self._left > 0:
            await self._until_left(self._left - self._chance.randint(*BETWEEN_FAULTS))
            tills = self._chance.sample(PLACES, self._chance.randint(1, len(PLACES)))
            self._network.cut_off = {NODES[till] for till in tills}
            self._faults["cut_off"] += 1
            await self._until_left(self._left - self._chance.randint(*CUT_OFF))
            self._network.cut_off, self._offline = set(), {}

    async def _jump(self) -> None:
        who = self._chance.choice((*PLACES, "centre"))
        self._faults["clock_jumps"] += 1
        await self._turn(who, timedelta(seconds=self._chance.choice(JUMPS_S)))

    async def _turn(self, who: str, by: timedelta) -> None:
        """Put somebody's clock forward, or back."""
        self._ahead[who] += by
        if who != "centre":
            with contextlib.suppress(DiedError):
                await self._tills[who].ask("clock", at=self._at(who))

    # ---- the end of the day

    async def _settle(self) -> None:
        """Let everything calm down, tell everything, and close every till."""
        self._network.weather, self._network.cut_off = GOOD, set()
        # Kills that were on their way come before this.
        await asyncio.sleep(2 * MOMENT_S)
        await self._ensure_centre()
        for till in TILLS:
            await self._try(till, "look")
            await self._until(functools.partial(self._has_closed, till))
            await self._until(functools.partial(self._has_told, till))
        await self._try(LANE, "look")
        # A lane closes by itself, when somebody comes on another day: one that its clock never had.
        await self._turn(LANE, timedelta(days=30))
        await self._walks.turn_back(HOLDERS[0])
        await self._until(functools.partial(self._has_told, LANE))
        transfers, _, _ = await asyncio.to_thread(read, self._url)
        self._shown.wrong += self._shown.still_held(transfers)
        late = (datetime.fromisoformat(self._at("centre")) + timedelta(days=30)).isoformat()
        while (await self._centre.ask("let_go", at=late))["count"]:
            pass

    async def _has_closed(self, till: str) -> bool:
        await self._close(till)
        return self._session.get(till) is None

    @staticmethod
    async def _has_plan(player: Player) -> bool:
        return bool((await player.ask("sync"))["plan"])

    async def _has_told(self, till: str) -> bool:
        answer = await self._try(till, "tell")
        return answer is not None and bool(answer["is_told"])

    @staticmethod
    async def _until(is_done: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(TRIES_MAX):
            if await is_done():
                return
            await asyncio.sleep(0.02)
        raise RuntimeError("a till does not come to rest")


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
