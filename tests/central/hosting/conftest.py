"""One city for all who try to cross, on both databases."""

from collections.abc import Iterator

import pytest

from tests.central.hosting.city import City, login_of_a_city, running_city


@pytest.fixture(scope="package", params=["sqlite", "postgresql and sm"])
def city(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("city")
    if request.param == "sqlite":
        with running_city(folder) as running:
            yield running
        return
    database = login_of_a_city(request.getfixturevalue("postgresql"))
    with running_city(folder, database=database, crypto="sm") as running:
        assert {town.services.suite.name for town in (running.a, running.b)} == {"sm"}
        yield running
