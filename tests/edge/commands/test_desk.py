"""At most once, whatever comes twice, late, in another order, or between two starts."""

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.contract.command_events import CommandAnswered, CommandOutcome, CommandRefusal
from config.contract.commands import NodeCommand, SignedCommand, SignedCommands, sign_command
from config.contract.events import EventData
from edge.commands.book import Entry
from edge.commands.carrying import DONE
from edge.commands.desk import Carried, Desk
from edge.commands.store import Kept
from edge.kept_file import KeptFileError
from tests.config.contract.test_commands import KEY, command, read
from tests.edge.conftest import NOW

OTHER = Ed25519PrivateKey.generate()


class PowerCutError(BaseException):
    """The node is off: nothing catches it."""


@dataclasses.dataclass
class Site:
    """What outlives a power cut, and when the next one comes.

    Attributes:
        steps: Left until the power is cut; below 0 it never is.
        disk: Of the node; ``is_full`` refuses.
        carried: How often each command was carried out.
        told: What the journal holds.
    """

    now: datetime = NOW
    steps: int = -1
    is_full: bool = False
    is_damaged: bool = False
    disk: dict[UUID, Entry] = dataclasses.field(default_factory=dict)
    carried: Counter[UUID] = dataclasses.field(default_factory=Counter)
    told: list[CommandAnswered] = dataclasses.field(default_factory=list)

    def step(self) -> None:
        """Cut the power here, if it is time."""
        if self.steps == 0:
            raise PowerCutError
        self.steps -= 1

    # ---- the store

    def load(self) -> Kept:
        kept = Kept(list(self.disk.values()), {}, is_damaged=self.is_damaged)
        self.is_damaged = False
        return kept

    def put(self, entry: Entry) -> None:
        self.step()
        if self.is_full:
            raise KeptFileError("the disk is full")
        self.disk[entry.command_id] = entry
        self.step()

    def remove(self, command_ids: Iterable[UUID]) -> None:
        for command_id in command_ids:
            self.disk.pop(command_id, None)

    # ---- central, the journal and the gate

    async def commands(self) -> SignedCommands:
        return SignedCommands()

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        self.step()
        assert isinstance(data, CommandAnswered)
        self.told.append(data)
        self.step()

    async def carry_out(self, wanted: NodeCommand) -> Carried:
        self.step()
        assert self.now < wanted.expires_at
        self.carried[wanted.id] += 1
        self.step()
        return DONE

    async def started(self) -> Desk:
        desk = Desk(
            self, self, read=read, carry_out=self.carry_out, journal=self, now=lambda: self.now
        )
        await desk.start()
        return desk

    def outcomes(self, wanted: NodeCommand) -> list[str]:
        return [fact.outcome.value for fact in self.told if fact.command_id == wanted.id]


def signed(wanted: NodeCommand) -> SignedCommand:
    return sign_command(wanted, key=KEY, site="demo")


def served(site: Site, *wanted: NodeCommand) -> None:
    """Start the node and give it these commands."""

    async def act() -> None:
        desk = await site.started()
        for each in wanted:
            await desk.take(signed(each))

    asyncio.run(act())


def test_a_command_is_carried_out_and_answered() -> None:
    site, wanted = Site(), command()

    served(site, wanted)

    assert site.carried == {wanted.id: 1}
    assert site.told == [
        CommandAnswered(
            command_id=wanted.id,
            what="open_once",
            access_point="east",
            asked_by="user-1",
            outcome=CommandOutcome.DONE,
        )
    ]


def test_a_command_that_comes_again_is_carried_out_once() -> None:
    site, wanted = Site(), command()

    served(site, wanted, wanted)
    served(site, wanted)

    assert (site.carried[wanted.id], site.outcomes(wanted)) == (1, ["done"])


def test_from_its_end_on_a_command_is_too_late() -> None:
    site, wanted = Site(now=NOW + timedelta(seconds=30)), command()

    served(site, wanted)

    assert (site.carried[wanted.id], site.outcomes(wanted)) == (0, ["too_late"])


def test_a_forged_command_leaves_no_trace() -> None:
    site = Site()

    async def act() -> None:
        await (await site.started()).take(sign_command(command(), key=OTHER, site="demo"))

    asyncio.run(act())

    assert (site.carried, site.told, site.disk) == (Counter(), [], {})


def test_what_cannot_be_recorded_is_not_begun() -> None:
    site, wanted = Site(is_full=True), command()

    served(site, wanted)

    assert site.carried[wanted.id] == 0
    assert site.told[0].refusal is CommandRefusal.NOT_RECORDABLE


def test_after_the_file_was_lost_nothing_older_is_begun() -> None:
    site, wanted = Site(), command()
    served(site, wanted)

    site.disk.clear()
    site.is_damaged, site.now = True, NOW + timedelta(seconds=5)
    served(site, wanted)

    assert (site.carried[wanted.id], site.outcomes(wanted)) == (1, ["done", "refused"])


def test_a_command_is_forgotten_a_day_after_its_end() -> None:
    site, wanted = Site(), command()
    served(site, wanted)

    site.now = wanted.expires_at + timedelta(hours=24)
    served(site)

    assert site.disk == {}


@pytest.mark.parametrize("cut_at", range(9))
def test_a_power_cut_at_any_step_leaves_once_or_not_at_all(cut_at: int) -> None:
    site, wanted = Site(steps=cut_at), command()

    with contextlib.suppress(PowerCutError):
        served(site, wanted)
    site.steps = -1
    served(site, wanted)

    first = site.outcomes(wanted)[0]
    assert (site.carried[wanted.id], first) in {(1, "done"), (1, "unknown"), (0, "unknown")}
    assert site.disk[wanted.id].is_told


def test_begun_before_a_power_cut_is_answered_as_unknown() -> None:
    site, wanted = Site(steps=4), command()

    with pytest.raises(PowerCutError):
        served(site, wanted)
    site.steps = -1
    served(site)

    assert (site.carried[wanted.id], site.outcomes(wanted)) == (1, ["unknown"])


@st.composite
def histories(draw: st.DrawFn) -> Sequence[tuple[list[int], int, int]]:
    """Return starts of a node: what comes in which order, how long it lasts."""
    start = st.tuples(
        st.lists(st.integers(0, 3), max_size=6), st.integers(-1, 40), st.integers(0, 20)
    )
    return draw(st.lists(start, min_size=1, max_size=5))


@given(histories())
def test_no_history_has_a_command_carried_out_twice_late_or_without_an_answer(
    starts: Sequence[tuple[list[int], int, int]],
) -> None:
    site, wanted = Site(), [command(id=UUID(int=number)) for number in range(4)]

    for order, steps, pause_s in starts:
        site.steps = steps
        try:
            served(site, *(wanted[number] for number in order))
        except PowerCutError:
            site.steps = -1
        site.now += timedelta(seconds=pause_s)
    site.steps = -1
    served(site)

    assert max(site.carried.values(), default=0) <= 1
    assert all(entry.is_told for entry in site.disk.values())
    begun = {each for each in site.carried if site.carried[each]}
    assert begun <= {fact.command_id for fact in site.told}
