"""A person who was erased stays erased, whatever backup is restored."""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from config.contract.erasures import Erasure, sign_erasure
from config.contract.face_statements import FaceStatements
from tests.central.audit.log import actions, entries
from tests.central.bench import Bench, running_central
from tests.central.consent.terminals import Terminal, bytes_of
from tests.central.consent.test_withdrawal import withdraw
from tests.central.people.enrolling import consent, enrol
from tests.central.people.seen_faces import SeenFaces, photograph

NAME = "司徒明月"


def start(home: Path) -> AbstractContextManager[Bench]:
    return running_central(home, pipeline_factory=SeenFaces)


def back_up(home: Path, to: Path) -> None:
    to.mkdir()
    for file in home.glob("central.sqlite3*"):
        shutil.copy(file, to)


def restore(home: Path, backup: Path) -> None:
    for file in home.glob("central.sqlite3*"):
        file.unlink()
    for file in backup.iterdir():
        shutil.copy(file, home)


def names(bench: Bench) -> list[str]:
    return [p["name"] for p in bench.administrator.get("/api/v1/people").json()["items"]]


def test_nothing_that_names_them_is_left_and_the_audit_log_still_verifies(
    bench: Bench, tmp_path: Path
) -> None:
    holder_id = bench.person(NAME, number="G-4711")
    enrol(bench.administrator, holder_id, photograph(1))
    consent(bench.administrator, holder_id, is_under_14=True, guardian_name="司徒父亲",
            guardian_relation="父亲")  # fmt: skip
    bench.administrator.post(f"/api/v1/people/{holder_id}/cards", json={"number": "77"})

    bench.administrator.delete(f"/api/v1/people/{holder_id}")

    lying = bytes_of(tmp_path / "home" / "central.sqlite3")
    assert [word.encode() in lying for word in (NAME, "G-4711", "司徒父亲")] == [False] * 3
    assert holder_id.encode() in lying
    kept = {entry["action"] for entry in entries(bench, about=holder_id)}
    assert {"people_post", "people_face_post", "people_delete"} <= kept


def test_a_restored_backup_is_erased_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with start(home) as bench:
        gone, stays = bench.person(NAME), bench.person("Bert")
        enrol(bench.administrator, gone, photograph(1))
        enrol(bench.administrator, stays, photograph(2))
    back_up(home, backup)
    with start(home) as bench:
        bench.administrator.delete(f"/api/v1/people/{gone}")

    restore(home, backup)

    with start(home) as bench:
        assert names(bench) == ["Bert"]
        assert bench.row("SELECT count(*) FROM templates") == (1,)
        assert "erased_again" in actions(bench)
    assert NAME.encode() not in bytes_of(home / "central.sqlite3")
    assert "1 people or faces of an older backup are erased again" in caplog.text


def test_a_withdrawn_face_does_not_come_back_with_a_backup_either(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with start(home) as bench:
        holder_id = bench.person()
        enrol(bench.administrator, holder_id, photograph(1))
    back_up(home, backup)
    with start(home) as bench:
        withdraw(bench, holder_id)

    restore(home, backup)

    with start(home) as bench:
        person = bench.administrator.get(f"/api/v1/people/{holder_id}").json()
        assert (person["has_face"], person["has_face_consent"]) == (False, False)


def test_a_terminal_remembers_for_a_central_that_lost_its_list(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with start(home) as bench:
        gone = bench.person(NAME)
        terminal = Terminal(bench, tmp_path)
        terminal.catch_up()
    back_up(home, backup)
    with start(home) as bench:
        terminal.moves_to(bench)
        bench.administrator.delete(f"/api/v1/people/{gone}")
        terminal.catch_up()

    restore(home, backup)
    (home / "erasures.jsonl").unlink()

    with start(home) as bench:
        before = names(bench)
        terminal.moves_to(bench)
        terminal.catch_up()
        assert (before, names(bench)) == ([NAME], [])
        assert terminal.replica.person(gone) is None


def test_nobody_but_central_can_make_up_an_erasure(bench: Bench) -> None:
    holder_id, node = bench.person(), bench.node()
    made_up = sign_erasure(
        node.signing_key, Erasure(kind="person", holder_id=holder_id, erased_at=bench.clock())
    )

    body = FaceStatements(erased=(made_up,)).model_dump_json().encode()
    reply = node.request("POST", "/api/v1/nodes/current/faces", body)

    assert (reply.status_code, len(names(bench))) == (204, 1)


def test_a_line_that_a_power_cut_left_half_written_costs_nobody_theirs(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with start(home) as bench:
        gone = [bench.person(), bench.person()]
    back_up(home, backup)
    with start(home) as bench:
        bench.administrator.delete(f"/api/v1/people/{gone[0]}")
        with (home / "erasures.jsonl").open("a") as file:
            file.write('{"document": "cut o')
        bench.administrator.delete(f"/api/v1/people/{gone[1]}")

    restore(home, backup)

    with start(home) as bench:
        assert names(bench) == []
