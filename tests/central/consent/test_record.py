"""Right of access, and the counter of stored faces."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from central.consent.schemas import StoredFaces
from central.consent.stored_faces import level_of, stored_faces
from central.database import Transaction
from config.command import main
from tests.central.audit.log import entries, in_transaction
from tests.central.bench import PASSWORD, Bench
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import photograph

MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000) "
PEOPLE = (
    "INSERT INTO people (holder_id, version, is_removed, is_active, name, created_at) ",
    MANY,
    "SELECT 'p' || i, -i, 0, 1, 'P', '2026-11-23' FROM n",
)
FACES = (
    "INSERT INTO templates (template_id, holder_id, network, ciphertext, wrapped_key, ",
    "key_version, created_at) ",
    MANY,
    "SELECT 'p' || i, 'p' || i, 'n', '', '', 1, '2026-11-23' FROM n",
)


@pytest.mark.parametrize(
    ("count", "level"),
    [(0, "none"), (79_999, "none"), (80_000, "warning"), (99_999, "warning"), (100_000, "filing")],
)
def test_a_number_of_stored_faces_asks_for_what_the_law_says(count: int, level: str) -> None:
    assert level_of(count) == level


def test_faces_and_people_without_one_are_counted(any_bench: Bench) -> None:
    any_bench.person()
    enrol(any_bench.administrator, any_bench.person(), photograph(1))

    found = any_bench.administrator.get("/api/v1/stored-faces").json()

    assert (found["count"], found["faceless_count"], found["level"]) == (1, 1, "none")


def test_eighty_thousand_faces_in_the_database_warn(bench: Bench) -> None:
    bench.person()

    async def fill(transaction: Transaction) -> StoredFaces:
        for statement in (PEOPLE, FACES):
            await transaction.execute(text("".join(statement)))
        return await stored_faces(transaction)

    found = in_transaction(bench, fill)

    assert (found.count, found.faceless_count, found.level) == (80_000, 1, "warning")


def test_one_person_s_data_are_one_document_and_the_look_is_recorded(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)
    holder_id, file = bench.person("司徒明月", number="G-4711"), tmp_path / "record.json"
    bench.administrator.post(f"/api/v1/people/{holder_id}/cards", json={"number": "77"})
    enrol(bench.administrator, holder_id, photograph(1))

    words = ["people", "record", "G-4711", "--file", str(file), "--url", bench.url]
    assert main([*words, "--username", "admin"]) == 0

    held = json.loads(file.read_text("utf-8"))
    assert held["person"]["name"] == "司徒明月"
    assert [len(held[name]) for name in ("consents", "faces", "cards")] == [1, 1, 1]
    assert {"people_post", "people_face_post"} <= {entry["action"] for entry in held["audit"]}
    assert "ciphertext" not in file.read_text("utf-8")
    (look,) = [e for e in entries(bench, about=holder_id) if e["action"] == "people_record_get"]
    assert look["purpose"] == "subject_request"
    assert bench.operator("guard").get(f"/api/v1/people/{holder_id}/record").status_code == 403
