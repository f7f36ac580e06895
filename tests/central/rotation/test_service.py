"""Keys are exchanged while people enrol and gates read; a kill at any point costs nothing."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import central
from central.keys import KeyFolder, KeysError, load_key_encryption_key
from central.people import pictures, templates
from central.rotation.places import PLACES, renew_batch
from central.rotation.service import KeyRotation
from central.tables import metadata
from tests.central.audit.log import actions, in_transaction
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import KEEPING, enrol, opened, templates_of
from tests.central.people.seen_faces import SeenFaces, photograph


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Bench]:
    """Central that recognises faces and keeps pictures, with two people enrolled."""
    with running_central(tmp_path / "home", pipeline_factory=SeenFaces, site=KEEPING) as bench:
        for number in (1, 2):
            reply = enrol(bench.administrator, bench.person(f"P{number}"), photograph(number))
            assert reply.status_code == 201
        yield bench


def rotation(bench: Bench, **more: float) -> KeyRotation:
    services = bench.app.state.services
    settings = {"settle_s": 0.0, "batch_length": 1, **more}
    return KeyRotation(services.database, services.kek, now=services.now, **settings)  # type: ignore[arg-type]


def work(bench: Bench) -> None:
    loop = bench.app.state.services.loop
    asyncio.run_coroutine_threadsafe(rotation(bench).work(), loop).result(60)


def stored(bench: Bench, table: str) -> list[sqlite3.Row]:
    path = bench.app.state.services.settings.home / "central.sqlite3"
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    with connection:
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - of this test
    connection.close()
    return rows


def old_key(bench: Bench, path: Path) -> KeyFolder:
    """Return the key of before, as whoever stole the file has it."""
    path.mkdir()
    (path / "kek").write_text((bench.app.state.services.settings.home / "kek").read_text())
    (path / "kek").chmod(0o600)
    return load_key_encryption_key(path)


def test_every_place_is_listed_where_something_is_wrapped() -> None:
    sources = Path(central.__file__).parent.rglob("*.py")
    wrapping = {
        p.parent.name for p in sources if re.search(r"kek\.wrap\(|kept_secret\(", p.read_text())
    }
    wrapped = {
        f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.c if "wrapped" in c.name
    }

    assert wrapping == {
        "alarms",
        "central",
        "connectors",
        "integrations",
        "nodes",
        "oidc",
        "people",
        "rotation",
    }
    assert wrapped <= {f"{place.table.name}.{place.wrapped.name}" for place in PLACES}


def test_nothing_is_readable_with_the_old_key_afterwards(keeping: Bench, tmp_path: Path) -> None:
    stolen, kek = old_key(keeping, tmp_path / "stolen"), keeping.app.state.services.kek
    before = {row["template_id"]: row["ciphertext"] for row in stored(keeping, "templates")}

    kek.begin_rotation()
    work(keeping)

    assert not kek.is_rotating
    assert not (keeping.app.state.services.settings.home / "kek.retiring").exists()
    for row in stored(keeping, "templates"):
        assert row["ciphertext"] != before[row["template_id"]]
        assert templates.decrypted(kek, dict(row)).shape == (400,)
        with pytest.raises(KeysError):
            templates.decrypted(stolen, dict(row))
    for row in stored(keeping, "enrolment_pictures"):
        assert pictures.decrypted(kek, dict(row)).startswith(b"\xff\xd8")
        with pytest.raises(KeysError):
            pictures.decrypted(stolen, dict(row))
    secrets = [row for row in stored(keeping, "site_values") if row["name"] == "card-key"]
    with pytest.raises(KeysError):
        stolen.unwrap(secrets[0]["value"], purpose="card-key")
    assert actions(keeping)[-1] == "keys_rotated"


def test_enrolment_and_reading_go_on_meanwhile(keeping: Bench) -> None:
    node, kek, loop = (
        keeping.node(),
        keeping.app.state.services.kek,
        keeping.app.state.services.loop,
    )
    known = templates_of(node)
    kek.begin_rotation()
    # Long enough in doubt that all of the following happens before the old key goes.
    slow = asyncio.run_coroutine_threadsafe(rotation(keeping, settle_s=0.5).work(), loop)

    late = keeping.person("late")
    assert enrol(keeping.administrator, late, photograph(3)).status_code == 201
    during = templates_of(node)
    slow.result(60)

    after = templates_of(node)
    assert set(during) == set(after) == {*known, late}
    for holder_id, (record,) in after.items():
        assert np.allclose(
            opened(node, holder_id, record), opened(node, holder_id, during[holder_id][0])
        )


@pytest.mark.parametrize("renewed", [0, 1, 3, 5])
def test_a_kill_in_the_middle_is_gone_on_from(tmp_path: Path, renewed: int) -> None:
    home = tmp_path / "home"
    with running_central(home, pipeline_factory=SeenFaces, site=KEEPING) as bench:
        person = bench.person("A")
        enrol(bench.administrator, person, photograph(1), photograph(1, marker=1))
        node, kek = bench.node(), bench.app.state.services.kek
        kek.begin_rotation()
        for place in (*PLACES, *PLACES)[:renewed]:
            in_transaction(bench, lambda t, p=place: renew_batch(t, p, kek, limit=1))  # type: ignore[misc]

    with running_central(home, pipeline_factory=SeenFaces, site=KEEPING) as again:
        assert again.app.state.services.kek.is_rotating
        work(again)

        assert not again.app.state.services.kek.is_rotating
        http = again.client()
        node.http = http
        ((record,),) = templates_of(node).values()
        assert opened(node, person, record).shape == (400,)


def test_a_kill_before_the_new_key_was_there_leaves_the_old_one(tmp_path: Path) -> None:
    kek = load_key_encryption_key(tmp_path)
    wrapped = kek.wrap(b"secret", purpose="a")
    (tmp_path / "kek.retiring").write_text((tmp_path / "kek").read_text())
    (tmp_path / "kek.retiring").chmod(0o600)

    again = load_key_encryption_key(tmp_path)

    assert not again.is_rotating
    assert again.unwrap(wrapped, purpose="a") == b"secret"


def test_another_process_sees_the_new_key_at_once(tmp_path: Path) -> None:
    one, other = load_key_encryption_key(tmp_path), load_key_encryption_key(tmp_path)
    wrapped = one.wrap(b"secret", purpose="a")

    one.begin_rotation()

    assert (other.key_id, other.is_rotating) == (one.key_id, True)
    assert other.unwrap(wrapped, purpose="a") == b"secret"
    one.destroy_retiring()
    with pytest.raises(KeysError):
        other.unwrap(wrapped, purpose="a")


def test_a_credential_is_exchanged_by_whoever_installs_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "home"):
        (tmp_path / name).mkdir()
    old, new = load_key_encryption_key(tmp_path / "a"), load_key_encryption_key(tmp_path / "b")
    wrapped = old.wrap(b"secret", purpose="a")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "menshen-kek").write_text((tmp_path / "a" / "kek").read_text())
    with pytest.raises(KeysError, match="menshen-kek-next"):
        load_key_encryption_key(tmp_path / "home").begin_rotation()

    (tmp_path / "menshen-kek-next").write_text((tmp_path / "b" / "kek").read_text())
    both = load_key_encryption_key(tmp_path / "home")

    assert (both.is_rotating, both.key_id) == (True, new.key_id)
    assert both.unwrap(wrapped, purpose="a") == b"secret"


def test_the_api_begins_and_says_how_far_it_is(keeping: Bench) -> None:
    before = keeping.administrator.get("/api/v1/keys").json()

    begun = keeping.administrator.post("/api/v1/keys/rotation")

    assert (begun.status_code, begun.json()["is_rotating"]) == (202, True)
    assert begun.json()["key_id"] != before["key_id"]
    again = keeping.administrator.post("/api/v1/keys/rotation")
    assert (again.status_code, again.json()["code"]) == (409, "rotation_not_possible")
    work(keeping)
    places = keeping.administrator.get("/api/v1/keys").json()["places"]
    assert {(place["name"], place["old_count"]) for place in places} >= {
        ("templates", 0), ("enrolment_pictures", 0), ("secrets", 0),
    }  # fmt: skip


def test_a_damaged_record_holds_up_no_rotation_and_is_counted(keeping: Bench) -> None:
    path = keeping.app.state.services.settings.home / "central.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE templates SET wrapped_key = 'k1.0.AAAA' WHERE template_id ="
            " (SELECT min(template_id) FROM templates)"
        )
    connection.close()
    keeping.app.state.services.kek.begin_rotation()
    work(keeping)

    assert not keeping.app.state.services.kek.is_rotating
