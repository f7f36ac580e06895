import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.codes import Codes, KernelError
from tests.models.face.galleries import units


class CrookedCodes(Codes):
    """Codes on a machine whose kernel errs."""

    def _scored(self, moved: np.ndarray) -> np.ndarray:
        return super()._scored(moved) + np.float32(10)


def bounds(codes: Codes, probe: np.ndarray) -> np.ndarray:
    """Return what the nearness of each row cannot exceed."""
    scores, addend, reach = codes.scores(probe)
    return scores[: len(codes.losses)] + codes.losses * np.float32(reach) + np.float32(addend)


@given(
    dimension=st.sampled_from([8, 33, 128, 256, 512]),
    lengths=st.floats(0.01, 100),
    shift=st.floats(-5, 5),
    seed=st.integers(0, 2**16),
)
def test_no_row_is_nearer_than_its_bound_and_bounds_are_close(
    dimension: int, lengths: float, shift: float, seed: int
) -> None:
    rows = units(64, dimension, seed=seed) * np.float32(lengths) + np.float32(shift)
    probe = (rows[0] + units(1, dimension, seed=seed + 1)[0]).astype(np.float64)
    codes = Codes(rows)

    near = ((rows - probe) ** 2).sum(axis=1) / -2
    room = bounds(codes, probe) - near
    scale = lengths * (lengths + 1)
    assert room.min() > -1e-5 * (scale + dimension * shift * shift)
    assert room.max() < scale


def test_equal_rows_have_codes_too() -> None:
    rows = np.repeat(units(1, 32), 64, axis=0)
    codes = Codes(rows)

    assert bounds(codes, rows[0].astype(np.float64)) == pytest.approx(np.zeros(64), abs=1e-6)


def test_scores_are_of_whole_groups_and_nothing_lies_beyond_the_last_row() -> None:
    codes = Codes(units(100, 32))

    scores, _, _ = codes.scores(units(1, 32)[0].astype(np.float64))

    assert len(scores) == 128
    assert np.isfinite(scores[:100]).all()
    assert np.isneginf(scores[100:]).all()


def test_codes_take_about_a_seventh_of_the_memory_and_eight_bytes() -> None:
    assert Codes(units(64, 128)).size_bytes == 64 * (128 * 4 // 8 + 128 // 64 * 4 + 8)


def test_a_kernel_that_errs_is_not_used() -> None:
    with pytest.raises(KernelError, match=r"is off by 1\d"):
        CrookedCodes(units(64, 32))
