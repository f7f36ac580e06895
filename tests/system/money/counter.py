"""A node with one till: the till's code over its real journal and file, and who works it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from edge.canteen.screen import (
    CloseTill,
    Confirm,
    Key,
    OpenTill,
    TillCommand,
    TillScreen,
    VoidLast,
)
from edge.canteen.till import Till
from tests.system.money.node import Node, work
from tests.system.money.wire import Document

SHOWN_S = 20.0


class Counter(Node):
    """One node, its till, and who works it."""

    def furnish(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing stands there besides the till."""
        self._till: Till = self._canteen.tills[self._till_id]
        return ()

    async def _sell(self, holder_id: str, amount_fen: int) -> Document:
        """Key an amount, let a diner show a card, and return what the display says then."""
        await self._till.do(Key(key="clear"))
        for key in f"{amount_fen / 100:.2f}":
            await self._till.do(Key(key=key))
        await self._till.do(Confirm())
        if not self._till.present_card(holder_id):
            return self._shown()
        async with asyncio.timeout(SHOWN_S):
            screen = self._screen()
            while screen.phase not in ("paid", "refused", "closed"):
                if screen.question is not None and screen.question.kind == "again":
                    await self._till.do(Confirm())
                screen = await self._canteen.board.after(self._till_id, screen.revision)
        return self._shown()

    async def _void(self, charge_id: str) -> Document:
        return await self._done(VoidLast(charge_id=UUID(charge_id)))

    async def _open(self) -> Document:
        return await self._done(OpenTill())

    async def _close(self, counted_charges: int, counted_fen: int) -> Document:
        return await self._done(CloseTill(counted_charges=counted_charges, counted_fen=counted_fen))

    async def _done(self, command: TillCommand) -> Document:
        return {"is_taken": await self._till.do(command, by="ming"), **self._shown()}

    async def _look(self) -> Document:
        self._till.refresh()
        return self._shown()

    def _screen(self) -> TillScreen:
        return self._canteen.board.screens[self._till_id]

    def _shown(self) -> Document:
        screen: Any = self._screen().model_dump(mode="json")
        names = ("phase", "amount_fen", "refusal", "last", "can_void", "session", "close", "link")
        return {name: screen[name] for name in names}


def main(end: socket.socket, till: str, folder: str, at: str) -> None:
    """Work until the wire is cut."""
    work(Counter, end, till, folder, at)
