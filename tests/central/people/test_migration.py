"""A change of network: faces are made anew, nobody loses one, and who must come again is known."""

import contextlib
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from central.people.faces import PipelineFactory
from central.people.migration import is_behind
from config.contract.events import ClockQuality
from config.contract.identifiers import new_id
from config.contract.nodes import NodeStatus
from models.face.picture import decode_picture
from models.store import MissingFilesError
from tests.central.bench import SITE, Bench, Node, running_central
from tests.central.people.enrolling import (
    KEEPING,
    enrol,
    migrated,
    migration_of,
    opened,
    templates_of,
)
from tests.central.people.seen_faces import HIDDEN, OtherFaces, SeenFaces, photograph

ANNA, ANNA_AGAIN, BERT = photograph(1), photograph(1, marker=1), photograph(2)
ANNA_UNSEEN = photograph(1, marker=HIDDEN)
OLD, NEW = SeenFaces.network, OtherFaces.network


class Site:
    """A central that is started with one network, and later with another, and one node of it."""

    def __init__(self, folder: Path, database: str) -> None:
        self._home, self._database = folder / "home", database
        self.node: Node

    @contextlib.contextmanager
    def started(self, pipeline: PipelineFactory, *, is_keeping: bool = True) -> Iterator[Bench]:
        site = KEEPING if is_keeping else SITE
        with running_central(
            self._home, database=self._database, pipeline_factory=pipeline, site=site
        ) as bench:
            if hasattr(self, "node"):
                self.node.http = bench.client()
            yield bench

    def with_faces(self, *people: tuple[str, bytes], is_keeping: bool = True) -> list[str]:
        """Enrol people by the old network, which the node has, and stop; returns their ids."""
        with self.started(SeenFaces, is_keeping=is_keeping) as bench:
            self.node = bench.node()
            self.node.report(network=OLD, gallery_size=len(people))
            holder_ids = [bench.person(name) for name, _ in people]
            for holder_id, (_, picture) in zip(holder_ids, people, strict=True):
                enrol(bench.administrator, holder_id, picture)
        return holder_ids


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    return Site(tmp_path, database_url)


@pytest.fixture
def small_site(tmp_path: Path) -> Site:
    return Site(tmp_path, f"sqlite:///{tmp_path / 'central.sqlite3'}")


def networks(site: Site, holder_id: str) -> set[str]:
    """Return the networks of a person's templates, as the node is told."""
    return {record.network for record in templates_of(site.node)[holder_id]}


def test_a_face_is_made_anew_from_kept_pictures(site: Site) -> None:
    (holder_id,) = site.with_faces(("Anna", ANNA))

    with site.started(OtherFaces) as bench:
        migrated(bench, current_count=1, must_come_again_count=0)
        (record,) = [t for t in templates_of(site.node)[holder_id] if t.network == NEW]

    other, image = OtherFaces(), decode_picture(ANNA)
    expected = other.embed(image, other.detect(image)[0])
    assert other.similarity(opened(site.node, holder_id, record), expected) > 0.98
    assert record.picture_count == 1


def test_the_old_face_stays_until_no_node_compares_it(site: Site) -> None:
    (holder_id,) = site.with_faces(("Anna", ANNA))

    with site.started(OtherFaces) as bench:
        behind = migrated(bench, kept_for_nodes_count=1)
        both = networks(site, holder_id)
        site.node.report(network=NEW, gallery_size=1)
        after = migrated(bench, kept_for_nodes_count=0)

        assert (behind["nodes_behind"], both) == (["gate-1"], {OLD, NEW})
        assert (after["nodes_behind"], networks(site, holder_id)) == ([], {NEW})


def test_a_node_that_is_ahead_is_given_its_faces_once_central_follows(small_site: Site) -> None:
    (holder_id,) = small_site.with_faces(("Anna", ANNA))
    with small_site.started(SeenFaces) as bench:
        small_site.node.report(network=NEW)
        assert migration_of(bench)["nodes_behind"] == ["gate-1"]
        assert networks(small_site, holder_id) == {OLD}

    with small_site.started(OtherFaces) as bench:
        migrated(bench, current_count=1, kept_for_nodes_count=0)
        assert networks(small_site, holder_id) == {NEW}


def test_a_site_that_goes_back_finds_its_faces_as_they_were(small_site: Site) -> None:
    (holder_id,) = small_site.with_faces(("Anna", ANNA))
    with small_site.started(OtherFaces) as bench:
        migrated(bench, kept_for_nodes_count=1)

    with small_site.started(SeenFaces) as bench:
        state = migrated(bench, kept_for_nodes_count=0)

        assert (state["current_count"], networks(small_site, holder_id)) == (1, {OLD})


def test_who_has_no_kept_picture_must_come_again(site: Site) -> None:
    site.with_faces(("Anna", ANNA), ("Bert", BERT), is_keeping=False)

    with site.started(OtherFaces) as bench:
        migrated(bench, must_come_again_count=2, current_count=0)
        bench.person("Carl")
        found = bench.administrator.get("/api/v1/people?must_come_again=true").json()["items"]

        assert [(p["name"], p["must_come_again"]) for p in found] == [
            ("Bert", True),
            ("Anna", True),
        ]


def test_a_network_that_finds_no_face_asks_for_the_person_again(site: Site) -> None:
    site.with_faces(("Anna", ANNA_UNSEEN), ("Bert", BERT))

    with site.started(OtherFaces) as bench:
        migrated(bench, must_come_again_count=1, current_count=1)
        found = bench.administrator.get("/api/v1/people?must_come_again=true").json()["items"]

        assert [person["name"] for person in found] == ["Anna"]


def test_whoever_comes_again_is_off_the_list(site: Site) -> None:
    (holder_id,) = site.with_faces(("Anna", ANNA), is_keeping=False)

    with site.started(OtherFaces) as bench:
        migrated(bench, must_come_again_count=1)
        enrol(bench.administrator, holder_id, ANNA)
        state = migrated(bench, must_come_again_count=0, current_count=1)

        assert (state["kept_for_nodes_count"], networks(site, holder_id)) == (0, {NEW})


def test_look_alikes_that_cannot_be_compared_are_counted(site: Site) -> None:
    site.with_faces(("Anna", ANNA), ("Bert", BERT), is_keeping=False)

    with site.started(OtherFaces, is_keeping=False) as bench:
        reply = enrol(bench.administrator, bench.person("Anna's twin"), ANNA)

        assert (reply.status_code, reply.json()["not_compared_count"]) == (201, 2)


def test_what_failed_is_tried_again_when_an_operator_asks(small_site: Site) -> None:
    small_site.with_faces(("Anna", ANNA_UNSEEN))

    class BetterEyes(OtherFaces):
        detect = SeenFaces.detect

    with small_site.started(OtherFaces) as bench:
        migrated(bench, must_come_again_count=1)
    with small_site.started(BetterEyes) as bench:
        untouched = migrated(bench, must_come_again_count=1)
        reply = bench.administrator.post("/api/v1/face-migration")

        assert (untouched["current_count"], reply.status_code) == (0, 202)
        assert migrated(bench, current_count=1)["must_come_again_count"] == 0


def test_who_must_come_again_is_a_table_for_spreadsheets(small_site: Site) -> None:
    site_name = "=HYPERLINK(1)"
    (holder_id,) = small_site.with_faces((site_name, ANNA), is_keeping=False)

    with small_site.started(OtherFaces) as bench:
        migrated(bench, must_come_again_count=1)
        reply = bench.administrator.get("/api/v1/face-migration/people.csv")
        masked = bench.operator("guard").get("/api/v1/face-migration/people.csv")

    rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
    assert [(row["name"], row["holder_id"]) for row in rows] == [(f"'{site_name}", holder_id)]
    assert "HYPERLINK" not in masked.text


def test_central_without_the_sites_network_says_so(small_site: Site) -> None:
    small_site.with_faces(("Anna", ANNA))

    def missing() -> SeenFaces:
        raise MissingFilesError(["face-recogniser"], "run `menshen models fetch`")

    with small_site.started(missing) as bench:
        state = migration_of(bench)

    assert (state["network"], state["must_come_again_count"]) == (None, 0)
    assert "menshen models fetch" in state["detail"]


def test_guards_start_no_migration(small_site: Site) -> None:
    with small_site.started(SeenFaces) as bench:
        reply = bench.operator("guard").post("/api/v1/face-migration")

    assert reply.status_code == 403


def status(**more: Any) -> NodeStatus:  # noqa: ANN401 - fields of any type
    return NodeStatus(
        at=datetime(2026, 11, 23, tzinfo=UTC), version="1", epoch=new_id(), replica_version=0,
        last_sequences={}, clockquality=ClockQuality.SYNCHRONISED, unsent_count=0,
        is_journal_writable=True, pipeline="builtin", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "is_so"),
    [
        (None, True),
        (status(network=OLD), True),
        (status(network=NEW, gallery_size=3), False),
        (status(gallery_size=3), True),
        (status(), False),
    ],
)
def test_a_node_is_behind_while_it_may_need_an_older_face(
    reported: NodeStatus | None, is_so: bool
) -> None:
    assert is_behind(reported, NEW) is is_so
