"""The access rules of the site, as this node last understood them.

A model that cannot be read leaves the one before in force. A model that names access points which
this node's site file lacks is used without them: a site file that is behind at one terminal must
not hold back the rules of all its other points.
"""

import logging
from collections.abc import Iterable, Mapping
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
        self._node_keys: dict[str, str] = {}
        self._told_at = self._heard_at = 0
        self._heard = frozenset[str]()

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
        """The levels that are on: by central, or by what another node has heard of it later."""
        if self._heard_at > self._told_at:
            return self._heard
        return frozenset(lockdown.level for lockdown in self._lockdowns)

    @property
    def lockdowns_version(self) -> int:
        """Of the replica when ``lockdowns`` were told by central, here or elsewhere."""
        return max(self._told_at, self._heard_at)

    @property
    def node_keys(self) -> Mapping[str, str]:
        """Public keys of the site's nodes, raw, base64url."""
        return self._node_keys

    @property
    def forgiven(self) -> tuple[ForgivenRecord, ...]:
        """What operators forgave of late, oldest first."""
        return self._forgiven

    def is_news(self, record: AccessRecord | None) -> bool:
        """Return whether ``take`` would change anything; None is a central that has no rules."""
        if record is None:
            return False
        is_known = record.version in (self.version, self._unreadable)
        now = (self._lockdowns, self._forgiven, self._node_keys)
        return not is_known or (record.lockdowns, record.forgiven, record.node_keys) != now

    def record(self) -> AccessRecord:
        """Return all of it, to be kept."""
        return AccessRecord(
            version=self.version,
            model=self._compiled.model,
            lockdowns=self._lockdowns,
            forgiven=self._forgiven,
            node_keys=self._node_keys,
        )

    def hear(self, levels: Iterable[str], *, version: int) -> None:
        """Use the lockdowns that another node has heard of central; older ones change nothing."""
        if version > self.lockdowns_version:
            self._heard, self._heard_at = frozenset(levels), version

    def take(self, record: AccessRecord, *, version: int = 0) -> None:
        """Use what central says from now on; idempotent.

        Args:
            record: From a page.
            version: Of the replica with that page.
        """
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
        self._node_keys, self._told_at = record.node_keys, version

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
