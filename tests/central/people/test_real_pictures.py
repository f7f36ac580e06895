"""Photographs of real people through the production networks: judged, kept, and used anew."""

from pathlib import Path

import pytest

from central.people.pictures import cropped
from models.face import open_pipeline
from models.face.picture import decode_picture
from models.face.types import Pipeline
from models.store import Store
from tests.central.bench import running_central
from tests.central.people.enrolling import enrol


@pytest.fixture(scope="module")
def production(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    store = Store(tmp_path_factory.mktemp("production"))
    for name in ("yunet_s_dynamic.onnx", "face-reidentification-retail-0095.onnx"):
        store.add(shared / "models" / name)
    return open_pipeline("production", store)


@pytest.fixture
def photographs(shared: Path) -> Path:
    return shared / "faces" / "face_recognition"


@pytest.mark.parametrize("name", ["examples/obama-1080p.jpg", "examples/biden.jpg"])
def test_a_kept_picture_is_as_good_as_the_photograph(
    production: Pipeline, photographs: Path, name: str
) -> None:
    image = decode_picture((photographs / name).read_bytes())
    face = production.detect(image)[0]

    kept = decode_picture(cropped(image, face))

    again = production.embed(kept, production.detect(kept)[0])
    # The detector finds the points of a crop a little elsewhere; two photographs differ by 0.3.
    assert production.similarity(production.embed(image, face), again) > 0.93


def test_the_wrong_first_photograph_is_found(
    production: Pipeline, photographs: Path, tmp_path: Path
) -> None:
    names = ("test_images/biden.jpg", "test_images/obama.jpg", "test_images/obama2.jpg")
    pictures = [(photographs / name).read_bytes() for name in names]

    with running_central(tmp_path / "home", pipeline_factory=lambda: production) as bench:
        reply = enrol(bench.administrator, bench.person(), *pictures)

    reasons = [picture["reason"] for picture in reply.json()["pictures"]]
    assert reasons == ["another_person", None, None]
