"""What the tests of faces do at central: enrol, keep pictures, wait for a change of network."""

import time
from typing import Any

import httpx
import numpy as np

from central.people.migration import Migration
from config.contract.nodes import ReplicaPage, TemplateRecord
from config.contract.trust import decrypt_template, unseal
from models.face.types import Embedding
from tests.central.bench import SITE, Bench, Node

KEEPING = SITE.model_copy(
    update={"policy": SITE.policy.model_copy(update={"keep_enrolment_pictures": True})}
)
"""A site that keeps enrolment pictures."""
DEADLINE_S = 60.0


def consent(client: httpx.Client, holder_id: str, **more: object) -> httpx.Response:
    """Record that a grown-up agreed to passing by face."""
    wish: dict[str, object] = {
        "purpose": "gate", "text_version": 1, "place": "central", "method": "paper",
        "is_under_14": False, **more,
    }  # fmt: skip
    return client.post(f"/api/v1/people/{holder_id}/consents", json=wish)


def enrol(client: httpx.Client, holder_id: str, *pictures: bytes) -> httpx.Response:
    """Enrol somebody who has consented."""
    if not client.get(f"/api/v1/people/{holder_id}").json().get("has_face_consent"):
        consent(client, holder_id)
    return send_pictures(client, holder_id, *pictures)


def send_pictures(client: httpx.Client, holder_id: str, *pictures: bytes) -> httpx.Response:
    files = [("photos", (f"{n}.png", picture)) for n, picture in enumerate(pictures)]
    return client.post(f"/api/v1/people/{holder_id}/face", files=files)


def templates_of(node: Node) -> dict[str, Any]:
    page = ReplicaPage.model_validate_json(node.request("GET", "/api/v1/replica?after=0").content)
    return {holder.holder_id: holder.templates for holder in page.holders}


def opened(node: Node, holder_id: str, record: TemplateRecord) -> Embedding:
    """Return a template as its node compares it."""
    raw = decrypt_template(
        unseal(node.sealing_key, record.sealed_key),
        record.ciphertext,
        holder_id=holder_id,
        key_version=record.key_version,
    )
    return np.frombuffer(raw, dtype="<f4")


def migration_of(bench: Bench) -> Any:  # noqa: ANN401 - JSON
    """Return how far a change of network is."""
    return bench.administrator.get("/api/v1/face-migration").json()


def migrated(bench: Bench, **wanted: object) -> Any:  # noqa: ANN401 - JSON
    """Return how far it is once these counts are reached; the migration is hurried."""
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        state = migration_of(bench)
        if state["renewable_count"] == 0 and wanted.items() <= state.items():
            return state
        assert time.monotonic() < deadline_s, f"not reached: {wanted} in {state}"
        services = bench.app.state.services
        migration: Migration = services.migration
        services.loop.call_soon_threadsafe(migration.wake)
        time.sleep(0.02)
