"""Ranges of sequences: what is held, and the gaps between. Pure functions."""

import bisect
from collections.abc import Iterable, Sequence

Range = tuple[int, int]
"""First and last sequence, both included."""


def covering(sequences: Iterable[int]) -> list[Range]:
    """Return sequences, in any order, as ranges."""
    result: list[Range] = []
    first = last = 0
    for sequence in sorted(sequences):
        if first and sequence <= last + 1:
            last = sequence
            continue
        if first:
            result.append((first, last))
        first = last = sequence
    return [*result, (first, last)] if first else result


def holds(ranges: Sequence[Range], sequence: int) -> bool:
    """Return whether a sequence lies in one of merged ranges."""
    index = bisect.bisect_right(ranges, sequence, key=_first) - 1
    return index >= 0 and sequence <= ranges[index][1]


def _first(each: Range) -> int:
    return each[0]


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


def without(ranges: Iterable[Range], holes: Iterable[Range]) -> list[Range]:
    """Return what of merged ranges lies in none of the merged holes."""
    left, cut, index = list[Range](), list(holes), 0
    for first, last in ranges:
        begin = first
        while index < len(cut) and cut[index][1] < begin:
            index += 1
        while index < len(cut) and cut[index][0] <= last:
            hole_first, hole_last = cut[index]
            if hole_first > begin:
                left.append((begin, hole_first - 1))
            begin = hole_last + 1
            if hole_last > last:
                break  # it reaches into the next one, too
            index += 1
        if begin <= last:
            left.append((begin, last))
    return left
