"""Embeddings of the enrolment pictures that a site keeps, for its self-test."""

import logging
from collections.abc import Collection, Mapping

import numpy as np

from central.keys import KeysError
from central.people import pictures
from central.people.faces import RecognitionUnavailableError
from central.recognition.self_test import PicturesOf
from central.services import Services
from models.face.calibration import Floats

_log = logging.getLogger("central.recognition")


def kept_pictures(services: Services) -> PicturesOf:
    """Return what embeds kept pictures, one person at a time, so that enrolment goes first."""

    async def pictures_of(network: str, holder_ids: Collection[str]) -> Mapping[str, Floats]:
        async with services.database.read() as transaction:
            keeping = await pictures.holders(transaction)
        found = dict[str, Floats]()
        for holder_id in keeping.intersection(holder_ids):
            async with services.database.read() as transaction:
                rows = await pictures.of_holder(transaction, holder_id)
            try:
                if await services.faces.network() != network:
                    return {}
                embeddings = await services.faces.embed_kept(rows)
            except RecognitionUnavailableError as error:
                _log.warning("kept pictures are not compared: %s", error)
                return {}
            except KeysError as error:
                _log.error("pictures of holder %s cannot be used: %s", holder_id, error)
                continue
            if embeddings:
                found[holder_id] = np.stack(embeddings)
        return found

    return pictures_of
