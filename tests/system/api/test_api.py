"""No endpoint fails, whatever is asked of it, and nobody is told what is not theirs.

The short form: what other programs use, each time the same. ``python -m tests.system.api``
asks all of them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.roles import ROLES
from tests.central.bench import Bench, running_central
from tests.system.api.askers import NOBODY, NODE
from tests.system.api.asking import ask_everything
from tests.system.api.seeding import NAME, seed_people

SHORT = ("/api/v1/events", "/api/v1/integrations")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One central for all, as nobody here needs it as it was."""
    home: Path = tmp_path_factory.mktemp("api") / "home"
    with running_central(home) as bench:
        seed_people(bench)
        yield bench


@pytest.mark.parametrize("only", SHORT)
def test_whoever_asks_whatever_is_answered_or_refused(seeded: Bench, only: str) -> None:
    askers = (NOBODY, "guard", "administrator", NODE)

    outcome = ask_everything(seeded, examples=1, seed=1, seconds=60, only=only, everybody=askers)

    assert outcome.complaints == {}
    assert outcome.left_out == []
    assert outcome.requests >= len(askers) * outcome.operations > 0


def test_names_are_for_those_who_may_see_them(seeded: Bench) -> None:
    shown = set[str]()
    for role, may in ROLES.items():
        client = seeded.planted(role).client
        paths = ("people?query=N-1&purpose=personnel", "events?purpose=incident", "snapshot")
        if any(NAME in client.get(f"/api/v1/{path}").text for path in paths):
            shown.add(role)
            assert "people.names" in may

    assert {"personnel", "auditor"} <= shown
