"""What two site files differ in, entry by entry. Pure."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from config.contract.identifiers import Frozen
from config.site import Site

Kind = Literal["added", "removed", "changed"]
SECTIONS: Final = (
    "site", "recognition", "policy", "time", "retention", "assistance", "video", "patrol", "boards",
)  # fmt: skip
"""Tables that a site file has once."""
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "patrol_reader": ("device",),
    "fire_input": ("zone", "device", "points"),
}
"""What names an entry where it has no ``id``."""
_SECRET: Final = re.compile(
    r"^settings\..*(password|passphrase|secret|token|key|scbk|(^|[._])pin)", re.IGNORECASE
)
"""Of a driver's own settings; no other table has a password but in an address."""
_LOGIN: Final = re.compile(r"//[^/@\s]*@")
MASK: Final = "***"
LENGTH_MAX: Final = 80


@dataclasses.dataclass(frozen=True, slots=True)
class Detail:
    """A setting that has another value, as it is shown: without passwords."""

    setting: str
    before: str
    after: str

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.setting}: {self.before} -> {self.after}"


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs.

    Attributes:
        table: As the site file calls it.
        name: Which entry; empty for a table that a file has once.
        details: Of a change alone.
    """

    kind: Kind
    table: str
    name: str = ""
    details: tuple[Detail, ...] = ()

    def __str__(self) -> str:
        """Return it as people read it."""
        what = f"{self.table} {self.name}".rstrip()
        settings = "; ".join(str(detail) for detail in self.details)
        return f"{what} {self.kind}" + (f": {settings}" if settings else "")


def changes(before: Site, after: Site) -> Iterator[Change]:
    """Yield what differs, in the order of the site file: its settings, then its entries."""
    for table in SECTIONS:
        if details := _details(getattr(before, table), getattr(after, table)):
            yield Change("changed", table, "", details)
    for table in Site.model_fields:
        if table not in SECTIONS:
            yield from _entries(table, getattr(before, table), getattr(after, table))


def _entries(table: str, before: Sequence[Frozen], after: Sequence[Frozen]) -> Iterator[Change]:
    old = {_name(table, entry): entry for entry in before}
    new = {_name(table, entry): entry for entry in after}
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old:
            yield Change("added", table, name)
        elif name not in new:
            yield Change("removed", table, name)
        elif details := _details(old[name], new[name]):
            yield Change("changed", table, name, details)


def _name(table: str, entry: Frozen) -> str:
    parts = [getattr(entry, key) for key in KEYS.get(table, ("id",))]
    return " ".join(",".join(part) if isinstance(part, tuple) else part for part in parts)


def _details(before: Frozen, after: Frozen) -> tuple[Detail, ...]:
    old, new = (_flat(entry.model_dump(mode="json")) for entry in (before, after))
    names = [*new, *(name for name in old if name not in new)]
    return tuple(
        _detail(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    )


def _detail(setting: str, before: object, after: object) -> Detail:
    old, new = shown(setting, before), shown(setting, after)
    return Detail(setting, old, f"{new} (another one)" if old == new else new)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return settings of settings by their whole names, as ``settings.unit_id``."""
    found = dict[str, Any]()
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def shown(setting: str, value: object) -> str:
    """Return a value as it may stand on a screen: no password, no key, and not for pages."""
    if value is None:
        return "none"
    if _SECRET.search(setting):
        return MASK
    text = _LOGIN.sub(f"//{MASK}@", json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LENGTH_MAX else f"{text[:LENGTH_MAX]}…"
