"""The screens of a node's access points: they show a fire as long as it releases their point."""

from typing import Literal, Protocol

from edge.fire.book import FireBook

Phase = Literal["fire", "drill"]


class Alarmed(Protocol):
    """The screen of an access point."""

    def fire_is_on(self, phase: Phase | None) -> None:
        """See ``Screen.fire_is_on``."""
        ...


class Screens:
    """Of one node."""

    def __init__(self, book: FireBook) -> None:
        """Begin without a screen; ``book`` says what is released."""
        self._book = book
        self._screens: dict[str, Alarmed] = {}
        self._everywhere = list[Alarmed]()

    def add(self, access_point: str, screen: Alarmed) -> None:
        """Have the screen of an access point show fires."""
        self._screens[access_point] = screen

    def add_everywhere(self, screen: Alarmed) -> None:
        """Have a screen that stands at no point show whatever any point of this node shows."""
        self._everywhere.append(screen)

    def follow(self) -> None:
        """Have every screen show what the book says now."""
        for point, screen in self._screens.items():
            screen.fire_is_on(self._phase(point))
        phases = {self._phase(point) for point in self._book.released()} if self._everywhere else ()
        worst: Phase | None = next((p for p in ("fire", "drill") if p in phases), None)
        for screen in self._everywhere:
            screen.fire_is_on(worst)

    def _phase(self, point: str) -> Phase | None:
        fires = self._book.releasing(point)
        if not fires:
            return None
        return "drill" if all(fire.is_drill for fire in fires) else "fire"
