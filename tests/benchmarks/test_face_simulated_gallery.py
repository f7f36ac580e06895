"""Drawn people are as near to a probe as the measured ones were."""

import numpy as np
import pytest

from benchmarks.face_simulated_gallery import draw_similarities, draw_templates
from models.face.operating_point import BUILTIN, REIDENTIFICATION_0095, ErrorRates
from models.face.thresholds import similarity_at

DRAWN = 400_000


@pytest.mark.parametrize("rates", [BUILTIN, REIDENTIFICATION_0095])
@pytest.mark.parametrize("factor", [1.0, 27.0])
def test_drawn_similarities_have_the_measured_false_accept_rate(
    rates: ErrorRates, factor: float
) -> None:
    similarity = similarity_at(rates.far(pictures=3), 1e-3 / factor)

    drawn = draw_similarities(rates, DRAWN, factor=factor, random=np.random.default_rng(1))

    assert np.mean(drawn >= similarity) == pytest.approx(1e-3, rel=0.2)


def test_templates_of_unit_length_have_the_drawn_cosine() -> None:
    random = np.random.default_rng(2)
    probe = np.eye(1, 256, dtype=np.float32)[0]
    drawn = np.array([-0.2, 0.0, 0.3, 0.55])

    templates = np.stack(draw_templates(probe, drawn, measure="cosine", random=random))

    assert np.linalg.norm(templates, axis=1) == pytest.approx(1, abs=1e-5)
    assert templates @ probe == pytest.approx(drawn, abs=1e-5)


def test_templates_of_the_built_in_pipeline_have_the_drawn_distance() -> None:
    random = np.random.default_rng(3)
    probe = random.standard_normal(128).astype(np.float32) * 0.12
    drawn = np.array([0.1, 0.4, 0.65])

    templates = np.stack(draw_templates(probe, drawn, measure="euclidean", random=random))

    assert 1 - np.linalg.norm(templates - probe, axis=1) == pytest.approx(drawn, abs=1e-5)
