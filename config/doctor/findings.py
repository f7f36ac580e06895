"""What the doctor found."""

import dataclasses
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Attributes: advice: what to do; empty when all is well."""

    check: str
    level: Level
    message: str
    advice: str = ""
