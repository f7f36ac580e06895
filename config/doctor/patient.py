"""What a doctor is told of the machine that it looks at."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from config.doctor.findings import Finding
from config.site import Site


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One machine.

    Attributes:
        home: State folder of everything here.
        central_home: State folder of central; need not be there.
        now: Aware UTC.
        site: The whole site; None tries no port and no camera.
        node: The terminal that is meant; empty is all.
        database: Central's address, as central has it; None is a file in ``central_home``.
    """

    home: Path
    central_home: Path
    now: datetime
    site: Site | None = None
    node: str = ""
    database: str | None = None


Doctor = Callable[[Patient], Iterator[Finding]]
"""Yields what was found; ValueError where the site file or an option is a mistake."""
