"""People of a site with known faces, put into central's database as enrolment does."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np

from central.consent import repository as consents
from central.consent.schemas import NewConsent
from central.people import templates
from central.people.repository import change
from central.people.templates import encrypted
from central.recognition.self_test import SelfTests
from config.site import Recognition, Site
from models.face.demand import network_in_force
from models.face.types import Embedding
from tests.central.bench import PASSWORD, SITE, Bench

NETWORK = network_in_force(Recognition())
DIMENSION = 128
CONSENT = NewConsent(
    purpose="gate", text_version=1, place="central", method="paper", is_under_14=False
)
T = TypeVar("T")
CAMERA_SITE = Site.model_validate(
    {
        **SITE.model_dump(exclude={"camera", "access_point"}),
        "camera": [{"id": f"camera-{n}", "node": "gate-1", "url": "0"} for n in (1, 2)],
        "access_point": [
            {"id": "lane", "node": "gate-1", "device": "gate", "camera": "camera-1"},
            {"id": "vault", "node": "gate-1", "device": "gate", "camera": "camera-2"},
            {"id": "yard", "node": "gate-1", "device": "gate"},
        ],
    }
)


def on_loop(bench: Bench, work: Coroutine[Any, Any, T]) -> T:
    """Run something in central's own event loop."""
    loop = bench.app.state.services.loop
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)


def faces(count: int, *, spread: float = 0.5, seed: int = 1) -> list[Embedding]:
    """Return faces about ``spread`` x 1.4 from each other, some nearer and some farther."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count, DIMENSION)) / DIMENSION**0.5
    return list((rows * spread * rng.uniform(0.6, 1.2, (count, 1))).astype(np.float32))


def near(face: Embedding, *, distance: float, seed: int = 2) -> Embedding:
    """Return the face of somebody so alike."""
    step = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(face + distance * step / np.linalg.norm(step), np.float32)


def enrol(
    bench: Bench, people: Sequence[Embedding], *, network: str = NETWORK, **more: object
) -> list[str]:
    """Add a person for each face; returns their holder ids."""
    ids = [bench.person(f"P{number} Lee", **more) for number, _ in enumerate(people)]
    on_loop(bench, _store(bench, list(zip(ids, people, strict=True)), network))
    return ids


async def _store(bench: Bench, people: Sequence[tuple[str, Embedding]], network: str) -> None:
    services = bench.app.state.services
    async with services.database.write() as transaction:
        for holder_id, face in people:
            sealed = encrypted(
                services.kek, face, holder_id=holder_id, network=network, picture_count=2
            )
            await consents.add(transaction, holder_id, CONSENT, by="test", now=bench.clock())
            await templates.replace(transaction, holder_id, sealed, now=bench.clock())
            await change(transaction, holder_id, {})


def self_test(bench: Bench) -> bool:
    """Make the self-test that is wanted or due now, as the background task does."""
    return on_loop(bench, SelfTests(bench.app.state.services).make_one())


def week_later(bench: Bench) -> bool:
    """Let a week pass, sign the administrator in again, and make what is due."""
    bench.clock.advance(days=7)
    wish = {"username": "admin", "password": PASSWORD}
    assert bench.administrator.post("/api/v1/sessions", json=wish).is_success
    return self_test(bench)


def replace_face(bench: Bench, holder_id: str, face: Embedding) -> None:
    """Enrol somebody anew."""
    on_loop(bench, _store(bench, [(holder_id, face)], NETWORK))
