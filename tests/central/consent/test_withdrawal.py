"""Withdrawal: the face goes at central and on every terminal, for real, and each one proves it."""

import json
from pathlib import Path

import pytest

from central.consent.certificates import checked
from config.command import main
from config.contract.face_statements import FaceStatement, FaceStatements, sign_statement
from config.contract.trust import TrustError
from tests.central.bench import Bench
from tests.central.consent.terminals import Terminal, has_part_of
from tests.central.nodes.changing import Changing
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import photograph

ANNA, BERT = photograph(1), photograph(2)


def withdraw(bench: Bench, holder_id: str) -> str:
    """Withdraw the consent that stands; returns the order's id."""
    path = f"/api/v1/people/{holder_id}/consents"
    (standing,) = [
        c for c in bench.administrator.get(path).json()["items"] if c["ended_at"] is None
    ]
    reply = bench.administrator.post(f"{path}/{standing['consent_id']}/withdraw")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["deletion_id"])


def certificate(bench: Bench, deletion_id: str) -> str:
    return bench.administrator.get(f"/api/v1/face-deletions/{deletion_id}/certificate").text


def order(bench: Bench) -> dict[str, object]:
    (found,) = bench.administrator.get("/api/v1/face-deletions").json()["items"]
    return dict(found)


@pytest.fixture
def both(bench: Bench, tmp_path: Path) -> tuple[Terminal, Terminal]:
    return Terminal(bench, tmp_path, "gate-1"), Terminal(bench, tmp_path, "gate-2")


def test_a_withdrawn_face_is_in_no_file_and_no_memory(
    bench: Bench, both: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    holder_id, other = bench.person("Anna"), bench.person("Bert")
    for person, picture in ((holder_id, ANNA), (other, BERT)):
        enrol(bench.administrator, person, picture)
    query = "SELECT ciphertext FROM templates ORDER BY holder_id LIMIT 1"
    needle = str(bench.row(query)[0]).encode()
    database = tmp_path / "home" / "central.sqlite3"
    for terminal in both:
        terminal.catch_up()
    files = [database, *(terminal.file for terminal in both)]
    assert [has_part_of(needle, file) for file in files] == [True] * 3

    withdraw(bench, holder_id)
    for terminal in both:
        terminal.catch_up()

    assert [has_part_of(needle, file) for file in files] == [False] * 3
    assert [terminal.recognises() for terminal in both] == [1, 1]


def test_each_terminal_proves_it_and_anybody_can_check(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)
    for terminal in both:
        terminal.catch_up()

    deletion_id = withdraw(bench, holder_id)
    both[0].catch_up()
    first = checked(certificate(bench, deletion_id))
    both[1].catch_up()
    last = checked(certificate(bench, deletion_id))

    assert (first.confirmed, first.outstanding) == (("gate-1",), ("gate-2",))
    assert (last.confirmed, last.outstanding, last.is_complete) == (("gate-1", "gate-2"), (), True)
    assert order(bench)["is_complete"] is True


def test_a_terminal_that_changes_its_keys_meanwhile_proves_it_as_the_same_terminal(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id, terminal = bench.person(), both[0]
    enrol(bench.administrator, holder_id, ANNA)
    terminal.catch_up()
    deletion_id = withdraw(bench, holder_id)

    Changing(terminal.node).taken()
    terminal.identity.signing_key = terminal.node.signing_key
    terminal.catch_up()

    nodes = order(bench)["nodes"]
    assert isinstance(nodes, list)
    assert [node["is_same_terminal"] for node in nodes] == [True, None]
    assert checked(certificate(bench, deletion_id)).confirmed == ("gate-1",)


def test_the_command_checks_a_certificate_without_central(
    bench: Bench, both: tuple[Terminal, Terminal], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    holder_id, file = bench.person(), tmp_path / "proof.json"
    enrol(bench.administrator, holder_id, ANNA)
    deletion_id = withdraw(bench, holder_id)
    file.write_text(certificate(bench, deletion_id), "utf-8")

    assert main(["consent", "verify", str(file)]) == 1
    assert "gate-2: outstanding since" in capsys.readouterr().out
    for terminal in both:
        terminal.catch_up()
    file.write_text(certificate(bench, deletion_id), "utf-8")

    assert main(["consent", "verify", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["confirmed"] == ["gate-1", "gate-2"]


def test_a_certificate_that_was_changed_proves_nothing(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)
    deletion_id = withdraw(bench, holder_id)
    both[0].catch_up()
    text = certificate(bench, deletion_id)

    with pytest.raises(TrustError):
        checked(text.replace(holder_id, bench.person()))
    with pytest.raises(TrustError):
        checked(text, central_key=both[0].node.name)


def test_a_terminal_that_still_holds_the_face_proves_nothing(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id, terminal = bench.person(), both[0]
    enrol(bench.administrator, holder_id, ANNA)
    terminal.catch_up()
    held = terminal.held(holder_id)
    withdraw(bench, holder_id)

    reply = say(terminal, holder_id=holder_id, template_ids=held)

    assert reply == 204
    assert order(bench)["is_complete"] is False


def test_what_a_terminal_said_before_the_withdrawal_proves_nothing(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id, terminal = bench.person(), both[0]
    enrol(bench.administrator, holder_id, ANNA)
    version = terminal.replica.version
    withdraw(bench, holder_id)

    assert say(terminal, holder_id=holder_id, replica_version=version) == 204

    nodes = order(bench)["nodes"]
    assert isinstance(nodes, list)
    assert [node["confirmed_at"] for node in nodes] == [None, None]


def test_a_terminal_speaks_for_itself_alone(bench: Bench, both: tuple[Terminal, Terminal]) -> None:
    assert say(both[0], node="gate-2") == 422
    assert say(both[0], site="elsewhere") == 422


def say(terminal: Terminal, **more: object) -> int:
    """Let a terminal sign a statement by hand; returns central's answer."""
    said = {"site": "test", "node": terminal.node.name, "holder_id": "x", "template_ids": (),
            "replica_version": 10**6, "at": terminal.bench.clock(), **more}  # fmt: skip
    signed = sign_statement(terminal.node.signing_key, FaceStatement.model_validate(said))
    body = FaceStatements(items=(signed,)).model_dump_json().encode()
    return terminal.node.request("POST", "/api/v1/nodes/current/faces", body).status_code


def test_a_terminal_that_took_another_s_place_is_told_apart(
    bench: Bench, both: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)
    withdraw(bench, holder_id)
    (tmp_path / "new").mkdir()

    both[0].catch_up()
    Terminal(bench, tmp_path / "new", "gate-2").catch_up()

    nodes = order(bench)["nodes"]
    assert isinstance(nodes, list)
    assert [node["is_same_terminal"] for node in nodes] == [True, False]


def test_removing_a_face_by_hand_is_proved_too(
    bench: Bench, both: tuple[Terminal, Terminal]
) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)
    bench.administrator.delete(f"/api/v1/people/{holder_id}/face")

    for terminal in both:
        terminal.catch_up()

    assert (order(bench)["reason"], order(bench)["is_complete"]) == ("removed", True)


def test_a_withdrawn_consent_cannot_be_withdrawn_again(bench: Bench) -> None:
    holder_id = bench.person()
    enrol(bench.administrator, holder_id, ANNA)
    (given,) = bench.administrator.get(f"/api/v1/people/{holder_id}/consents").json()["items"]
    withdraw(bench, holder_id)

    path = f"/api/v1/people/{holder_id}/consents/{given['consent_id']}/withdraw"

    assert bench.administrator.post(path).json()["code"] == "consent_ended"


def test_who_withdrew_passes_by_card_as_before(bench: Bench, tmp_path: Path) -> None:
    terminal, holder_id = Terminal(bench, tmp_path), bench.person()
    bench.administrator.post(f"/api/v1/people/{holder_id}/cards", json={"number": "0001"})
    enrol(bench.administrator, holder_id, ANNA)
    withdraw(bench, holder_id)

    terminal.catch_up()

    assert terminal.replica.holder_of_card("0001") == holder_id
