"""A site file goes into use, and comes out of it by itself."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.change.applying import apply, confirm, rollback, wait
from config.change.keeping import KEPT_MAX, ChangeError, Installed

NOW = datetime(2026, 11, 30, 17, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclasses.dataclass
class Readers:
    """Services that are well with every text but those that begin with ``bad``."""

    installed: Installed
    read: list[bytes] = dataclasses.field(default_factory=list)

    def reload(self) -> str:
        """Read the file."""
        text = self.installed.read() or b""
        self.read.append(text)
        if text.startswith(b"bad"):
            raise ChangeError("central does not become ready")
        return "well"


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """A site file in use."""
    (tmp_path / "site.toml").write_bytes(b"one")
    (tmp_path / "site.toml").chmod(0o640)
    return Installed(tmp_path / "site.toml")


@pytest.fixture
def services(installed: Installed) -> Readers:
    """Its readers."""
    return Readers(installed)


@dataclasses.dataclass
class Time:
    """A clock that somebody acts by. Attributes: acts: Called at each second."""

    acts: dict[int, Callable[[], object]]
    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        before = int(self.now_s)
        self.now_s += seconds
        for second in range(before + 1, int(self.now_s) + 1):
            self.acts.get(second, lambda: None)()


def waited(installed: Installed, services: Readers, **acts: Callable[[], object]) -> str:
    time = Time({int(name.removeprefix("at_")): act for name, act in acts.items()})
    return wait(
        installed, services, confirm_within=MINUTE, monotonic=time.monotonic, sleep=time.sleep
    )


def test_a_text_goes_into_use_and_the_one_before_is_kept_as_private(
    installed: Installed, services: Readers
) -> None:
    assert apply(installed, b"two", services, now=NOW) == "well"

    (kept,) = installed.kept()
    assert (installed.read(), kept.read_bytes()) == (b"two", b"one")
    assert kept.name == "site.toml.2026-11-30T171500.000000Z"
    assert installed.path.stat().st_mode & 0o777 == kept.stat().st_mode & 0o777 == 0o640


def test_services_that_are_not_well_bring_the_one_before_back(
    installed: Installed, services: Readers
) -> None:
    with pytest.raises(ChangeError, match="not become ready; the version before is in use again"):
        apply(installed, b"bad", services, now=NOW, confirm_within=MINUTE)

    assert services.read == [b"bad", b"one"]
    assert installed.read() == b"one"
    assert (installed.kept(), installed.pending()) == ([], None)


def test_a_first_file_that_is_bad_leaves_none(tmp_path: Path) -> None:
    installed = Installed(tmp_path / "site.toml")

    with pytest.raises(ChangeError, match="no version before it"):
        apply(installed, b"bad", Readers(installed), now=NOW)

    assert installed.read() is None


def test_rollback_goes_back_and_once_more_forth(installed: Installed, services: Readers) -> None:
    apply(installed, b"two", services, now=NOW)

    rollback(installed, services, now=NOW + MINUTE)
    assert installed.read() == b"one"

    rollback(installed, services, now=NOW + 2 * MINUTE)
    assert installed.read() == b"two"


def test_without_a_version_before_there_is_no_way_back(
    installed: Installed, services: Readers
) -> None:
    with pytest.raises(ChangeError, match="no version before"):
        rollback(installed, services, now=NOW)


def test_so_many_versions_are_kept(installed: Installed, services: Readers) -> None:
    for number in range(KEPT_MAX + 3):
        apply(installed, b"%d" % number, services, now=NOW + number * MINUTE)

    kept = installed.kept()
    assert (len(kept), kept[-1].read_bytes()) == (KEPT_MAX, b"%d" % (KEPT_MAX + 1))


def test_a_confirmed_change_stays(installed: Installed, services: Readers) -> None:
    apply(installed, b"two", services, now=NOW, confirm_within=MINUTE)

    assert waited(installed, services, at_30=lambda: confirm(installed)) == "confirmed"
    assert installed.read() == b"two"


def test_a_change_that_nobody_confirms_goes_by_itself(
    installed: Installed, services: Readers
) -> None:
    apply(installed, b"two", services, now=NOW, confirm_within=MINUTE)

    with pytest.raises(ChangeError, match="nobody confirmed it in time"):
        waited(installed, services, at_61=lambda: confirm(installed))

    assert services.read == [b"two", b"one"]
    assert installed.pending() is None


def test_who_goes_back_meanwhile_is_not_taken_for_who_confirms(
    installed: Installed, services: Readers
) -> None:
    apply(installed, b"two", services, now=NOW, confirm_within=MINUTE)

    said = waited(installed, services, at_5=lambda: rollback(installed, services, now=NOW + MINUTE))

    assert said == "somebody has gone back to the version before"
    assert installed.read() == b"one"


def test_no_second_change_begins_while_one_waits(installed: Installed, services: Readers) -> None:
    apply(installed, b"two", services, now=NOW, confirm_within=MINUTE)

    with pytest.raises(ChangeError, match="a change waits"):
        apply(installed, b"three", services, now=NOW)


def test_nobody_confirms_what_does_not_wait(installed: Installed) -> None:
    with pytest.raises(ChangeError, match="no change waits"):
        confirm(installed)


def test_two_do_not_change_it_at_once(installed: Installed) -> None:
    with installed.alone(), pytest.raises(ChangeError, match="somebody else"), installed.alone():
        pass
