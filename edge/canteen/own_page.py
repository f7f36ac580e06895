"""The way to somebody's own page, from the screen at which they have just been identified.

It is offered to whoever has just paid, or cannot because of their money; asked for only when it is
wanted; and gone with the next person, whoever that is: a face, a card, a dish that is chosen.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Literal
from uuid import UUID

from config.contract.diner_links import DinerLink, TerminalLink
from edge.canteen.diner import Found
from edge.canteen.screen import OwnPageShown
from edge.canteen.wishes import Result
from edge.central_client import CentralError

_log = logging.getLogger("edge.canteen")

ANSWER_S_MAX: Final = 4.0
"""Nobody stands there for longer to learn that central is not heard."""
SHOWN_S: Final = 20.0
"""Enough to take a telephone out; whoever needs longer asks once more, or at the counter."""
SILENT_S: Final = 5.0
MakeLink = Callable[[TerminalLink], Awaitable[DinerLink]]


@dataclasses.dataclass(slots=True)
class _Page:
    """Attributes: result: of the person whose page it is. number: of the showing."""

    result: Result
    number: int
    state: Literal["asking", "shown", "silent"]
    until_s: float
    seconds: float
    code_svg: str = ""


class OwnPage:
    """Of one till; it belongs to the event loop's thread."""

    def __init__(
        self,
        till: str,
        make_link: MakeLink | None,
        *,
        on_change: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show nobody's.

        Args:
            till: Its id.
            make_link: Asks central; None offers nothing.
            on_change: Called when the screen is another.
            monotonic: The clock.
        """
        self._till, self._make_link = till, make_link
        self._on_change, self._monotonic = on_change, monotonic
        self._page: _Page | None = None
        self._over: Result | None = None
        self._number = 0
        self._asking: asyncio.Task[None] | None = None

    @property
    def due_s(self) -> float | None:
        """When it is over; None while nothing is shown."""
        return None if self._page is None else self._page.until_s

    def shown(self, result: Result | None) -> OwnPageShown | None:
        """Return what the screen shows of it. Args: result: that the till shows now."""
        page, now_s = self._page, self._monotonic()
        if page is not None:
            return OwnPageShown(
                state=page.state,
                number=page.number,
                masked_name=page.result.page_name,
                seconds_left=round(max(0.0, page.until_s - now_s), 1),
                seconds=page.seconds,
            )
        if result is None or not self._is_offered(result):
            return None
        return OwnPageShown(state="offered", masked_name=result.page_name)

    def code(self, number: int) -> str | None:
        """Return the drawing of a code while it is shown. Args: number: of the showing."""
        page = self._page
        is_this = page is not None and page.state == "shown" and page.number == number
        return page.code_svg if is_this and page is not None else None

    def ask(self, result: Result | None) -> bool:
        """Somebody wants their page; False where nobody is offered one.

        Args:
            result: That the till shows now: whose page it is, nobody can say otherwise.
        """
        make_link = self._make_link
        if self._page is not None or make_link is None:
            return False
        if result is None or not self._is_offered(result):
            return False
        self._number += 1
        page = _Page(result, self._number, "asking", 0.0, ANSWER_S_MAX)
        page.until_s = self._monotonic() + ANSWER_S_MAX + 1.0
        self._page = page
        self._asking = asyncio.create_task(self._ask(page, make_link))
        self._on_change()
        return True

    def _is_offered(self, result: Result) -> bool:
        is_able = self._make_link is not None and result.page_of != ""
        return is_able and result is not self._over

    def hide(self) -> bool:
        """Show it no more; False where none was shown."""
        if self._page is None:
            return False
        self._page = None
        if self._asking is not None:
            self._asking.cancel()
        return True

    def seen(self, found: Found, result: Result | None) -> None:
        """Somebody stands there: it is gone and offered no more, unless it is the same person.

        Args:
            found: Who.
            result: That the till shows now.
        """
        holders = {diner.holder_id for diner in found.diners}
        of = result if self._page is None else self._page.result
        if of is not None and holders != {of.page_of}:
            self._over = result
            self.hide()

    def follow(self, result: Result | None, *, is_at_rest: bool) -> None:
        """Go with whatever the till does now: another result, or somebody on the way to pay."""
        page = self._page
        if page is None:
            return
        is_another = result is not None and result is not page.result
        if is_another or not is_at_rest or self._monotonic() >= page.until_s:
            self.hide()

    async def _ask(self, page: _Page, make_link: MakeLink) -> None:
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                link = await make_link(
                    TerminalLink(holder_id=UUID(page.result.page_of), till=self._till)
                )
        except (CentralError, TimeoutError, ValueError) as error:
            _log.info("till %s: no own page now: %s", self._till, error)
            page.state, page.seconds = "silent", SILENT_S
        else:
            page.state, page.seconds, page.code_svg = "shown", SHOWN_S, link.code_svg
        page.until_s = self._monotonic() + page.seconds
        self._on_change()
