"""What operators do with roll-outs, in their transaction, which has the turn."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from central.alarms.service import return_alarm
from central.commands import repository as commands
from central.database import Transaction
from central.firmware import rollout_rows
from central.firmware.choosing import Choice
from central.firmware.rollout_rows import ENDS, Member
from central.firmware.schemas import (
    BoardState,
    ImageView,
    RolloutState,
    WantedRollout,
    WantedStart,
)
from central.firmware.views import planned_boards
from central.problems import RefusedError
from central.security import Operator
from config.contract.identifiers import new_id
from config.rollout import Rollout


async def create(
    transaction: Transaction,
    wish: WantedRollout,
    choice: Choice,
    image: ImageView | None,
    *,
    operator: Operator,
    now: datetime,
) -> UUID:
    """Make a roll-out of boards that were chosen; returns its identifier."""
    rollout_id = new_id()
    rollout = {
        "rollout_id": str(rollout_id),
        "action": wish.action,
        "image": None if image is None else image.sha256,
        "size_bytes": 0 if image is None else image.size_bytes,
        "version": "" if image is None else image.version,
        "state": RolloutState.RUNNING if wish.starts else RolloutState.READY,
        "wait_s": wish.wait_h * 3600,
        "failures_max": wish.failures_max,
        "reason": wish.reason,
        "created_by": operator.username,
        "created_at": now,
        "asked_by": operator.user_id,
        "changed_by": operator.username,
        "started_at": now if wish.starts else None,
    }
    planned = planned_boards(choice)
    rows = [
        rollout_rows.new_member(
            rollout_id,
            device=each.device,
            node=each.node,
            number=number,
            stage=each.stage,
            before=each.before,
        )
        for number, each in enumerate(planned, start=1)
    ]
    rows += [
        rollout_rows.new_member(
            rollout_id,
            device=each.device,
            node=each.node,
            number=number,
            stage=-1,
            before=each.before,
            why=why,
        )
        for number, (each, why) in enumerate(choice.left_out, start=len(planned) + 1)
    ]
    await rollout_rows.add(transaction, rollout, rows)
    return rollout_id


async def start(
    transaction: Transaction,
    rollout_id: UUID,
    wish: WantedStart,
    *,
    operator: Operator,
    now: datetime,
) -> None:
    """Start a roll-out, or go on with it."""
    row = await _of(
        transaction, rollout_id, {RolloutState.READY, RolloutState.PAUSED, RolloutState.HALTED}
    )
    if row.state == RolloutState.HALTED:
        members = await _members(transaction, row)
        await _stage_anew(transaction, members, retries=wish.retries)
        await end_alarm(transaction, row.rollout_id, now=now)
    await rollout_rows.change(
        transaction,
        row.rollout_id,
        state=RolloutState.RUNNING,
        asked_by=operator.user_id,
        changed_by=operator.username,
        started_at=row.started_at or now,
        halted_device=None,
        halted_why=None,
    )


async def pause(
    transaction: Transaction, rollout_id: UUID, *, operator: Operator, now: datetime
) -> None:
    """Begin with no other board."""
    row = await _of(transaction, rollout_id, {RolloutState.RUNNING})
    await take_back(transaction, await _members(transaction, row), now=now)
    await rollout_rows.change(
        transaction,
        row.rollout_id,
        state=RolloutState.PAUSED,
        changed_by=operator.username,
    )


async def cancel(
    transaction: Transaction, rollout_id: UUID, *, operator: Operator, now: datetime
) -> None:
    """End a roll-out; it is over when every board that is under way has ended."""
    states = {*RolloutState} - {RolloutState.DONE, RolloutState.CANCELLED}
    row = await _of(transaction, rollout_id, states)
    members = await take_back(transaction, await _members(transaction, row), now=now)
    waiting = [each for each in members if each.state is BoardState.WAITING]
    await rollout_rows.change_members(
        transaction, waiting, state=BoardState.CANCELLED, ended_at=now
    )
    await end_alarm(transaction, row.rollout_id, now=now)
    await rollout_rows.change(
        transaction,
        row.rollout_id,
        state=RolloutState.CANCELLED,
        asked_by=operator.user_id,
        changed_by=operator.username,
        ended_at=None if any(each.is_open for each in members) else now,
    )


async def _of(transaction: Transaction, rollout_id: UUID, states: set[RolloutState]) -> Row[Any]:
    row = await rollout_rows.find(transaction, rollout_id)
    if row is None:
        raise RefusedError(404, "rollout_not_found", "there is no such roll-out")
    if row.state not in states:
        raise RefusedError(409, "rollout_state", f"this roll-out is {row.state}: look again")
    return row


async def _members(transaction: Transaction, row: Row[Any]) -> list[Member]:
    return (await rollout_rows.members_of(transaction, [row.rollout_id]))[row.rollout_id]


async def take_back(
    transaction: Transaction, members: Sequence[Member], *, now: datetime
) -> list[Member]:
    """Let boards wait again of which no node has heard; returns all as they are then.

    They keep their update and its end: a node that had it from an earlier command begins what is
    known, and is not awaited for ever.
    """
    after = list[Member]()
    for member in members:
        if member.state is BoardState.ASKED and (
            member.command_id is None
            or await commands.withdraw(transaction, UUID(member.command_id), now=now)
        ):
            waits = {"state": BoardState.WAITING, "command_id": None, "asked_at": None}
            member = await rollout_rows.change_member(transaction, member, **waits)
        after.append(member)
    return after


async def _stage_anew(
    transaction: Transaction, members: Sequence[Member], *, retries: bool
) -> None:
    """Let what failed be passed over or tried again, and begin anew with one of those left."""
    left = list[Member]()
    for member in members:
        has_failed = member.state in ENDS and member.state is not BoardState.CONFIRMED
        if has_failed and not member.is_passed_over:
            member = await rollout_rows.change_member(
                transaction, member, **(_tried_again() if retries else {"is_passed_over": True})
            )
        if member.state is BoardState.WAITING:
            left.append(member)
    if not left:
        return
    there = {each.device: each for each in left}
    first = 1 + max(
        (each.stage for each in members if each.state is not BoardState.WAITING), default=-1
    )
    for index, stage in enumerate(Rollout.of([*there]).stages, start=first):
        await rollout_rows.change_members(
            transaction, [there[device] for device in stage], stage=index
        )


def _tried_again() -> dict[str, Any]:
    return {
        "state": BoardState.WAITING,
        "why": None,
        "update_id": None,
        "command_id": None,
        "asked_at": None,
        "until": None,
        "sent_bytes": 0,
        "running": "",
        "detail": "",
        "ended_at": None,
    }


async def end_alarm(transaction: Transaction, rollout_id: str, *, now: datetime) -> None:
    """Say that a roll-out is halted no more."""
    await return_alarm(transaction, kind="rollout_halted", subject={"rollout": rollout_id}, now=now)
