"""What the site file says of controller boards and may not mean."""

from collections.abc import Iterator
from typing import Final

from config.doctor.findings import Finding, Level
from config.site import Site
from edge.boards.doubts import doubts

CHECK: Final = "boards"


def judge_boards(site: Site, *, node: str = "") -> Iterator[Finding]:
    """Yield a warning for each.

    Args:
        site: The whole site; one without a board has nothing to say.
        node: Whose boards are looked at; empty is all.

    Raises:
        ValueError: A board's settings are wrong.
    """
    for doubt in doubts(site, node=node):
        yield Finding(CHECK, Level.WARNING, doubt.message, doubt.advice)
