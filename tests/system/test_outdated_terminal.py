"""A terminal that central has not confirmed for longer than the site allows, the network cut."""

from datetime import timedelta
from pathlib import Path

from config.contract.access import CredentialKind, DenialReason
from config.contract.events import ReplicaAgeChanged
from edge.access.degraded import Degraded, Effect
from edge.access.question import Granted
from edge.replica_watch import ReplicaWatch
from tests.system.access_terminal import Terminal, play, somebody, why

LIMIT = timedelta(hours=72)
HOUR_S = 3600.0
GUARDS = {"profiles": [{"id": "guards", "permissions": [{"points": ["front"]}]}]}


class Age:
    """The watch of a terminal, and the monotonic clock that it looks at."""

    def __init__(self, terminal: Terminal, effect: Effect = "second_credential") -> None:
        self.now_s, self.changes = 0.0, 0
        self.watch = ReplicaWatch(
            terminal.replica,
            limit=LIMIT,
            rule=Degraded(effect, frozenset({"guards"})),
            take=terminal.keeper.take,
            recorder=terminal.journal,
            on_change=self._note_change,
            now=lambda: terminal.now,
            monotonic=lambda: self.now_s,
        )

    def _note_change(self) -> None:
        self.changes += 1

    def after(self, hours: float) -> None:
        self.now_s += hours * HOUR_S
        self.watch.look()


def test_after_72_hours_whoever_has_two_credentials_shows_two(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        age = Age(t)
        age.after(72)
        assert await t.card("ben") == Granted("ben")
        await t.pass_()

        age.after(0.1)

        assert why(await t.card("anna")) is DenialReason.CREDENTIAL_NEEDED
        assert await t.pin() == Granted("anna")
        told = await t.has(ReplicaAgeChanged)
        assert (told.is_outdated, told.age_h, told.effect) == (True, 72.1, "second_credential")

    play(tmp_path, script)


def test_only_named_profiles_pass_where_the_site_wants_that_and_everybody_out(
    tmp_path: Path,
) -> None:
    async def script(t: Terminal) -> None:
        Age(t, "profiles").after(73)

        assert why(await t.card("anna")) is DenialReason.REPLICA_OUTDATED
        assert await t.card("ben") == Granted("ben")
        assert isinstance(await t.card("anna", at="exit"), Granted)
        assert isinstance(await t.press_exit("side"), Granted)

    play(tmp_path, script, GUARDS, somebody("ben", profiles=("guards",)))


def test_the_alarm_alone_refuses_nobody(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        Age(t, "continue").after(100)

        assert await t.card("anna") == Granted("anna")
        assert (await t.has(ReplicaAgeChanged)).is_outdated

    play(tmp_path, script)


def test_a_clock_that_is_set_back_does_not_help(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        age = Age(t)
        t.now -= timedelta(days=30)

        age.after(73)

        assert age.watch.is_outdated

    play(tmp_path, script)


def test_central_that_confirms_ends_it(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        age = Age(t)
        age.after(73)

        age.watch.confirm()

        assert await t.card("anna") == Granted("anna")
        assert [f.is_outdated for f in await t.facts(ReplicaAgeChanged)] == [True, False]
        assert age.changes == 2

    play(tmp_path, script)


def test_the_age_goes_on_over_a_restart(tmp_path: Path) -> None:
    async def before(t: Terminal) -> None:
        age = Age(t)
        age.after(50)
        t.replica.keep_age(age.watch.kept())

    async def after(t: Terminal) -> None:
        age = Age(t.wait(23 * HOUR_S))

        assert age.watch.is_outdated
        assert CredentialKind.PIN in getattr(await t.card("anna"), "asks", ())

    play(tmp_path, before)
    play(tmp_path, after)
