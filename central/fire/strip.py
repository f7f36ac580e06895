"""Latencies as one drawing: how many gates confirmed after how long, and where the limit is. Pure.

Inline SVG without a script, a style of its own or an address; colours are the document's.
"""

import math
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH, HEIGHT, BASE, TOP, SIDE = 720, 132, 104, 18, 14
BIN_COUNT: Final = 24


def latency_strip(times_ms: Sequence[float], *, limit_ms: float, unit: str, limit: str) -> str:
    """Return bars of gates by latency, with the limit as a line.

    Args:
        times_ms: Of the gates that confirmed; may be empty.
        limit_ms: Drawn even where all are far below it, unless that would hide them.
        unit: Words after the numbers of the axis.
        limit: Words at the line.
    """
    end_ms = _end(max(times_ms, default=limit_ms), limit_ms)
    span = WIDTH - 2 * SIDE
    width = span / BIN_COUNT
    bins = Counter(min(int(ms / end_ms * BIN_COUNT), BIN_COUNT - 1) for ms in times_ms)
    most = max(bins.values(), default=1)
    parts = [
        f'<rect class="bar" x="{SIDE + index * width + 1:.1f}" y="{BASE - _height(n, most):.1f}"'
        f' width="{width - 2:.1f}" height="{_height(n, most):.1f}"/>'
        f'<text class="count" x="{SIDE + (index + 0.5) * width:.1f}"'
        f' y="{BASE - _height(n, most) - 4:.1f}">{n}</text>'
        for index, n in sorted(bins.items())
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = SIDE + share * span
        parts.append(f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{BASE}" y2="{BASE + 5}"/>')
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        parts.append(
            f'<text class="axis" text-anchor="{anchor}" x="{x:.1f}" y="{BASE + 18}">'
            f"{share * end_ms:g} {escape(unit)}</text>"
        )
    parts.append(f'<line class="axis" x1="{SIDE}" x2="{WIDTH - SIDE}" y1="{BASE}" y2="{BASE}"/>')
    if limit_ms <= end_ms:
        x = SIDE + limit_ms / end_ms * span
        parts.append(
            f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{BASE}"/>'
            f'<text class="limit" text-anchor="end" x="{x - 4:.1f}" y="{TOP}">'
            f"{escape(limit)}</text>"
        )
    body = "".join(parts)
    return f'<svg class="strip" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">{body}</svg>\n'


def _height(count: int, most: int) -> float:
    return count / most * (BASE - TOP - 18)


def _end(slowest_ms: float, limit_ms: float) -> float:
    """Return a round end of the axis that holds all times, and the limit where it is near."""
    wanted = max(slowest_ms, 1.0)
    if wanted * 8 >= limit_ms:
        wanted = max(wanted, limit_ms)
    step = 10.0 ** math.floor(math.log10(wanted))
    return next(step * each for each in (1, 2, 4, 5, 8, 10) if step * each >= wanted)
