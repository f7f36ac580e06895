"""Ranges of sequences: what is held, and the gaps between. Pure functions."""

from collections.abc import Iterable

Range = tuple[int, int]
"""First and last sequence, both included."""


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Return the same sequences in as few ranges as there can be, ascending."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def gaps(ranges: Iterable[Range]) -> list[Range]:
    """Return what is missing between 1 and the last sequence."""
    missing, expected = list[Range](), 1
    for first, last in merged(ranges):
        if first > expected:
            missing.append((expected, first - 1))
        expected = last + 1
    return missing
