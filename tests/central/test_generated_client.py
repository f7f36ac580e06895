"""A client that a generator makes of ``docs/openapi.json`` speaks with a real central.

It is made once, without a network, and knows nothing of central but that file.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import openapi_python_client as generator
import pytest
from openapi_python_client.config import Config, ConfigFile, MetaType

from central.openapi import DOCS
from tests.central.alarms.raising import tell
from tests.central.bench import PASSWORD, Bench, Planted

PACKAGE = "menshen_client"


@pytest.fixture(scope="module")
def unmade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Make the client, which can be imported from then on; yields what could not be made."""
    folder = tmp_path_factory.mktemp("client")
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        DOCS / "openapi.json",
        file_encoding="utf-8",
        overwrite=False,
        output_path=Path(folder) / PACKAGE,
    )
    errors = generator.generate(config=config)
    sys.path.insert(0, str(folder))
    yield [f"{each.header}: {each.detail}" for each in errors]
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def part(name: str) -> Any:  # noqa: ANN401 - a module that is made while the tests run
    return importlib.import_module(f"{PACKAGE}.{name}")


def token_of(bench: Bench, operator: Planted) -> str:
    """Sign in by name and password, and make a token for a program."""
    with part("client").Client(base_url=bench.url, headers={"Origin": bench.url}) as browser:
        wish = part("models").SignIn(username=operator.username, password=PASSWORD)
        view = part("api.users.sign_in").sync(client=browser, body=wish)
        assert view.username == operator.username
        scopes = ["events.read", "alarms.read", "alarms.act"]
        wanted = part("models").UsersWantedToken(name="lift control", scopes=scopes)
        return str(part("api.account.make_token").sync(client=browser, body=wanted).token)


def acting(bench: Bench, token: str) -> Any:  # noqa: ANN401 - of the package that is made
    return part("client").AuthenticatedClient(base_url=bench.url, token=token)


@pytest.fixture
def client(unmade: list[str], bench: Bench) -> Iterator[Any]:
    assert isinstance(unmade, list)
    with acting(bench, token_of(bench, bench.planted("guard"))) as opened:
        yield opened


def test_everything_but_pictures_is_in_the_client(unmade: list[str]) -> None:
    binary = ("image/", "video/", "multipart/x-mixed-replace")

    assert [each for each in unmade if not any(kind in each for kind in binary)] == []


def test_events_are_read_page_by_page_and_none_is_left_out(bench: Bench, client: Any) -> None:  # noqa: ANN401 - of the package that is made
    node = bench.node()
    node.send(*(node.event(sequence) for sequence in range(1, 6)))
    pull, seen, after, has_more = part("api.events.pull_events"), list[int](), 0, True

    while has_more:
        page = pull.sync(
            client=client, after=after, limit=2, node="gate-1", menshen_purpose="integration"
        )
        seen += [item.event.sequence for item in page.items]
        after, has_more = page.next_, page.has_more

    assert seen == [1, 2, 3, 4, 5]


def test_an_alarm_is_acknowledged(bench: Bench, client: Any) -> None:  # noqa: ANN401 - of the package that is made
    tell(bench.node(), 1)
    (alarm,) = part("api.alarms.list_alarms").sync(client=client).items

    part("api.alarms.acknowledge_alarm").sync(client=client, alarm_id=alarm.id)

    (after,) = part("api.alarms.list_alarms").sync(client=client).items
    assert (alarm.acknowledged_at, after.acknowledged_at is None) == (None, False)


def test_a_refusal_is_a_problem_with_its_code(client: Any, bench: Bench) -> None:  # noqa: ANN401 - of the package that is made
    acknowledge = part("api.alarms.acknowledge_alarm")

    unknown = acknowledge.sync_detailed(client=client, alarm_id=uuid4())
    with acting(bench, "menshen_no") as stranger:
        refused = acknowledge.sync_detailed(client=stranger, alarm_id=uuid4())

    assert (unknown.status_code, unknown.parsed.code) == (404, "alarm_not_found")
    assert (refused.status_code, refused.parsed.code) == (401, "not_signed_in")
