"""One gallery for all lanes of a node: the replica writes it, the watchers' threads search it."""

import threading
from collections.abc import Sequence

from models.face.types import Candidate, Embedding, Gallery


class SharedGallery:
    """A gallery that several threads may use at once."""

    def __init__(self, gallery: Gallery) -> None:
        """Guard ``gallery``, which nobody else may touch from now on."""
        self._gallery = gallery
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of people."""
        with self._lock:
            return len(self._gallery)

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what is held of one person; an empty sequence forgets the person."""
        with self._lock:
            self._gallery.put(key, templates)

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first, at most ``count``, each person once."""
        with self._lock:
            return self._gallery.search(probe, count=count)
