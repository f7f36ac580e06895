"""The auditor's path: consent, enrolment, passage, withdrawal, proof, erasure, and the log of it.

Central is the real application behind a real server; the terminal has the program's own replica,
client, gallery, decision and signatures, and talks to it over HTTP.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.audit.repository import verified
from central.consent.certificates import checked
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted, AccessTaken
from config.contract.identifiers import new_id
from edge.access.decision import Denied, FaceShown, Granted, Point, decide
from models.face.picture import decode_picture
from models.face.types import Box, Embedding, Face
from tests.central.audit.log import entries, in_transaction
from tests.central.bench import Bench, running_central
from tests.central.consent.terminals import Terminal, bytes_of, has_part_of
from tests.central.consent.test_withdrawal import certificate, withdraw
from tests.central.people.enrolling import consent, send_pictures
from tests.central.people.seen_faces import SeenFaces, photograph

NAME = "司徒明月"
PICTURE = photograph(1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces) as running:
        yield running


def face() -> Embedding:
    """Return what the gate's camera makes of the person."""
    return SeenFaces().embed(decode_picture(PICTURE), Face(Box(20, 0, 220, 200), score=1.0))


def shown_at(terminal: Terminal) -> Granted | Denied:
    """Let the person walk up: the terminal searches its gallery and decides by its rules."""
    found = terminal.gallery.search(face())
    shown = FaceShown(found, 0.5, 0.4, margin_min=0.05)
    asked = shown.asked_about
    known = None if asked is None else terminal.replica.person(asked)
    return decide(shown, known, point=Point("lane", Direction.IN), now=terminal.bench.clock())


def pass_through(terminal: Terminal, holder_id: str) -> None:
    """Report the passage as the terminal's journal does."""
    decision, node = new_id(), terminal.node
    granted = AccessGranted(
        decision_id=decision,
        access_point="lane",
        direction=Direction.IN,
        holder_id=holder_id,
        credential=CredentialKind.FACE,
    )
    taken = AccessTaken(decision_id=decision, access_point="lane", direction=Direction.IN)
    node.send(node.event(1, fact=granted), node.event(2, fact=taken))


def test_from_consent_to_erasure_each_step_is_proved_and_logged(
    bench: Bench, tmp_path: Path
) -> None:
    first, second = Terminal(bench, tmp_path, "gate-1"), Terminal(bench, tmp_path, "gate-2")
    holder_id = bench.person(NAME, number="G-4711")

    # Without consent there is no face, and with it there is one everywhere.
    assert send_pictures(bench.administrator, holder_id, PICTURE).status_code == 409
    assert consent(bench.administrator, holder_id).status_code == 201
    assert send_pictures(bench.administrator, holder_id, PICTURE).status_code == 201
    for terminal in (first, second):
        terminal.catch_up()
    assert shown_at(first) == Granted(holder_id)
    pass_through(first, holder_id)

    # The withdrawal reaches one terminal; the other is off, and is owed.
    template = str(bench.row("SELECT ciphertext FROM templates")[0]).encode()
    deletion_id = withdraw(bench, holder_id)
    first.catch_up()
    proof = checked(certificate(bench, deletion_id))
    assert (proof.confirmed, proof.outstanding) == (("gate-1",), ("gate-2",))
    assert isinstance(shown_at(first), Denied)

    # Once it is back, the proof is complete, and no file holds the face.
    second.catch_up()
    assert checked(certificate(bench, deletion_id)).is_complete
    files = [tmp_path / "home" / "central.sqlite3", first.file, second.file]
    assert [has_part_of(template, file) for file in files] == [False] * 3
    assert list(first.gallery.search(face())) == []

    # The person goes; what happened stays, under a pseudonym.
    assert bench.administrator.delete(f"/api/v1/people/{holder_id}").status_code == 204
    lying = bytes_of(files[0])
    assert [word.encode() in lying for word in (NAME, "G-4711")] == [False, False]
    page = bench.administrator.get("/api/v1/events").json()["items"]
    assert [item["event"]["data"].get("holder_id") for item in page] == [holder_id, None]

    told = [entry["action"] for entry in reversed(entries(bench, about=holder_id))]
    steps = ["people_post", "people_consents_post", "people_face_post",
             "people_consents_get", "people_consents_withdraw_post",
             "face_deletion_proved", "face_deletion_proved", "people_delete"]  # fmt: skip
    assert told == steps
    assert in_transaction(bench, verified).ok
