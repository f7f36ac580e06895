"""The templates of people, opened into the gallery; they are in the clear nowhere else."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from config.contract.nodes import HolderRecord, TemplateRecord
from config.contract.trust import TrustError, decrypt_template, seal, unseal
from config.crypto.keys import SealingKey
from models.face.types import Embedding

_log = logging.getLogger("edge.replica")


class Templates(Protocol):
    """Where opened templates go."""

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what is held of one person; an empty sequence forgets the person.

        Raises:
            ValueError: These are no templates of the gallery's network.
        """
        ...


class ReplicaFaces:
    """What the gallery is given, and of how many pictures it is."""

    def __init__(
        self,
        gallery: Templates | None,
        *,
        network: str | None,
        sealing_key: SealingKey,
        other_keys: Callable[[], Sequence[SealingKey]] = tuple,
    ) -> None:
        """Give templates of one network to the gallery; None where no faces are recognised.

        Args:
            gallery: That is given them.
            network: Theirs.
            sealing_key: Opens them.
            other_keys: One of these opens what that one does not.
        """
        self._gallery, self._network = gallery, network
        self._sealing_key, self._other_keys = sealing_key, other_keys
        self._pictures: dict[str, int] = {}

    def picture_counts(self) -> frozenset[int]:
        """Return of how many pictures the faces are that are compared here; each number once."""
        return frozenset(self._pictures.values())

    def take(self, record: HolderRecord) -> None:
        """Hand a person's templates over; what cannot be one is passed over, and said."""
        counts = [t.picture_count for t in record.templates if t.network == self._network]
        if counts:
            self._pictures[record.holder_id] = min(counts)
        else:
            self._pictures.pop(record.holder_id, None)
        if self._gallery is None:
            return
        try:
            self._gallery.put(record.holder_id, list(self._opened(record)))
        except ValueError as error:
            _log.error("holder %s is not recognised by face: %s", record.holder_id, error)
            self._gallery.put(record.holder_id, [])

    def forget(self, holder_id: str) -> None:
        """Take back what was handed over of a person."""
        self._pictures.pop(holder_id, None)
        if self._gallery is not None:
            self._gallery.put(holder_id, [])

    def _opened(self, record: HolderRecord) -> Iterable[Embedding]:
        for template in record.templates:
            if template.network != self._network:
                continue
            try:
                yield self._open(template, record.holder_id)
            except TrustError as error:
                _log.error("template %s cannot be opened: %s", template.template_id, error)

    def _open(self, template: TemplateRecord, holder_id: str) -> Embedding:
        raw = decrypt_template(
            unsealed((self._sealing_key, *self._other_keys()), template.sealed_key),
            template.ciphertext,
            holder_id=holder_id,
            key_version=template.key_version,
        )
        return np.frombuffer(raw, dtype="<f4").astype(np.float32)


def unsealed(keys: Sequence[SealingKey], sealed: str) -> bytes:
    """Return what one of these keys opens, the first ones first.

    Raises:
        TrustError: None of them does.
    """
    failures = list[TrustError]()
    for key in keys:
        try:
            return unseal(key, sealed)
        except TrustError as error:
            failures.append(error)
    raise failures[0]


def sealed_anew(
    templates: Sequence[TemplateRecord], key: SealingKey, others: Sequence[SealingKey]
) -> tuple[TemplateRecord, ...]:
    """Return templates that this key opens alone; what nothing opens stays as it is.

    Args:
        templates: As central or an older key's node sealed them.
        key: The one that is kept.
        others: That may open what the first does not.
    """
    sealed = list[TemplateRecord]()
    for template in templates:
        try:
            secret = unsealed((key, *others), template.sealed_key)
        except TrustError:
            sealed.append(template)
            continue
        again = seal(key.public_key(), secret)
        sealed.append(template.model_copy(update={"sealed_key": again}))
    return tuple(sealed)
