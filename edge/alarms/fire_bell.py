"""Sounds this node's sirens once for each fire that it hears itself or that frees its own gates."""

from collections.abc import Callable

from edge.fire.station import FireStation


class FireBell:
    """Of one node. A drill sounds nothing: whoever leads it does, if it is wanted."""

    def __init__(self, station: FireStation, begin: Callable[[], None]) -> None:
        """Call ``begin`` for a new fire; fires that are known already when this begins, too."""
        self._station, self._begin = station, begin
        self._sounded = frozenset[str]()
        station.when_fires_changed(self.look)

    def look(self) -> None:
        """Sound for what is new; called whenever fires change, and quick."""
        points, book = self._station.places.own_points, self._station.book
        here = frozenset(
            str(fire.fire_id)
            for fire in book.fires
            if fire.is_active
            and not fire.is_drill
            and (fire.is_own or any(fire in book.releasing(point) for point in points))
        )
        is_new = bool(here - self._sounded)
        self._sounded = here
        if is_new:
            self._begin()
