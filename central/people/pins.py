"""Which PINs are guessed first. Pure."""

import itertools


def is_trivial(pin: str) -> bool:
    """Return whether digits are all alike, a row up or down, or a part again and again."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    is_row = len(steps) == 1 and steps <= {0, 1, 9}
    is_repetition = any(
        pin == pin[:length] * (len(pin) // length) for length in range(1, len(pin) // 2 + 1)
    )
    return is_row or is_repetition
