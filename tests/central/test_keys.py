"""Keys: apart from the data, readable by the service alone, and never exchanged unnoticed."""

import asyncio
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from central.app import create_app
from central.keys import KeyEncryptionKey, KeysError, load_key_encryption_key
from central.settings import Settings
from config.contract.trust import to_text
from config.crypto.suite import Suite
from config.crypto.suites import SUITES
from tests.central.bench import SITE, messages, running_central
from tests.central.postgresql import fresh_database


def test_the_key_is_kept_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    wrapped = load_key_encryption_key(tmp_path).wrap(b"secret", purpose="a")

    assert load_key_encryption_key(tmp_path).unwrap(wrapped, purpose="a") == b"secret"
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_key_encryption_key(tmp_path)
    (tmp_path / "kek").chmod(0o640)

    with pytest.raises(KeysError, match="chmod 600"):
        load_key_encryption_key(tmp_path)


def test_a_credential_of_the_service_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    wrapped = load_key_encryption_key(tmp_path).wrap(b"secret", purpose="a")
    shutil.move(tmp_path / "kek", credentials / "menshen-kek")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))

    assert load_key_encryption_key(tmp_path).unwrap(wrapped, purpose="a") == b"secret"


def test_what_is_wrapped_for_one_purpose_is_not_opened_for_another() -> None:
    key = KeyEncryptionKey(bytes(32))

    with pytest.raises(KeysError, match="does not fit"):
        key.unwrap(key.wrap(b"secret", purpose="a"), purpose="b")


def test_two_central_processes_on_one_database_tell_the_same(
    tmp_path: Path, postgresql: str
) -> None:
    url = fresh_database(postgresql)
    with (
        running_central(tmp_path / "home", database=url) as one,
        running_central(tmp_path / "home", database=url) as other,
    ):
        node, browser = one.node(), other.client()
        browser.cookies.update(one.administrator.cookies)
        with browser.stream("GET", "/api/v1/stream") as reply:
            told = messages(reply)
            assert next(told)[0] == "hello"
            node.send(node.event(1))

            stored = next(data for name, data in told if name == "event")

    assert stored["position"] == 1


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_home_keeps_the_suite_that_it_was_made_with(suite: Suite, tmp_path: Path) -> None:
    wrapped = load_key_encryption_key(tmp_path, wanted=suite).wrap(b"secret", purpose="a")

    again = load_key_encryption_key(tmp_path)
    assert (again.suite, again.unwrap(wrapped, purpose="a")) == (suite, b"secret")
    for other in SUITES.values():
        if other is not suite:
            with pytest.raises(KeysError, match=f"made with --crypto {suite.name} and stays so"):
                load_key_encryption_key(tmp_path, wanted=other)


def test_a_rotation_keeps_the_suite(tmp_path: Path) -> None:
    kek = load_key_encryption_key(tmp_path, wanted=SUITES["sm"])
    wrapped = kek.wrap(b"secret", purpose="a")

    kek.begin_rotation()

    assert kek.unwrap(wrapped, purpose="a") == b"secret"
    assert not wrapped.startswith(kek.mark)
    assert kek.wrap(b"secret", purpose="a").startswith(kek.mark)
    assert load_key_encryption_key(tmp_path).suite is SUITES["sm"]


def test_a_next_key_of_another_suite_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "menshen-kek").write_text(to_text(bytes(32)))
    (tmp_path / "menshen-kek-next").write_text("sm." + to_text(bytes(16)))

    with pytest.raises(KeysError, match="keeps the suite that it was made with"):
        load_key_encryption_key(tmp_path / "home")


def test_processes_that_start_together_in_one_folder_have_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def key_id(_: int) -> str:
        together.wait()
        return load_key_encryption_key(tmp_path).key_id

    with ThreadPoolExecutor(8) as processes:
        assert len(set(processes.map(key_id, range(8)))) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["kek"]


def test_a_database_whose_key_is_missing_is_refused_and_leaves_room_for_it(tmp_path: Path) -> None:
    async def start() -> None:
        app = create_app(Settings(site=SITE, home=tmp_path))
        async with app.router.lifespan_context(app):
            pass

    with running_central(tmp_path, crypto="sm"):
        pass
    (tmp_path / "kek").rename(tmp_path / "kept")

    with pytest.raises(KeysError, match="made with --crypto sm"):
        asyncio.run(start())
    assert not (tmp_path / "kek").exists()

    (tmp_path / "kept").rename(tmp_path / "kek")
    with running_central(tmp_path, crypto="sm") as again:
        assert again.app.state.services.suite is SUITES["sm"]
