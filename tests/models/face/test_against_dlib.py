"""The built-in pipeline beside dlib itself; ``against_dlib`` compares every photograph there is."""

from pathlib import Path

import pytest

from models.face.builtin import BuiltinPipeline
from models.face.types import Image, Pipeline
from tests.models.face.against_dlib import Oracle, pictures_of, small

pytestmark = pytest.mark.oracle

EVERY = 3
"""Of the photographs one in so many is compared here."""


def test_everything_is_as_dlib_has_it(
    builtin: Pipeline, shared: Path, photographs: dict[str, Image]
) -> None:
    assert isinstance(builtin, BuiltinPipeline)
    oracle = Oracle()
    some = dict(small(pictures_of([shared / "faces"])[::EVERY]))

    faces = sum(
        oracle.compare(builtin, image, name=name) for name, image in (some | photographs).items()
    )

    assert faces >= 35
