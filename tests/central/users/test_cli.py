"""A way in from the machine's own shell, and one link where several processes start together."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.database import Database
from central.users.service import TOGETHER, Users
from tests.central.audit.log import entries
from tests.central.backup.places import menshen
from tests.central.bench import SITE, accept, running_central
from tests.central.postgresql import fresh_database

SITE_FILE = '[site]\nid = "test"\nname = { en = "Test" }\n'
URL = "https://gates.example"


@pytest.fixture
def words(tmp_path: Path) -> list[str | Path]:
    """The command, for a home beside it."""
    (tmp_path / "site.toml").write_text(SITE_FILE, encoding="utf-8")
    at = ("--site", tmp_path / "site.toml", "--home", tmp_path / "home", "--url", URL, "--json")
    return ["central", "invite", *at]


def test_whoever_has_the_machine_lets_an_administrator_in_and_the_log_has_it(
    tmp_path: Path, words: list[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with running_central(tmp_path / "home") as before:
        _ = before.administrator

    code, said = menshen(capsys, *words)

    assert isinstance(said, dict), said
    url, _, secret = said["invitation_link"].partition("#")
    assert (code, url) == (0, f"{URL}/invite")
    with running_central(tmp_path / "home") as after:
        reply = accept(after.client(), secret, "let-in")
        assert (reply.status_code, reply.json()["role"]) == (201, "administrator")
        (noted,) = entries(after, action="shell_invitation")
        assert (noted["actor"], noted["objects"]) == ("central", ["role:administrator"])


def test_a_running_central_on_sqlite_is_to_be_stopped_first(
    tmp_path: Path, words: list[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with running_central(tmp_path / "home"):
        code, said = menshen(capsys, *words)

    assert code != 0
    assert "another central process" in str(said)


def test_replicas_that_start_together_say_one_link_and_a_later_start_another(
    postgresql: str,
) -> None:
    async def script() -> list[bool]:
        now = datetime.now(UTC)
        database = Database(fresh_database(postgresql))
        await database.open()
        replicas = [Users(database, url=URL, policy=SITE.policy) for _ in range(2)]
        together = await asyncio.gather(*(each.invite_first(now=now) for each in replicas))
        later = await replicas[0].invite_first(now=now + TOGETHER + timedelta(seconds=1))
        await database.close()
        return [each is not None for each in (*together, later)]

    *together, later = asyncio.run(script())

    assert (sorted(together), later) == ([False, True], True)
