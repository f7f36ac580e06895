"""From photographs to one template: which pictures are good, whose they are, whom they resemble.

Networks run in one thread of their own. Photographs are looked at and let go; only the template
stays.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from central.keys import KeyEncryptionKey
from central.people.schemas import PictureVerdict
from central.people.templates import decrypted
from models.face import open_pipeline
from models.face.picture import PictureError, decode_picture
from models.face.quality import assess
from models.face.types import Candidate, Embedding, Pipeline
from models.store import StoreError, default_store

PIXELS_MAX: Final = 40_000_000
PipelineFactory = Callable[[], Pipeline]


class RecognitionUnavailableError(Exception):
    """The site's pipeline cannot run here; the message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Photograph:
    """A file as it was sent."""

    name: str
    content: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What was made of photographs of one person.

    Attributes:
        verdicts: One per photograph, in order.
        template: Shape (dimension,), float32; None when no photograph was good.
        network: That made the template.
    """

    verdicts: list[PictureVerdict]
    template: Embedding | None = dataclasses.field(repr=False)
    network: str


def site_pipeline(name: str) -> PipelineFactory:
    """Return a function that opens the site's pipeline from the store of this machine."""
    return lambda: open_pipeline(name, default_store())


class FaceReader:
    """The recognition of one central process; opened at the first photograph."""

    def __init__(
        self,
        pipeline_factory: PipelineFactory,
        kek: KeyEncryptionKey,
        *,
        false_positive_rate: float,
    ) -> None:
        self._factory, self._kek = pipeline_factory, kek
        self._false_positive_rate = false_positive_rate
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="faces")
        self._pipeline: Pipeline | None = None
        self.enrolment = asyncio.Lock()
        """Held from the search for look-alikes until the template is stored."""

    def close(self) -> None:
        """End the thread; photographs that wait are let go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def read(self, photographs: Sequence[Photograph]) -> Reading:
        """Judge photographs of one person and make the template.

        Raises:
            RecognitionUnavailableError: The networks are not on this machine, or damaged.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._read, photographs)

    async def look_alike(
        self, template: Embedding, others: Sequence[Mapping[str, Any]]
    ) -> Candidate | None:
        """Return whom a template resembles so much that a gate could take one for the other.

        Args:
            template: Of the pipeline's network.
            others: Rows of ``templates``, all of the same network.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._look_alike, template, others)

    def _opened(self) -> Pipeline:
        if self._pipeline is None:
            try:
                self._pipeline = self._factory()
            except StoreError as error:
                raise RecognitionUnavailableError(str(error)) from error
        return self._pipeline

    def _read(self, photographs: Sequence[Photograph]) -> Reading:
        pipeline = self._opened()
        verdicts, embeddings = list[PictureVerdict](), list[Embedding]()
        for photograph in photographs:
            verdict, embedding = self._read_one(pipeline, photograph)
            if embedding is not None and not self._is_same(pipeline, embedding, embeddings):
                verdict = _refused(photograph, "another_person", score=verdict.score)
            elif embedding is not None:
                embeddings.append(embedding)
            verdicts.append(verdict)
        template = pipeline.mean(embeddings) if embeddings else None
        return Reading(verdicts, template, pipeline.network)

    @staticmethod
    def _read_one(
        pipeline: Pipeline, photograph: Photograph
    ) -> tuple[PictureVerdict, Embedding | None]:
        try:
            image = decode_picture(photograph.content, pixels_max=PIXELS_MAX)
        except PictureError as error:
            return _refused(photograph, "not_a_picture", detail=str(error)), None
        faces = pipeline.detect(image)
        if len(faces) != 1:
            return _refused(photograph, "several_faces" if faces else "no_face"), None
        quality = assess(image, faces[0], purpose="enrolment")
        if quality.reason is not None:
            return _refused(photograph, quality.reason.value, score=quality.score), None
        verdict = PictureVerdict(
            name=photograph.name, accepted=True, reason=None, score=quality.score
        )
        return verdict, pipeline.embed(image, faces[0])

    def _is_same(
        self, pipeline: Pipeline, embedding: Embedding, before: Sequence[Embedding]
    ) -> bool:
        # The gate's own question, asked of a gallery of one: is this the person of the first?
        threshold = self._threshold(pipeline, gallery_size=1)
        return not before or pipeline.similarity(before[0], embedding) >= threshold

    def _threshold(self, pipeline: Pipeline, *, gallery_size: int) -> float:
        return pipeline.threshold(
            gallery_size=gallery_size, false_positive_rate=self._false_positive_rate
        )

    def _look_alike(
        self, template: Embedding, others: Sequence[Mapping[str, Any]]
    ) -> Candidate | None:
        pipeline = self._opened()
        gallery = pipeline.new_gallery()
        for row in others:
            gallery.put(str(row["holder_id"]), [decrypted(self._kek, row)])
        threshold = self._threshold(pipeline, gallery_size=len(gallery))
        found = gallery.search(template, count=1)
        return found[0] if found and found[0].similarity >= threshold else None


def _refused(
    photograph: Photograph, reason: str, *, score: float | None = None, detail: str = ""
) -> PictureVerdict:
    return PictureVerdict(
        name=photograph.name, accepted=False, reason=reason, score=score, detail=detail
    )
