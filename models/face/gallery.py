"""Exact 1:N search over templates that lie in one block of memory."""

import threading
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from models.face.types import Candidate, Embedding

FIRST_CAPACITY: Final = 64


class ExactGallery:
    """People and their templates; any thread may search while another changes people."""

    def __init__(self, *, dimension: int, measure: Literal["cosine", "euclidean"]) -> None:
        """Make an empty gallery.

        Args:
            dimension: Length of a template.
            measure: ``cosine`` takes templates of unit length; ``euclidean`` gives 1 - distance.
        """
        self._measure = measure
        self._rows: npt.NDArray[np.float32] = np.empty((FIRST_CAPACITY, dimension), np.float32)
        self._squares: npt.NDArray[np.float32] = np.empty(FIRST_CAPACITY, np.float32)
        self._keys: list[str] = []
        self._rows_of: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._rows_of)

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what is held of one person; an empty sequence forgets the person.

        Raises:
            ValueError: A template has another length, or a value that is no number.
        """
        checked = [np.asarray(template, dtype=np.float32) for template in templates]
        if any(t.shape != self._rows.shape[1:] or not np.isfinite(t).all() for t in checked):
            raise ValueError(f"a template is {self._rows.shape[1]} finite numbers")
        with self._lock:
            for row in sorted(self._rows_of.pop(key, []), reverse=True):
                self._remove(row)
            for template in checked:
                self._append(key, template)

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first, each once; see ``types.Gallery``."""
        with self._lock:
            similarities = self._compare(np.asarray(probe, dtype=np.float32))
            # One person may hold the best rows; so many rows hold at least ``count`` people.
            most = max((len(rows) for rows in self._rows_of.values()), default=0)
            wanted = count * most
            rows: Iterable[int] = range(len(similarities))
            if wanted < len(similarities):
                rows = np.argpartition(similarities, -wanted)[-wanted:]
            best: dict[str, float] = {}
            for row in rows:
                key, value = self._keys[row], float(similarities[row])
                best[key] = max(best.get(key, value), value)
        ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return [Candidate(key, similarity) for key, similarity in ordered[:count]]

    def _compare(self, probe: Embedding) -> npt.NDArray[np.float32]:
        products = self._rows[: len(self._keys)] @ probe
        if self._measure == "cosine":
            return products
        squares = self._squares[: len(self._keys)] - 2 * products + np.float32(probe @ probe)
        return 1 - np.sqrt(np.maximum(squares, 0))

    def _append(self, key: str, template: Embedding) -> None:
        row = len(self._keys)
        if row == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._squares = np.concatenate([self._squares, np.empty_like(self._squares)])
        self._rows[row], self._squares[row] = template, template @ template
        self._keys.append(key)
        self._rows_of.setdefault(key, []).append(row)

    def _remove(self, row: int) -> None:
        """Let the last row take the place of this one."""
        last = len(self._keys) - 1
        if row != last:
            moved = self._keys[last]
            self._rows[row], self._squares[row] = self._rows[last], self._squares[last]
            self._keys[row] = moved
            rows = self._rows_of[moved]
            rows[rows.index(last)] = row
        self._keys.pop()
