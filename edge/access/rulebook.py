"""The access rules of the site, as this node last understood them.

A model that cannot be read leaves the one before in force. A model that names access points which
this node's site file lacks is used without them: a site file that is behind at one terminal must
not hold back the rules of all its other points.
"""

import logging
from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from config.contract.access_check import site_problems
from config.contract.access_model import AccessModel
from config.contract.nodes import AccessRecord, ActiveLockdown, ForgivenRecord
from edge.access.compiled import CompiledModel
from edge.access.question import Point

_log = logging.getLogger("edge.access")

NO_RULES: Final = AccessModel()
_UTC: Final = ZoneInfo("UTC")


class RuleBook:
    """The model, the lockdowns and what operators forgave. One thread at a time may ``take``."""

    def __init__(self, points: Iterable[Point] = (), *, zone: ZoneInfo = _UTC) -> None:
        """Begin with the empty model.

        Args:
            points: All of the site.
            zone: Of the site.
        """
        self._points, self._zone = tuple(points), zone
        self._compiled = CompiledModel(NO_RULES, self._points, zone=zone)
        self._unreadable: int | None = None
        self._lockdowns: tuple[ActiveLockdown, ...] = ()
        self._forgiven: tuple[ForgivenRecord, ...] = ()

    @property
    def compiled(self) -> CompiledModel:
        """The model; another object whenever it changed."""
        return self._compiled

    @property
    def version(self) -> int:
        """Of the model; 0 is none."""
        return self._compiled.model.version

    @property
    def lockdowns(self) -> frozenset[str]:
        """The levels that are on."""
        return frozenset(lockdown.level for lockdown in self._lockdowns)

    @property
    def forgiven(self) -> tuple[ForgivenRecord, ...]:
        """What operators forgave of late, oldest first."""
        return self._forgiven

    def is_news(self, record: AccessRecord | None) -> bool:
        """Return whether ``take`` would change anything; None is a central that has no rules."""
        if record is None:
            return False
        is_known = record.version in (self.version, self._unreadable)
        now = (self._lockdowns, self._forgiven)
        return not is_known or (record.lockdowns, record.forgiven) != now

    def record(self) -> AccessRecord:
        """Return all of it, to be kept."""
        return AccessRecord(
            version=self.version,
            model=self._compiled.model,
            lockdowns=self._lockdowns,
            forgiven=self._forgiven,
        )

    def take(self, record: AccessRecord) -> None:
        """Use what central says from now on; idempotent."""
        if record.model is not None:
            self._use(record.model)
        elif record.version not in (self.version, self._unreadable):
            self._unreadable = record.version
            _log.error(
                "the access rules of version %d cannot be read here: version %d stands;"
                " update this terminal",
                record.version,
                self.version,
            )
        self._lockdowns, self._forgiven = record.lockdowns, record.forgiven

    def _use(self, model: AccessModel) -> None:
        if model == self._compiled.model:
            return
        self._compiled = CompiledModel(model, self._points, zone=self._zone)
        self._unreadable = None
        if found := site_problems(model, self._points):
            _log.warning(
                "the access rules of version %d do not fit this terminal's site file, and what"
                " they say of other points is passed over: %s",
                model.version,
                "; ".join(found),
            )
