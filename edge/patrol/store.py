"""Keeps over a restart who carries which patrol reader: one small file, written whole.

It holds identifiers and times, and nobody whose time is over. What cannot be read is nobody.
"""

import logging
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, ValidationError

from config.contract.identifiers import Frozen, Slug
from config.contract.patrol_events import ScannedBy
from edge.key_files import write_private

_log = logging.getLogger("edge.patrol")

FILE: Final = "patrol-carriers.json"


class KeptCarrier(Frozen):
    """Who carried a reader. Attributes: used_at: When it was last used."""

    reader: Slug
    holder_id: str
    by: ScannedBy
    used_at: AwareDatetime


class _Kept(Frozen):
    carriers: tuple[KeptCarrier, ...] = ()


class CarrierStore:
    """One node's file; both methods block for the disk."""

    def __init__(self, folder: Path) -> None:
        """Keep in a folder that exists."""
        self._path = folder / FILE

    def load(self) -> tuple[KeptCarrier, ...]:
        """Return what was kept; raises nothing, because nothing may keep a node from starting."""
        try:
            return _Kept.model_validate_json(self._path.read_text(encoding="utf-8")).carriers
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, ValidationError) as error:
            _log.error("who carried a patrol reader cannot be read: %s", type(error).__name__)
            return ()

    def keep(self, carriers: tuple[KeptCarrier, ...]) -> None:
        """Keep these and nobody else.

        Raises:
            OSError: The disk refuses; what was kept before stands.
        """
        if carriers:
            write_private(self._path, _Kept(carriers=carriers).model_dump_json())
        else:
            self._path.unlink(missing_ok=True)
