"""The recognition of one node: one pipeline and one gallery, or what is missing for them."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Self

from models.face import MissingFilesError, open_pipeline
from models.face.types import Gallery, Pipeline
from models.store import Store, StoreError

_log = logging.getLogger("edge.recognition")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What a node recognises faces with.

    Attributes:
        pipelines: One per camera, all the same: its networks are large and threads may share it.
        gallery: Of all of them; None where nothing is recognised.
        missing: Files of the site's pipeline that this node lacks; it takes cards only meanwhile.
    """

    pipelines: Sequence[Pipeline] = ()
    gallery: Gallery | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def open(cls, pipeline: str, *, camera_count: int, store: Store) -> Self:
        """Open the site's pipeline; takes seconds. What is missing is said and not raised."""
        if camera_count == 0:
            return cls()
        try:
            pipelines = [open_pipeline(pipeline, store)] * camera_count
        except MissingFilesError as error:
            _log.error("faces are not recognised, cards are: %s", error)
            return cls(missing=error.names)
        except StoreError as error:
            _log.error("faces are not recognised, cards are: %s", error)
            return cls(missing=(str(error),))
        return cls(pipelines=pipelines, gallery=pipelines[0].new_gallery())

    @property
    def network(self) -> str | None:
        """Of the templates that can be compared here."""
        return self.pipelines[0].network if self.pipelines else None
