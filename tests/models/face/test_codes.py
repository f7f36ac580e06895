import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.face.codes import Codes, KernelError
from tests.models.face.galleries import units


class CrookedCodes(Codes):
    """Codes on a machine whose kernel errs."""

    def _products(self, moved: np.ndarray) -> np.ndarray:
        return super()._products(moved) + np.float32(10)


@settings(deadline=None)
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

    bounds, addend = codes.upper_bounds(probe)

    near = ((rows - probe) ** 2).sum(axis=1) / -2
    room = bounds + codes.offsets + addend - near
    scale = lengths * (lengths + 1)
    assert room.min() > -1e-5 * (scale + dimension * shift * shift)
    assert room.max() < scale


def test_equal_rows_have_codes_too() -> None:
    rows = np.repeat(units(1, 32), 64, axis=0)
    codes = Codes(rows)

    bounds, addend = codes.upper_bounds(rows[0].astype(np.float64))

    assert bounds + codes.offsets + addend == pytest.approx(np.zeros(64), abs=1e-6)


def test_codes_take_an_eighth_of_the_memory_and_eight_bytes() -> None:
    assert Codes(units(64, 128)).size_bytes == 64 * (128 * 4 // 8 + 8)


def test_a_kernel_that_errs_is_not_used() -> None:
    with pytest.raises(KernelError, match=r"is off by 1\d"):
        CrookedCodes(units(64, 32))
