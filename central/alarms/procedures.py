"""What to do about an alarm, as shipped for every kind (``procedures.toml``)."""

import tomllib
from importlib import resources
from typing import Final, Literal

_FILE: Final = resources.files("central.alarms") / "procedures.toml"
SHIPPED: Final[dict[str, dict[Literal["zh-CN", "en"], str]]] = tomllib.loads(
    _FILE.read_text(encoding="utf-8")
)
"""By kind and language; lines of plain text."""


def shipped(kind: str) -> dict[Literal["zh-CN", "en"], str]:
    """Return the shipped procedure of a kind by language."""
    return SHIPPED[kind]
