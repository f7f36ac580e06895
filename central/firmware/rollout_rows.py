"""Roll-outs in the database, and what facts of nodes make of their boards."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, insert, not_, select, update

from central.database import Transaction
from central.firmware.board_book import BoardFact
from central.firmware.schemas import BoardState, RolloutState
from central.firmware.tables import rollout_boards, rollouts
from config.contract.board_events import UpdateOutcome
from config.contract.events import BoardUpdateEnded, BoardUpdateProgressed

TOPIC: Final = "firmware"
OPEN: Final = (BoardState.ASKED, BoardState.UNDER_WAY)
NOT_OVER: Final = (BoardState.WAITING, *OPEN)
ENDS: Final = {BoardState(outcome): outcome for outcome in UpdateOutcome}
"""How an update can end."""
NOT_HEARD: Final = "not_heard"
"""Why a board counts as failed whose node never said what became of it; it may say so yet."""
VERSION_LENGTH_MAX: Final = 32
DETAIL_LENGTH_MAX: Final = 1_000
_ROLLOUTS, _MEMBERS = rollouts.c, rollout_boards.c


class Standing(NamedTuple):
    """Where a board of a roll-out stands."""

    stage: int
    state: BoardState

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to become of it."""
        return self.state not in NOT_OVER


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A board of a roll-out, as its row has it; see ``tables``."""

    rollout_id: str
    device: str
    number: int
    stage: int
    node: str
    state: BoardState
    why: str | None
    before: str
    update_id: str | None
    command_id: str | None
    is_cancelling: bool
    is_passed_over: bool
    asked_at: datetime | None
    until: datetime | None
    step: str | None
    sent_bytes: int
    running: str
    detail: str
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether its node was told, and what became of it is not known yet."""
        return self.state in OPEN

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to become of it."""
        return self.standing.is_over

    @property
    def standing(self) -> Standing:
        """Its stage and state."""
        return Standing(self.stage, self.state)


def new_member(
    rollout_id: UUID, *, device: str, node: str, number: int, stage: int, before: str, why: str = ""
) -> dict[str, Any]:
    """Return the row of a board that waits, or is left out where ``why`` says so."""
    return {
        "rollout_id": str(rollout_id),
        "device": device,
        "node": node,
        "number": number,
        "stage": stage,
        "state": BoardState.LEFT_OUT if why else BoardState.WAITING,
        "why": why or None,
        "before": _text(before, VERSION_LENGTH_MAX),
        "is_cancelling": False,
        "is_passed_over": False,
        "sent_bytes": 0,
        "running": "",
        "detail": "",
    }


def _text(said: str, length_max: int) -> str:
    """Return what a board or node said as a column takes it: PostgreSQL has no NUL."""
    return said.replace("\0", "")[:length_max]


async def add(
    transaction: Transaction, rollout: Mapping[str, Any], members: list[dict[str, Any]]
) -> None:
    """Keep a new roll-out and its boards."""
    await transaction.execute(insert(rollouts).values(**rollout))
    await transaction.execute_many(insert(rollout_boards), members)
    transaction.announce(TOPIC)


async def find(transaction: Transaction, rollout_id: UUID) -> Row[Any] | None:
    """Return a roll-out."""
    query = select(rollouts).where(_ROLLOUTS.rollout_id == str(rollout_id))
    return (await transaction.execute(query)).first()


async def newest(transaction: Transaction, *, device: str | None, limit: int) -> Sequence[Row[Any]]:
    """Return roll-outs, the newest first; those that have a board where one is named."""
    order = (_ROLLOUTS.created_at.desc(), _ROLLOUTS.rollout_id.desc())
    query = select(rollouts).order_by(*order).limit(limit)
    if device is not None:
        here = (_MEMBERS.rollout_id == _ROLLOUTS.rollout_id, _MEMBERS.device == device)
        query = query.where(exists().where(*here))
    return (await transaction.execute(query)).all()


async def under_way(transaction: Transaction) -> Sequence[Row[Any]]:
    """Return the roll-outs that have something to do, the oldest first.

    They were started and are not over; one that stands still waits for a person, maybe for days.
    """
    query = select(rollouts).where(
        _ROLLOUTS.started_at.is_not(None), _ROLLOUTS.ended_at.is_(None), not_(_stands_still())
    )
    return (await transaction.execute(query.order_by(_ROLLOUTS.created_at))).all()


def _stands_still() -> ColumnElement[bool]:
    of_it = _MEMBERS.rollout_id == _ROLLOUTS.rollout_id
    return and_(
        _ROLLOUTS.state.in_((RolloutState.PAUSED, RolloutState.HALTED)),
        exists().where(of_it, _MEMBERS.state == BoardState.WAITING),
        not_(exists().where(of_it, _MEMBERS.state.in_(OPEN))),
    )


async def members_of(
    transaction: Transaction, rollout_ids: Collection[str]
) -> dict[str, list[Member]]:
    """Return the boards of roll-outs, by roll-out and in their order."""
    found: dict[str, list[Member]] = {each: [] for each in rollout_ids}
    query = select(rollout_boards).where(_MEMBERS.rollout_id.in_(list(rollout_ids)))
    for row in (await transaction.execute(query.order_by(_MEMBERS.number))).mappings():
        found[row["rollout_id"]].append(Member(**{**row, "state": BoardState(row["state"])}))
    return found


async def tallies_of(
    transaction: Transaction, rollout_ids: Collection[str]
) -> dict[str, Counter[Standing]]:
    """Count the boards of roll-outs, by roll-out: a list reads no row of each board."""
    found: dict[str, Counter[Standing]] = {each: Counter() for each in rollout_ids}
    by = (_MEMBERS.rollout_id, _MEMBERS.stage, _MEMBERS.state)
    query = select(*by, func.count().label("size"))
    query = query.where(_MEMBERS.rollout_id.in_(list(rollout_ids))).group_by(*by)
    for row in await transaction.execute(query):
        found[row.rollout_id][Standing(row.stage, BoardState(row.state))] = row.size
    return found


async def taken(transaction: Transaction) -> set[str]:
    """Return the boards that a roll-out has which is not over, and that are not over there."""
    query = (
        select(_MEMBERS.device)
        .join(rollouts, _ROLLOUTS.rollout_id == _MEMBERS.rollout_id)
        .where(_ROLLOUTS.ended_at.is_(None), _MEMBERS.state.in_(NOT_OVER))
    )
    return set((await transaction.execute(query)).scalars())


async def change(transaction: Transaction, rollout_id: str, **values: Any) -> None:  # noqa: ANN401 - columns of any type
    """Change a roll-out."""
    here = _ROLLOUTS.rollout_id == rollout_id
    await transaction.execute(update(rollouts).where(here).values(**values))
    transaction.announce(TOPIC)


async def change_member(transaction: Transaction, member: Member, **values: Any) -> Member:  # noqa: ANN401 - columns of any type
    """Change a board of a roll-out; returns it as it is then."""
    here = (_MEMBERS.rollout_id == member.rollout_id, _MEMBERS.device == member.device)
    await transaction.execute(update(rollout_boards).where(*here).values(**values))
    transaction.announce(TOPIC)
    return dataclasses.replace(member, **values)


async def change_members(
    transaction: Transaction,
    members: Sequence[Member],
    **values: Any,  # noqa: ANN401 - columns of any type
) -> None:
    """Change many boards of one roll-out alike, in one statement: others wait for it."""
    if members:
        devices = [each.device for each in members]
        here = (_MEMBERS.rollout_id == members[0].rollout_id, _MEMBERS.device.in_(devices))
        await transaction.execute(update(rollout_boards).where(*here).values(**values))
        transaction.announce(TOPIC)


def is_wanted_by(node: str, *, image: str) -> ColumnElement[bool]:
    """Return the condition that a node has been told to put an image onto a board."""
    return exists().where(
        _ROLLOUTS.image == image,
        _ROLLOUTS.rollout_id == _MEMBERS.rollout_id,
        _MEMBERS.node == node,
        _MEMBERS.update_id.is_not(None),
        _MEMBERS.state.in_(NOT_OVER),
    )


async def note_fact(transaction: Transaction, node: str, fact: BoardFact, *, now: datetime) -> None:
    """Note what a fact says of an update that central asked for; the first end of it stands."""
    if not isinstance(fact, BoardUpdateProgressed | BoardUpdateEnded):
        return
    here = [
        _MEMBERS.update_id == str(fact.update_id),
        _MEMBERS.node == node,
        _MEMBERS.device == fact.device,
    ]
    if isinstance(fact, BoardUpdateProgressed):
        values: dict[str, Any] = {
            "state": BoardState.UNDER_WAY,
            "step": fact.stage,
            "sent_bytes": fact.sent_bytes,
        }
        here.append(_MEMBERS.state.in_(NOT_OVER))
    else:
        values = {
            "state": BoardState(fact.outcome),
            "why": fact.reason,
            "step": None,
            "running": _text(fact.running, VERSION_LENGTH_MAX),
            "detail": _text(fact.detail, DETAIL_LENGTH_MAX),
            "ended_at": now,
        }
        is_guess = (_MEMBERS.state == BoardState.FAILED) & (_MEMBERS.why == NOT_HEARD)
        here.append(_MEMBERS.state.in_((*NOT_OVER, BoardState.CANCELLED)) | is_guess)
    await transaction.execute(update(rollout_boards).where(*here).values(**values))


async def rollouts_of(transaction: Transaction, update_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return which roll-outs updates belong to, by update; others are none of central's."""
    wanted = [str(each) for each in update_ids]
    query = select(_MEMBERS.update_id, _MEMBERS.rollout_id).where(_MEMBERS.update_id.in_(wanted))
    rows = await transaction.execute(query)
    return {UUID(row.update_id): UUID(row.rollout_id) for row in rows}
