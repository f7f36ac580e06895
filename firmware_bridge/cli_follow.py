"""How ``menshen firmware`` follows an update, and what Ctrl-C does meanwhile.

The first Ctrl-C breaks off what can be broken off: a board that is not on trial yet. One that is on
trial is proven first. The second leaves it: it takes back by itself what nobody confirmed.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from config.board_image import PublicKey
from config.contract.board_events import UpdateOutcome, UpdateReason
from config.site import Site
from firmware_bridge.places import NotThereError, Place, knock, opened
from firmware_bridge.signing import Signer
from firmware_bridge.update import Update
from firmware_bridge.update_steps import UpdateProgress, UpdateResult, UpdateRules

BREAKS_OFF = "breaking off; the board keeps what it runs"
IS_PROVEN_FIRST = (
    "the board is on trial and is proven first; Ctrl-C once more leaves it to itself:"
    " it then goes back to what it ran"
)
IS_LEFT = (
    "left on trial: the board goes back to what it ran when it restarts, or when its trial is over;"
    " the same command again goes on from there"
)


class LeftError(Exception):
    """Somebody wanted to go; the message says how the board was left."""


class Interrupted:
    """What Ctrl-C ends. Attributes: is_asked: Somebody has pressed it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._updates: list[Update] = []
        self._task: asyncio.Task[object] | None = None
        self._on_first: Callable[[], None] = lambda: None
        self.is_asked = False

    def follow(self, update: Update) -> None:
        """Have it cancelled, too."""
        self._updates.append(update)
        if self.is_asked:
            update.cancel()

    @contextlib.contextmanager
    def watching(self, *, on_first: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Catch Ctrl-C and SIGTERM for the task that runs this."""
        loop, self._task, self._on_first = (
            asyncio.get_running_loop(),
            asyncio.current_task(),
            on_first,
        )
        signals = (signal.SIGINT, signal.SIGTERM)
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C then just ends it
            for number in signals:
                loop.add_signal_handler(number, self.ask)
        try:
            yield
        except asyncio.CancelledError as error:
            raise LeftError(IS_LEFT) from error
        finally:
            with contextlib.suppress(NotImplementedError):  # as above
                for number in signals:
                    loop.remove_signal_handler(number)

    def ask(self) -> None:
        """Take one Ctrl-C."""
        if self.is_asked and self._task is not None:
            self._task.cancel()
            return
        self.is_asked = True
        self._on_first()
        are_broken_off = [update.cancel() for update in self._updates]
        self._say(BREAKS_OFF if all(are_broken_off) else IS_PROVEN_FIRST)


def rules_of(site: Site | None, prove_s: float | None) -> UpdateRules:
    """Return how long an update may take: as the site says, or as shipped."""
    rules = UpdateRules()
    if site is not None:
        rules = UpdateRules(prove_s=site.boards.prove_s, update_s_max=site.boards.update_s_max)
    if prove_s is None:
        return rules
    return UpdateRules(prove_s=prove_s, update_s_max=rules.update_s_max)


def quiet_of(site: Site | None) -> Callable[[], bool]:
    """Return what says whether an update may go on now: not in the site's quiet times."""
    if site is None:
        return lambda: True
    quiet, zone = site.boards.quiet, ZoneInfo(site.site.time_zone)

    def may_begin() -> bool:
        now = datetime.now(zone).time()
        return not any(one.holds(now) for one in quiet)

    return may_begin


async def update_at(
    place: Place,
    data: bytes | None,
    *,
    keys: Sequence[PublicKey],
    rules: UpdateRules,
    may_begin: Callable[[], bool],
    signer: Signer | None,
    interrupted: Interrupted,
    on_progress: Callable[[UpdateProgress], None],
) -> UpdateResult:
    """Update a board, or roll it back, and say how that ended; raises nothing of the board's.

    Args:
        place: Where it is.
        data: The image's file; None is a rollback.
        keys: Whose images are taken.
        rules: How long it may take.
        may_begin: No quiet time now.
        signer: Whoever claimed it.
        interrupted: Ctrl-C.
        on_progress: Told where it is.
    """
    async with opened(place, signer=signer) as client:
        try:
            await knock(client, place)
        except NotThereError as error:
            return UpdateResult(
                outcome=UpdateOutcome.REFUSED, reason=UpdateReason.UNREACHABLE, detail=str(error)
            )
        update = Update(client, rules=rules, may_begin=may_begin, on_progress=on_progress)
        interrupted.follow(update)
        going: Awaitable[UpdateResult] = (
            update.roll_back() if data is None else update.update(data, keys=keys)
        )
        return await going
