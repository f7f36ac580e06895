import contextlib
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.access import CredentialKind
from config.contract.access_model import parse_access_model
from config.contract.identifiers import new_id
from config.contract.nodes import (
    AccessRecord,
    ActiveLockdown,
    HolderRecord,
    ReplicaPage,
    SitePairsRecord,
    TemplateRecord,
)
from config.contract.trust import card_verifier, encrypt_template, pin_verifier, seal
from edge.access.attempts import PinShown
from edge.access.rulebook import RuleBook
from edge.replica import Replica, ReplicaError
from models.face.types import Embedding
from tests.edge.access.building import POINTS
from tests.edge.conftest import NOW
from tests.edge.site_pairs import site_pairs
from tests.edge.test_operators import operator

CARD_KEY, NETWORK = b"c" * 32, "ab" * 32
SEALING_KEY = X25519PrivateKey.generate()


class Templates:
    """Keeps what a gallery would be given."""

    def __init__(self) -> None:
        self.held: dict[str, list[list[float]]] = {}

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        self.held[key] = [template.tolist() for template in templates]


def open_replica(folder: Path, templates: Templates | None = None) -> Replica:
    replica = Replica(
        folder / "replica.sqlite3",
        sealing_key=SEALING_KEY,
        card_key=CARD_KEY,
        network=NETWORK,
        templates=templates,
        rules=RuleBook(POINTS.values()),
    )
    replica.load()
    return replica


def holder(holder_id: str, *, version: int = 1, cards: Sequence[str] = ()) -> HolderRecord:
    return HolderRecord(
        holder_id=holder_id,
        version=version,
        masked_name="A*",
        cards=tuple(card_verifier(CARD_KEY, number) for number in cards),
    )


def template(
    holder_id: str, values: Sequence[float], *, network: str = NETWORK, picture_count: int = 1
) -> TemplateRecord:
    key = b"k" * 32
    raw = np.array(values, dtype="<f4").tobytes()
    return TemplateRecord(
        template_id=new_id(),
        network=network,
        ciphertext=encrypt_template(key, raw, holder_id=holder_id, key_version=1),
        sealed_key=seal(SEALING_KEY.public_key(), key),
        key_version=1,
        picture_count=picture_count,
    )


def page(
    *holders: HolderRecord,
    version: int,
    has_more: bool = False,
    full: bool = False,
    pairs: SitePairsRecord | None = None,
    access: AccessRecord | None = None,
) -> ReplicaPage:
    return ReplicaPage(
        version=version,
        has_more=has_more,
        is_complete=full,
        holders=holders,
        site_pairs=pairs,
        access=access,
    )


def test_people_survive_a_restart(tmp_path: Path) -> None:
    record = holder("anna", cards=["0001"]).model_copy(
        update={"valid_until": NOW + timedelta(days=1), "access_points": ("east",)}
    )
    replica = open_replica(tmp_path)
    replica.apply(page(record, version=5))
    replica.close()

    person = open_replica(tmp_path).person("anna")

    assert person is not None
    assert person.valid_until == NOW + timedelta(days=1)
    assert person.access_points == frozenset({"east"})


def test_a_person_has_what_the_rules_ask_about(tmp_path: Path) -> None:
    flags = ("needs_escort", "may_escort", "is_first_person", "is_passback_exempt",
             "has_extended_access_time")  # fmt: skip
    record = holder("anna", cards=["0001"]).model_copy(
        update={"profiles": ("staff",), "pin": "v", **dict.fromkeys(flags, True)}
    )
    replica = open_replica(tmp_path)

    replica.apply(page(record, holder("ben"), version=5))

    anna, ben = replica.person("anna"), replica.person("ben")
    assert anna is not None and ben is not None  # noqa: PT018
    assert anna.profiles == frozenset({"staff"})
    assert anna.kinds == frozenset({CredentialKind.CARD, CredentialKind.PIN})
    assert [getattr(anna, flag) for flag in flags] == [True] * 5
    assert (ben.profiles, ben.kinds, ben.needs_escort) == (None, frozenset(), False)


def test_a_card_is_found_as_it_is_typed(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna", cards=["00a1"]), version=1))

    assert replica.holder_of_card(" 00A1 ") == "anna"
    assert replica.holder_of_card("00a2") is None


def test_a_card_taken_from_a_person_opens_nothing(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna", cards=["1", "2"]), version=1))
    replica.apply(page(holder("anna", version=2, cards=["2"]), version=2))

    assert replica.holder_of_card("1") is None
    assert replica.holder_of_card("2") == "anna"


def test_a_card_handed_on_belongs_to_its_new_holder(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna", cards=["1"]), version=1))
    replica.apply(page(holder("berta", version=2, cards=["1"]), version=2))
    replica.apply(page(holder("anna", version=3), version=3))

    assert replica.holder_of_card("1") == "berta"


def enrolled(holder_id: str, *templates: TemplateRecord, version: int = 1) -> HolderRecord:
    return holder(holder_id, version=version).model_copy(update={"templates": templates})


def test_pictures_are_counted_of_faces_that_are_compared_here(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    old = template("berta", [1.0], network="cd" * 32, picture_count=5)
    anna = enrolled("anna", template("anna", [1.0], picture_count=3))
    berta = enrolled("berta", old, template("berta", [1.0], picture_count=1))
    replica.apply(page(anna, berta, enrolled("carla"), version=1))
    replica.close()

    assert replica.picture_counts == open_replica(tmp_path).picture_counts == {1, 3}


def test_pictures_of_whoever_leaves_or_comes_again_are_counted_anew(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    one, three = template("anna", [1.0]), template("anna", [1.0], picture_count=3)
    replica.apply(page(enrolled("anna", one), enrolled("berta", one), version=1))

    replica.apply(page(enrolled("anna", three, version=2), version=2))
    both = replica.picture_counts
    gone = HolderRecord(holder_id="berta", version=3, is_removed=True)
    replica.apply(page(gone, version=3))

    assert (set(both), set(replica.picture_counts)) == ({1, 3}, {3})


def test_templates_are_opened_into_the_gallery(tmp_path: Path) -> None:
    templates, record = Templates(), holder("anna")
    record = record.model_copy(update={"templates": (template("anna", [0.5, -1.0]),)})
    replica = open_replica(tmp_path, templates)
    replica.apply(page(record, version=1))
    replica.close()
    after_restart = Templates()
    open_replica(tmp_path, after_restart)

    assert templates.held == after_restart.held == {"anna": [[0.5, -1.0]]}


def test_no_template_lies_readable_in_the_file(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 128, dtype="<f4")
    record = holder("anna").model_copy(update={"templates": (template("anna", values.tolist()),)})
    open_replica(tmp_path).apply(page(record, version=1))

    assert values.tobytes()[:16] not in (tmp_path / "replica.sqlite3").read_bytes()


def test_templates_of_another_network_or_person_are_passed_over(tmp_path: Path) -> None:
    templates = Templates()
    record = holder("anna").model_copy(
        update={
            "templates": (
                template("anna", [1.0], network="cd" * 32),
                template("berta", [2.0]),
                template("anna", [3.0]),
            )
        }
    )
    open_replica(tmp_path, templates).apply(page(record, version=1))

    assert templates.held == {"anna": [[3.0]]}


def test_a_removed_person_is_forgotten_everywhere(tmp_path: Path) -> None:
    templates = Templates()
    replica = open_replica(tmp_path, templates)
    replica.apply(page(holder("anna", cards=["1"]), version=1))
    replica.apply(page(HolderRecord(holder_id="anna", version=2, is_removed=True), version=2))
    replica.close()

    assert templates.held["anna"] == []
    assert replica.holder_of_card("1") is None
    assert len(open_replica(tmp_path)) == 0


def test_a_complete_copy_forgets_whom_it_does_not_name(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna"), holder("berta"), version=9))
    replica.apply(page(holder("clara"), version=1, full=True, has_more=True))

    assert replica.person("anna") is not None
    replica.apply(page(holder("berta", version=2), version=2))

    assert replica.person("anna") is None
    assert len(replica) == 2
    replica.close()
    assert len(open_replica(tmp_path)) == 2


def test_a_copy_cut_short_by_a_restart_is_finished_after_it(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna"), version=9))
    replica.apply(page(holder("clara"), version=1, full=True, has_more=True))
    replica.close()

    after = open_replica(tmp_path)
    assert after.version == 1
    after.apply(page(holder("berta", version=2), version=2))

    assert after.person("anna") is None
    assert len(after) == 2


def test_a_page_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    for _ in range(2):
        replica.apply(page(holder("anna", cards=["1"]), version=1, full=True))

    assert len(replica) == 1
    assert replica.version == 1


def test_a_file_that_cannot_be_written_leaves_memory_right_and_the_version_old(
    tmp_path: Path,
) -> None:
    replica = open_replica(tmp_path)
    other = sqlite3.connect(tmp_path / "replica.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(ReplicaError, match="locked"):
        replica.apply(page(holder("anna", cards=["1"]), version=1))

    assert replica.holder_of_card("1") == "anna"
    assert replica.version == 0
    other.close()


def test_a_damaged_file_is_fetched_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "replica.sqlite3").write_bytes(b"\xa5" * 8192)

    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna"), version=1, full=True))

    assert len(replica) == 1
    assert "fetched again" in caplog.text


def test_the_sites_own_pairs_survive_a_restart(tmp_path: Path) -> None:
    pairs, heard = site_pairs(NETWORK), list[SitePairsRecord | None]()
    replica = open_replica(tmp_path)
    replica.when_changed(lambda: heard.append(replica.site_pairs))
    replica.apply(page(version=1, pairs=pairs))
    replica.close()

    assert heard == [None, pairs]
    assert open_replica(tmp_path).site_pairs == pairs


def test_pairs_that_central_no_longer_has_are_forgotten(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(version=1, pairs=site_pairs(NETWORK)))
    replica.apply(page(version=2))
    replica.close()

    assert open_replica(tmp_path).site_pairs is None


STAFF = AccessRecord(
    version=2,
    model=parse_access_model(
        {"version": 2, "profiles": [{"id": "staff", "permissions": [{"points": ["front"]}]}]}
    ),
    lockdowns=(ActiveLockdown(level="night", since=NOW),),
)


def test_the_access_rules_survive_a_restart(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(version=1, access=STAFF))
    replica.apply(page(version=2))
    replica.close()

    rules = open_replica(tmp_path).rules

    assert rules.record() == STAFF
    assert rules.lockdowns == {"night"}


def test_rules_that_were_kept_and_cannot_be_read_cost_nobody_their_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replica = open_replica(tmp_path)
    replica.apply(page(holder("anna"), version=1, access=STAFF))
    replica.close()
    with (
        contextlib.closing(sqlite3.connect(tmp_path / "replica.sqlite3")) as connection,
        connection,
    ):
        connection.execute("UPDATE replica SET access = replace(access, 'staff', 'S t a f f')")

    again = open_replica(tmp_path)

    assert (again.person("anna") is not None, again.rules.version) == (True, 0)
    assert caplog.text.count("cannot be read") == 1


def test_faces_are_searched_where_a_profile_lets_their_people_pass_at_some_time(
    tmp_path: Path,
) -> None:
    replica, changes = open_replica(tmp_path), list[set[str]]()
    replica.when_changed(lambda: changes.append(replica.people_at("front")[0]))
    anna = holder("anna").model_copy(update={"profiles": ("staff",)})
    ben = holder("ben").model_copy(update={"profiles": ()})

    replica.apply(page(anna, ben, holder("cleo"), version=1))
    replica.apply(page(version=2, access=STAFF))

    assert changes == [set(), {"cleo"}, {"anna", "cleo"}]
    assert replica.people_at("side") == ({"cleo"}, {"anna", "ben"})


@pytest.mark.parametrize(
    ("pin", "holder_id", "shown"),
    [
        ("1234", "anna", PinShown("anna", is_right=True)),
        ("4321", "anna", PinShown("anna", is_right=True, is_duress=True)),
        ("1111", "anna", PinShown("anna", is_right=False)),
        ("1234", "ben", PinShown("ben", is_right=False)),
        ("1234", "nobody", PinShown("nobody", is_right=False)),
        ("1234", None, PinShown(None, is_right=False)),
    ],
)
def test_a_pin_is_compared_with_that_of_whoever_it_should_be(
    tmp_path: Path, pin: str, holder_id: str | None, shown: PinShown
) -> None:
    verifiers = {
        "pin": pin_verifier(CARD_KEY, "anna", "1234"),
        "duress_pin": pin_verifier(CARD_KEY, "anna", "4321"),
    }
    replica = open_replica(tmp_path)

    replica.apply(page(holder("anna").model_copy(update=verifiers), holder("ben"), version=1))

    assert replica.pin_shown(pin, holder_id=holder_id) == shown


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_version_is_brought_to_todays_and_keeps_its_people(
    tmp_path: Path, version: int
) -> None:
    script = (Path(__file__).parent / "data" / f"replica_v{version}.sql").read_text("utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "replica.sqlite3")) as connection:
        connection.executescript(script)

    open_replica(tmp_path).close()
    replica = open_replica(tmp_path)
    replica.apply(page(version=8, pairs=site_pairs(NETWORK), access=STAFF))

    assert replica.person("anna") is not None
    assert (replica.site_pairs, replica.rules.version) == (site_pairs(NETWORK), 2)
    assert not list(tmp_path.glob("*.damaged"))


def test_operators_survive_a_restart_and_are_overwritten_when_they_go(tmp_path: Path) -> None:
    replica = open_replica(tmp_path)
    replica.apply(ReplicaPage(version=1, operators=(operator(),)))
    replica.close()

    replica = open_replica(tmp_path)
    kept = replica.operators
    replica.apply(ReplicaPage(version=2, operators=()))
    replica.close()

    assert (kept, replica.operators) == ((operator(),), ())
    assert operator().pin.encode() not in (tmp_path / "replica.sqlite3").read_bytes()


def test_closing_waits_for_the_page_that_a_thread_is_keeping(tmp_path: Path) -> None:
    replica, is_applying = open_replica(tmp_path), Event()
    replica.when_changed(is_applying.set)
    is_applying.clear()
    other = sqlite3.connect(tmp_path / "replica.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with ThreadPoolExecutor() as threads:
        kept = threads.submit(replica.apply, ReplicaPage(version=7, holders=(holder("anna"),)))
        assert is_applying.wait(60)
        closed = threads.submit(replica.close)
        other.execute("ROLLBACK")

        closed.result(60)
        kept.result(60)

    assert open_replica(tmp_path).version == 7
