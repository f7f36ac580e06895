"""Relays that follow their zone's lanes: their release is over with the last lane's. Pure."""

from collections.abc import Iterable
from uuid import UUID

from edge.fire.book import FireBook
from edge.fire.fire import Fire
from edge.fire.places import Output


class Followers:
    """The outputs of one node."""

    def __init__(self, book: FireBook, outputs: Iterable[Output]) -> None:
        """Begin with none held; ``book`` says what is released."""
        self._book, self._held = book, dict[Output, dict[UUID, Fire]]()
        self._outputs = frozenset(outputs)

    def over(self) -> list[tuple[Output, list[Fire]]]:
        """Return whose release is over since this was asked last, and the fires it stood for.

        Not what a person closed itself, which is told of then; nor a drill's, whose end says it.
        """
        before, self._held = (
            self._held,
            {
                output: {fire.fire_id: fire for fire in self._book.releasing(output.name)}
                for output in self._outputs
            },
        )
        found = []
        for output, fires in before.items():
            gone = (fire for id_, fire in fires.items() if id_ not in self._held[output])
            left = [f for f in gone if not f.is_drill and output.name not in f.closed]
            if left:
                found.append((output, left))
        return found
