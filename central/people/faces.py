"""From photographs to one template: which pictures are good, whose they are, whom they resemble.

Networks run in one thread of their own, for one person at a time. Photographs are looked at and let
go; the template stays, and what is kept of them where the site wants it (``pictures``).
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from central.keys import KeyEncryptionKey
from central.people.likeness import Likeness
from central.people.pictures import cropped
from central.people.pictures import decrypted as decrypted_picture
from central.people.schemas import PictureVerdict
from central.people.templates import counted, decrypted
from config.site import Recognition
from models.face import open_pipeline
from models.face.agreement import majority
from models.face.picture import PictureError, decode_picture
from models.face.quality import assess
from models.face.types import Candidate, Embedding, Pipeline
from models.store import StoreError, default_store

PIXELS_MAX: Final = 40_000_000
PipelineFactory = Callable[[], Pipeline]
_T = TypeVar("_T")


class RecognitionUnavailableError(Exception):
    """The site's pipeline cannot run here; the message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Photograph:
    """A file as it was sent."""

    name: str
    content: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """A template in the clear.

    Attributes:
        values: Shape (dimension,), float32.
        network: That made it.
        picture_count: Pictures whose mean it is.
    """

    values: Embedding = dataclasses.field(repr=False)
    network: str
    picture_count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What was made of photographs of one person.

    Attributes:
        verdicts: One per photograph, in order.
        template: None when no photograph was good.
        crops: Of the photographs that it is made of, as they may be kept.
    """

    verdicts: list[PictureVerdict]
    template: Template | None
    crops: list[bytes] = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Look:
    verdict: PictureVerdict
    embedding: Embedding | None = dataclasses.field(default=None, repr=False)
    crop: bytes = dataclasses.field(default=b"", repr=False)


def site_pipeline(name: str) -> PipelineFactory:
    """Return a function that opens the site's pipeline from the store of this machine."""
    return lambda: open_pipeline(name, default_store())


class FaceReader:
    """The recognition of one central process; opened when it is first needed."""

    def __init__(
        self, pipeline_factory: PipelineFactory, kek: KeyEncryptionKey, recognition: Recognition
    ) -> None:
        self._factory, self._kek = pipeline_factory, kek
        self._likeness = Likeness(recognition)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="faces")
        self._pipeline: Pipeline | None = None
        self.enrolment = asyncio.Lock()
        """Held from the search for look-alikes until the template is stored."""

    def close(self) -> None:
        """End the thread; photographs that wait are let go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def known_network(self) -> str | None:
        """The network that makes templates; None as long as nobody needed it."""
        return None if self._pipeline is None else self._pipeline.network

    async def network(self) -> str:
        """Return the network that makes templates.

        Raises:
            RecognitionUnavailableError: It is not on this machine, or damaged.
        """
        return (await self._in_thread(self._opened)).network

    async def read(self, photographs: Sequence[Photograph]) -> Reading:
        """Judge photographs of one person and make the template.

        Raises:
            RecognitionUnavailableError: The networks are not on this machine, or damaged.
        """
        return await self._in_thread(lambda: self._read(photographs))

    async def renew(self, rows: Sequence[Mapping[str, Any]]) -> Template | None:
        """Make a template of pictures that were kept; their quality has been judged before.

        Args:
            rows: Of ``enrolment_pictures``, all of one person.

        Returns:
            None where the network finds a face in none of them.

        Raises:
            RecognitionUnavailableError: The networks are not on this machine, or damaged.
            KeysError: A picture cannot be decrypted.
        """
        return await self._in_thread(lambda: self._renew(rows))

    async def embed_kept(self, rows: Sequence[Mapping[str, Any]]) -> list[Embedding]:
        """Return the embeddings of kept pictures, of those in which a face is found.

        Args:
            rows: See ``renew``.

        Raises:
            RecognitionUnavailableError: The networks are not on this machine, or damaged.
            KeysError: A picture cannot be decrypted.
        """
        return await self._in_thread(lambda: self._embed_kept(rows))

    async def look_alike(
        self, template: Template, others: Sequence[Mapping[str, Any]]
    ) -> Candidate | None:
        """Return whom a template resembles so much that a gate could take one for the other.

        Args:
            template: Of the pipeline's network.
            others: Rows of ``templates``, all of the same network.
        """
        return await self._in_thread(lambda: self._look_alike(template, others))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _opened(self) -> Pipeline:
        if self._pipeline is None:
            try:
                self._pipeline = self._factory()
            except StoreError as error:
                raise RecognitionUnavailableError(str(error)) from error
        return self._pipeline

    def _read(self, photographs: Sequence[Photograph]) -> Reading:
        pipeline = self._opened()
        contents = [photograph.content for photograph in photographs]
        looks = [
            _Look(_refused(photograph, "same_picture"))
            if photograph.content in contents[:i]
            else _look(pipeline, photograph)
            for i, photograph in enumerate(photographs)
        ]
        usable = [i for i, look in enumerate(looks) if look.embedding is not None]
        embeddings = [e for look in looks if (e := look.embedding) is not None]
        same = {usable[i] for i in self._of_one_person(pipeline, embeddings)}
        reason = "another_person" if same else "disagree"
        verdicts = [
            _refused(photograph, reason, score=look.verdict.score)
            if i in usable and i not in same
            else look.verdict
            for i, (photograph, look) in enumerate(zip(photographs, looks, strict=True))
        ]
        chosen = [look for i, look in enumerate(looks) if i in same]
        template = _mean(pipeline, [e for look in chosen if (e := look.embedding) is not None])
        return Reading(verdicts, template, [look.crop for look in chosen])

    def _of_one_person(self, pipeline: Pipeline, embeddings: Sequence[Embedding]) -> list[int]:
        return majority(
            pipeline,
            embeddings,
            alike=self._likeness.of_own_pictures(picture_count=1),
            alike_mean=self._likeness.of_own_pictures(picture_count=max(1, len(embeddings) - 1)),
        )

    def _renew(self, rows: Sequence[Mapping[str, Any]]) -> Template | None:
        return _mean(self._opened(), self._embed_kept(rows))

    def _embed_kept(self, rows: Sequence[Mapping[str, Any]]) -> list[Embedding]:
        pipeline, embeddings = self._opened(), list[Embedding]()
        for row in rows:
            image = decode_picture(decrypted_picture(self._kek, row), pixels_max=PIXELS_MAX)
            if faces := pipeline.detect(image):
                embeddings.append(pipeline.embed(image, faces[0]))
        return embeddings

    def _look_alike(
        self, template: Template, others: Sequence[Mapping[str, Any]]
    ) -> Candidate | None:
        pipeline = self._opened()
        gallery = pipeline.new_gallery()
        for row in others:
            gallery.put(str(row["holder_id"]), [decrypted(self._kek, row)])
        fewest = min((counted(row["picture_count"]) for row in others), default=1)
        limit = self._likeness.of_other_people(
            gallery_size=len(gallery), picture_count=min(template.picture_count, fewest)
        )
        found = gallery.search(template.values, count=1)
        return found[0] if found and found[0].similarity >= limit else None


def _look(pipeline: Pipeline, photograph: Photograph) -> _Look:
    try:
        image = decode_picture(photograph.content, pixels_max=PIXELS_MAX)
    except PictureError as error:
        return _Look(_refused(photograph, "not_a_picture", detail=str(error)))
    faces = pipeline.detect(image)
    if len(faces) != 1:
        return _Look(_refused(photograph, "several_faces" if faces else "no_face"))
    quality = assess(image, faces[0], purpose="enrolment")
    if quality.reason is not None:
        return _Look(_refused(photograph, quality.reason.value, score=quality.score))
    verdict = PictureVerdict(name=photograph.name, accepted=True, reason=None, score=quality.score)
    return _Look(verdict, pipeline.embed(image, faces[0]), cropped(image, faces[0]))


def _mean(pipeline: Pipeline, embeddings: Sequence[Embedding]) -> Template | None:
    if not embeddings:
        return None
    return Template(pipeline.mean(embeddings), pipeline.network, len(embeddings))


def _refused(
    photograph: Photograph, reason: str, *, score: float | None = None, detail: str = ""
) -> PictureVerdict:
    return PictureVerdict(
        name=photograph.name, accepted=False, reason=reason, score=score, detail=detail
    )
