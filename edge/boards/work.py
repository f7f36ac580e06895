"""One update of one board, as ``firmware_bridge`` does it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from config.board_image import PublicKey
from config.site_board import BoardRules
from edge.boards.updates import Work
from firmware_bridge.client import BoardClient
from firmware_bridge.update import Update
from firmware_bridge.update_steps import UpdateResult, UpdateRules


@runtime_checkable
class Updatable(Protocol):
    """A driver whose board takes images."""

    @property
    def client(self) -> BoardClient:
        """What it speaks to the board with."""
        ...


def worker(
    board: Updatable,
    rules: BoardRules,
    keys: Sequence[PublicKey],
    *,
    is_alive: Callable[[], bool],
) -> Callable[[Work], Awaitable[UpdateResult]]:
    """Return what updates a board or rolls it back.

    Args:
        board: Its driver; its client is shared, so that each counter is used once.
        rules: Of the site.
        keys: Of ``rules``.
        is_alive: Whether this node works: without it no heartbeat goes out here either.
    """

    async def work(wanted: Work) -> UpdateResult:
        def may_begin() -> bool:
            if wanted.is_cancelled():
                update.cancel()
            return wanted.may_go_on()

        update = Update(
            board.client,
            rules=UpdateRules(
                prove_s=rules.prove_s,
                update_s_max=rules.update_s_max,
                begin_s_max=wanted.begin_s_max,
            ),
            may_begin=may_begin,
            may_beat=is_alive,
            on_progress=wanted.tell,
            interrupted=wanted.interrupted,
        )
        if wanted.image is None:
            return await update.roll_back()
        return await update.update(wanted.image, keys=keys)

    return work
