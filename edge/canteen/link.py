"""Central, as tills hear it: money kept within a moment or not at all, and what changed since.

Central may help and never holds up: an answer that comes too late is not waited for. The request
goes on all the same, under the key of the charge, and what central kept then is settled by the
charge itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.money import ReservationAnswer, ReservationWish, TillPage
from edge.backoff import BackOff, wait_until_set
from edge.canteen.book import Charge
from edge.canteen.keeping import Keeping
from edge.central_client import CentralError
from edge.kept_file import KeptFileError

_log = logging.getLogger("edge.canteen")

ANSWER_S_MAX: Final = 0.15
LATE_COUNT_MAX: Final = 4
"""So many answers are late that nobody asks again before one has come, or failed."""
POLL_S: Final = 5.0
"""A card that was reported lost, and a plan that changed, are known after this at the latest."""
RETRY_FIRST_S: Final = 0.5
ROUNDS_MAX: Final = 6
"""A balance that is not told anew in so many rounds was told before central said that it had the
charge."""


class Central(Protocol):
    """The part of central that is needed here."""

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        """See ``CentralClient.reserve``."""
        ...

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        """See ``CentralClient.till_page``."""
        ...


class CanteenLink:
    """Of one node; it belongs to the event loop's thread.

    Attributes:
        is_online: Whether central answered when it was last asked.
        since: When that began.
    """

    def __init__(
        self,
        central: Central,
        keeping: Keeping,
        *,
        on_change: Callable[[], None],
        now: Callable[[], datetime],
        poll_s: float = POLL_S,
        answer_s_max: float = ANSWER_S_MAX,
    ) -> None:
        """Begin with a central that nobody has heard yet.

        Args:
            central: Speaks for this node.
            keeping: Keeps what central says.
            on_change: Called when plan, accounts or link are no longer as they were.
            now: Wall clock, aware UTC.
            poll_s: Between two looks at what changed.
            answer_s_max: How long a till waits for money to be kept.
        """
        self._central, self._keeping, self._now = central, keeping, now
        self._on_change, self._poll_s, self._answer_s_max = on_change, poll_s, answer_s_max
        self.is_online, self.since = False, now()
        self._late = set[asyncio.Task[ReservationAnswer | None]]()
        self._is_wanted = asyncio.Event()
        self._is_anew = keeping.book.version == 0
        self._rounds = dict[UUID, int]()

    def wake(self) -> None:
        """Ask what changed at once: central is back, or has something new."""
        self._is_wanted.set()

    async def reserve(self, charge: Charge) -> ReservationAnswer | None:
        """Ask central to keep the money of a charge; None where it does not answer in time."""
        if not self.is_online or len(self._late) >= LATE_COUNT_MAX:
            self.wake()
            return None
        asking = asyncio.create_task(self._ask(charge))
        self._late.add(asking)
        asking.add_done_callback(self._late.discard)
        done, _ = await asyncio.wait((asking,), timeout=self._answer_s_max)
        if not done:
            return None
        return asking.result()

    async def close(self) -> None:
        """Wait for no answer any more."""
        late = tuple(self._late)
        for asking in late:
            asking.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def run(self) -> None:
        """Keep plan and accounts as new as central's, for ever."""
        back_off = BackOff(first_s=RETRY_FIRST_S, last_s=self._poll_s)
        while True:
            self._is_wanted.clear()
            wait_s = self._poll_s
            try:
                await self.catch_up()
                back_off.reset()
            except CentralError:
                self._heard(is_online=False)
                wait_s = back_off.next_s()
            except KeptFileError as error:
                _log.error("accounts are known until the next start only: %s", error)
                wait_s = back_off.next_s()
            await wait_until_set(self._is_wanted, timeout_s=wait_s)

    async def catch_up(self) -> None:
        """Fetch what changed until there is no more.

        Raises:
            CentralError: Central does not answer.
            KeptFileError: It could not be kept, and is known in memory alone.
        """
        book = self._keeping.book
        held, has_more, told = book.held(), True, set[str]()
        while has_more:
            after = 0 if self._is_anew else book.version
            page = await self._central.till_page(after=after, plan=book.plan.version)
            if page.version < after:
                # A central that was restored counts from an earlier version again.
                self._is_anew = True
                continue
            has_more = page.has_more and page.version > after
            is_news = bool(page.accounts) or page.plan is not None or self._is_anew
            told |= {account.holder_id for account in page.accounts}
            accounted = () if has_more else self._accounted(held, told)
            if is_news or accounted or page.version != book.version:
                is_anew, self._is_anew = self._is_anew, False
                await self._keeping.learn(
                    plan=page.plan,
                    accounts=page.accounts,
                    orders=page.orders,
                    version=page.version,
                    accounted=accounted,
                    is_anew=is_anew,
                )
                self._on_change()
        self._heard(is_online=True)

    def _accounted(self, held: frozenset[UUID], told: set[str]) -> tuple[UUID, ...]:
        """Return the charges that balances are with.

        What central had before it was asked is in a balance that it tells then; it tells one of
        everybody who was charged, some moments later.
        """
        book = self._keeping.book
        self._rounds = {charge_id: self._rounds.get(charge_id, 0) + 1 for charge_id in held}
        found = [
            charge_id
            for charge_id, rounds in self._rounds.items()
            if (entry := book.entry(charge_id)) is not None
            and (entry.charge.holder_id in told or rounds >= ROUNDS_MAX)
        ]
        return tuple(found)

    async def _ask(self, charge: Charge) -> ReservationAnswer | None:
        wish = ReservationWish(
            charge_id=charge.charge_id,
            till=charge.till,
            holder_id=charge.holder_id,
            amount_fen=charge.amount_fen,
            at=charge.at,
        )
        with contextlib.suppress(CentralError):
            answer = await self._central.reserve(wish)
            self._heard(is_online=True)
            return answer
        self._heard(is_online=False)
        self.wake()
        return None

    def _heard(self, *, is_online: bool) -> None:
        if is_online != self.is_online:
            self.is_online, self.since = is_online, self._now()
            _log.info("tills are %s", "online" if is_online else "offline")
            self._on_change()
