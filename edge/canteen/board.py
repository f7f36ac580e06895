"""The newest screen of every till, and how a page hears of a change."""

import asyncio
from collections.abc import Mapping

from edge.canteen.screen import TillScreen


class TillBoard:
    """Of one node; it belongs to the event loop's thread. A slow page misses screens between."""

    def __init__(self) -> None:
        self._screens = dict[str, TillScreen]()
        self._changed = asyncio.Event()

    @property
    def screens(self) -> Mapping[str, TillScreen]:
        """Of now, by till."""
        return self._screens

    def show(self, screen: TillScreen) -> None:
        """Replace a till's screen; never waits."""
        self._screens[screen.till] = screen
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def after(self, till: str, revision: int) -> TillScreen:
        """Return a till's screen once it is another than that of a revision."""
        while True:
            changed, screen = self._changed, self._screens.get(till)
            if screen is not None and screen.revision != revision:
                return screen
            await changed.wait()
