"""A gallery: people, their templates, and exact 1:N search over all or some of them.

Templates lie in blocks. A change makes new blocks for what it touches and publishes all of them at
once, so a search works on one state of the gallery, takes no lock and delays nobody. A template is
appended, never overwritten; a forgotten one is struck out, and what is left of a block that is half
struck out is appended anew. Only the last block has room; full ones get codes, and are merged, so
that a large gallery is a few large blocks.
"""

import dataclasses
import logging
import math
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.face.pairs import impostor_scores, pairs_above
from models.face.search import Block, Exact, Flags, Matrix, Measure, Scan, Vector, best_people
from models.face.types import Candidate, Embedding, Pair, ScoreHistogram

BLOCK_LENGTH: Final = 2048
"""Templates in a full block; full blocks are scanned by four-bit codes."""
MERGED_COUNT: Final = 4
"""Full blocks that become one, which is scanned with less to do around it; so do four of those."""
FIRST_CAPACITY: Final = 64
LENGTH_MIN, LENGTH_MAX = 1e-6, 1e6
"""No network gives a longer or shorter embedding; float32 has room for the squares of these."""
_log = logging.getLogger("models.gallery")


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """One state of a gallery. Attributes: number_count: people ever numbered until then."""

    blocks: tuple[Block, ...]
    number_count: int


class ExactGallery:
    """See ``types.Gallery``; any thread may search while another changes people."""

    def __init__(
        self, *, dimension: int, measure: Measure, block_length: int = BLOCK_LENGTH
    ) -> None:
        """Make an empty gallery.

        Args:
            dimension: Length of a template.
            measure: ``cosine`` brings templates and probes to unit length; ``euclidean`` gives
                1 - distance.
            block_length: Templates in a full block; only speed depends on it.
        """
        self._dimension, self._measure = dimension, measure
        self._block_length = block_length
        self._snapshot = Snapshot((), 0)
        self._numbers: dict[str, int] = {}
        # By number, which nobody gets twice; None once the person is forgotten.
        self._keys: list[str | None] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._numbers)

    @property
    def blocks(self) -> Sequence[Block]:
        """The gallery's state, which no later change touches."""
        return self._snapshot.blocks

    @property
    def size_bytes(self) -> int:
        """Memory of the templates and what belongs to them, without the keys."""
        return sum(_size_bytes(block) for block in self._snapshot.blocks)

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what is held of one person; an empty sequence forgets the person.

        Raises:
            ValueError: A template has another length, is all zeros, or holds a value that is no
                number; nothing is changed then.
        """
        rows = [self._checked(template).astype(np.float32) for template in templates]
        with self._lock:
            number = self._numbers.get(key)
            blocks = list(self._snapshot.blocks)
            if number is not None:
                blocks = self._struck_out(blocks, number)
            if rows:
                if number is None:
                    number = self._numbers[key] = len(self._keys)
                    self._keys.append(key)
                owners = np.full(len(rows), number, np.int32)
                self._append(blocks, np.stack(rows), owners)
            elif number is not None:
                del self._numbers[key]
                self._keys[number] = None
            self._snapshot = Snapshot(tuple(self._merged(blocks)), len(self._keys))

    def search(
        self, probe: Embedding, *, count: int = 2, keys: Collection[str] | None = None
    ) -> Sequence[Candidate]:
        """Return the best people, best first, each once; see ``types.Gallery``.

        Raises:
            ValueError: The probe has another length, is all zeros, or holds what is no number.
        """
        if keys is not None:
            return self.select(keys).search(probe, count=count)
        exact, blocks = self._checked(probe), self._snapshot.blocks
        return self._best(exact, [(block, block.forgotten) for block in blocks], count)

    def select(self, keys: Collection[str]) -> "Selection":
        """Return the people of some keys, to be searched often; see ``types.Gallery``."""
        return Selection(
            keys=frozenset(keys),
            names=self._keys,
            snapshot=lambda: self._snapshot,
            search=lambda probe, parts, count: self._best(self._checked(probe), parts, count),
        )

    def pairs_above(self, similarity: float, *, count_max: int) -> Sequence[Pair]:
        """Return the pairs of people who are so much alike; see ``types.Gallery``."""
        blocks = self._snapshot.blocks
        found = pairs_above(blocks, self._measure, similarity=similarity, count_max=count_max)
        named = [(self._keys[one], self._keys[other], alike) for one, other, alike in found]
        return [
            Pair(one, other, alike)
            for one, other, alike in named
            if one is not None and other is not None
        ]

    def impostor_scores(self, *, people_count_max: int = 10_000) -> ScoreHistogram:
        """Return how alike different people are; see ``types.Gallery``."""
        blocks = self._snapshot.blocks
        return impostor_scores(blocks, self._measure, people_count_max=people_count_max)

    def _checked(self, template: Embedding) -> Exact:
        exact = np.asarray(template, dtype=np.float64)
        # With a value that is no number, or no finite one, the length is neither.
        length = float(np.sqrt(exact @ exact)) if exact.shape == (self._dimension,) else 0.0
        if not LENGTH_MIN <= length <= LENGTH_MAX:
            raise ValueError(f"a template is {self._dimension} finite numbers, not all of them 0")
        return exact / length if self._measure == "cosine" else exact

    def _best(
        self, probe: Exact, parts: Sequence[tuple[Block, Flags | None]], count: int
    ) -> list[Candidate]:
        scans = [Scan(block, left_out, probe) for block, left_out in parts]
        found = [
            (self._keys[number], alike)
            for number, alike in best_people(scans, self._measure, count=count)
        ]
        # Whoever was forgotten during this search has no key any more.
        named = [Candidate(key, alike) for key, alike in found if key is not None]
        return sorted(named, key=lambda c: (-c.similarity, c.key))[:count]

    def _struck_out(self, blocks: Sequence[Block], number: int) -> list[Block]:
        """Return blocks without a person's templates."""
        changed, moved = list[Block](), list[Block]()
        for block in blocks:
            is_theirs = block.owners[: block.length] == number
            if block.forgotten is not None:
                is_theirs &= ~block.forgotten
            if not is_theirs.any():
                changed.append(block)
                continue
            before = block.forgotten
            struck = dataclasses.replace(
                block, forgotten=is_theirs if before is None else before | is_theirs
            )
            is_sparse = 2 * len(struck.alive) < block.length
            (moved if is_sparse else changed).append(struck)
        for block in moved:
            alive = block.alive
            self._append(changed, block.rows[alive], block.owners[alive])
        return changed

    def _append(self, blocks: list[Block], rows: Matrix, owners: npt.NDArray[np.int32]) -> None:
        """Put rows at the end, in new blocks where the last one is full."""
        while len(rows):
            last = blocks.pop() if blocks and blocks[-1].length < self._block_length else None
            first = 0 if last is None else last.length
            count = min(len(rows), self._block_length - first)
            blocks.append(self._extended(last, rows[:count], owners[:count]))
            rows, owners = rows[count:], owners[count:]

    def _extended(self, block: Block | None, rows: Matrix, owners: npt.NDArray[np.int32]) -> Block:
        """Return a block with more rows at its end; the old one stays as it is."""
        first = 0 if block is None else block.length
        length = first + len(rows)
        if block is None or length > len(block.rows):
            block = self._roomier(block, length)
        # Nobody who has the old block looks beyond its length.
        block.rows[first:length], block.owners[first:length] = rows, owners
        block.offsets[first:length], reach = _offsets(rows)
        forgotten = block.forgotten
        if forgotten is not None:
            forgotten = np.append(forgotten, np.zeros(len(rows), np.bool_))
        extended = dataclasses.replace(
            block, length=length, reach=max(block.reach, reach), forgotten=forgotten
        )
        return _sealed(extended) if length == self._block_length else extended

    def _merged(self, blocks: list[Block]) -> list[Block]:
        """Return blocks with full ones of about one length made one, wherever enough are."""
        by_level = dict[int, list[Block]]()
        for block in blocks:
            if block.length >= self._block_length:
                by_level.setdefault(self._level(block), []).append(block)
        for alike in by_level.values():
            if len(alike) >= MERGED_COUNT:
                rest = [block for block in blocks if block not in alike]
                return self._merged([self._made_one(alike), *rest])
        return blocks

    def _level(self, block: Block) -> int:
        """Return how often blocks were merged to make one of such a length."""
        return round(math.log(block.length / self._block_length, MERGED_COUNT))

    @staticmethod
    def _made_one(blocks: Sequence[Block]) -> Block:
        rows = np.concatenate([block.rows[block.alive] for block in blocks])
        owners = np.concatenate([block.owners[block.alive] for block in blocks])
        offsets, reach = _offsets(rows)
        merged = Block(rows=rows, owners=owners, offsets=offsets, length=len(rows), reach=reach)
        return _sealed(merged)

    def _roomier(self, block: Block | None, length: int) -> Block:
        capacity = FIRST_CAPACITY if block is None else 2 * len(block.rows)
        capacity = min(max(capacity, length), self._block_length)
        roomier = Block(
            rows=np.empty((capacity, self._dimension), np.float32),
            owners=np.empty(capacity, np.int32),
            offsets=np.empty(capacity, np.float32),
            length=0,
            reach=0.0,
        )
        if block is None:
            return roomier
        for name in ("rows", "owners", "offsets"):
            getattr(roomier, name)[: block.length] = getattr(block, name)[: block.length]
        return dataclasses.replace(
            roomier, length=block.length, reach=block.reach, forgotten=block.forgotten
        )


class Selection:
    """Some people of a gallery; any thread may search. See ``types.Selection``."""

    def __init__(
        self,
        *,
        keys: frozenset[str],
        names: Sequence[str | None],
        snapshot: Callable[[], Snapshot],
        search: Callable[
            [Embedding, Sequence[tuple[Block, Flags | None]], int], Sequence[Candidate]
        ],
    ) -> None:
        """Select; ``names`` are the gallery's keys by number, which grow."""
        self._keys, self._names = keys, names
        self._latest, self._search = snapshot, search
        self._state = _Selected(Snapshot((), 0), np.empty(0, np.bool_), {}, 0)

    def __len__(self) -> int:
        """Return how many of the people the gallery holds now."""
        return self._selected().people_count

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best of these people, best first, each once."""
        return self._search(probe, list(self._selected().left_out.items()), count)

    def _selected(self) -> "_Selected":
        """Return what is selected of the gallery as it is; works only after a change."""
        before, snapshot = self._state, self._latest()
        if before.snapshot is snapshot:
            return before
        known = len(before.is_selected)
        newcomers = self._names[known : snapshot.number_count]
        new = np.fromiter((name in self._keys for name in newcomers), np.bool_, len(newcomers))
        is_selected = np.concatenate([before.is_selected, new])
        left_out, seen = dict[Block, Flags](), np.zeros(len(is_selected), np.bool_)
        for block in snapshot.blocks:
            owners, out = block.owners[: block.length], before.left_out.get(block)
            if out is None:
                out = ~is_selected[owners]
                out = out if block.forgotten is None else out | block.forgotten
            left_out[block] = out
            seen[owners[~out]] = True
        self._state = _Selected(snapshot, is_selected, left_out, int(np.count_nonzero(seen)))
        return self._state


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class _Selected:
    """What a selection knows of one state. Attributes: is_selected: by a person's number."""

    snapshot: Snapshot
    is_selected: npt.NDArray[np.bool_]
    left_out: dict[Block, Flags]
    people_count: int


def _offsets(rows: Matrix) -> tuple[Vector, float]:
    """Return half the squared length of rows, negative, and the length of the longest."""
    squares: Vector = (rows * rows).sum(axis=1)
    return squares * np.float32(-0.5), float(np.sqrt(squares.max()))


def _sealed(block: Block) -> Block:
    """Return a full block with its codes, where this machine has a kernel to be trusted."""
    # Only large galleries pay the memory of the module that writes networks.
    from models.face.codes import Codes, KernelError

    try:
        codes = Codes(block.rows)
    except KernelError as error:
        _log.warning("a large gallery is searched without codes: %s", error)
        return block
    return dataclasses.replace(block, codes=codes)


def _size_bytes(block: Block) -> int:
    arrays = (block.rows, block.owners, block.offsets)
    return sum(a.nbytes for a in arrays) + (block.codes.size_bytes if block.codes else 0)
