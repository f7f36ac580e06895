"""One look at one roll-out: what became of its boards is noted, and who is next is told."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from central.alarms.service import raise_alarm
from central.commands import repository as commands
from central.database import Transaction
from central.firmware import rollout_rows
from central.firmware.deeds import end_alarm, take_back
from central.firmware.driving import Told, next_step
from central.firmware.rollout_rows import ENDS, Member
from central.firmware.schemas import BoardState, RolloutState
from config.contract.board_commands import CancelBoardUpdate, RollBackBoard, UpdateBoard
from config.contract.commands import LIFETIME_MAX, NodeCommand
from config.contract.identifiers import new_id
from config.rollout import Judgement, Rollout, Verdict

AT_ONCE_MAX: Final = 10
"""Boards of one roll-out that are under way together: so few fail before it halts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Drive:
    """One look at one roll-out.

    Attributes:
        lines: The line of each device: one board of a line at a time.
    """

    transaction: Transaction
    row: Row[Any]
    now: datetime
    online: set[str]
    lines: Mapping[str, str]
    update_s_max: float

    async def go_on(self, members: Sequence[Member]) -> None:
        """Do what is due."""
        followed = [await self._follow(each) if each.is_open else each for each in members]
        chosen = [each for each in followed if each.state is not BoardState.LEFT_OUT]
        if self.row.state == RolloutState.CANCELLED:
            if all(each.is_over for each in chosen):
                await rollout_rows.change(self.transaction, self.row.rollout_id, ended_at=self.now)
            return
        if all(each.is_over for each in chosen):
            await self._end()
            return
        judged = judge(chosen, failures_max=self.row.failures_max)
        if self.row.state != RolloutState.RUNNING:
            return
        if judged.verdict is Verdict.HALT:
            await take_back(self.transaction, chosen, now=self.now)
            await self._halt({each.device: each for each in chosen}[judged.failed[0]])
        elif judged.verdict is Verdict.GO_ON:
            await self._begin([each for each in chosen if each.device in judged.begin], judged)

    async def _end(self) -> None:
        # Where boards failed there was nothing left to hold back: each has its own alarm.
        await rollout_rows.change(
            self.transaction, self.row.rollout_id, state=RolloutState.DONE, ended_at=self.now
        )
        await end_alarm(self.transaction, self.row.rollout_id, now=self.now)

    async def _follow(self, member: Member) -> Member:
        step = next_step(
            member,
            await self._told(member),
            now=self.now,
            is_running=self.row.state == RolloutState.RUNNING,
            is_cancelled=self.row.state == RolloutState.CANCELLED,
            update_s_max=self.update_s_max,
        )
        if step.values:
            member = await rollout_rows.change_member(self.transaction, member, **step.values)
        if step.sends and member.node in self.online:
            member = await self._send(member, is_cancel=step.sends == "cancel")
        return member

    async def _told(self, member: Member) -> Told | None:
        if member.command_id is None:
            return None
        row = await commands.find(self.transaction, UUID(member.command_id))
        if row is None:
            return None
        view = commands.view_of(row, now=self.now)
        return Told(view.state, view.refusal)

    async def _begin(self, waiting: Sequence[Member], judged: Judgement) -> None:
        """Tell the nodes of as many boards as may be under way together, one of a line."""
        busy = {self.lines.get(device, device) for device in judged.under_way}
        room = AT_ONCE_MAX - len(judged.under_way)
        for member in waiting:
            line = self.lines.get(member.device, member.device)
            if room <= 0 or line in busy:
                continue
            busy.add(line)
            room -= 1
            asked = await rollout_rows.change_member(
                self.transaction,
                member,
                state=BoardState.ASKED,
                update_id=member.update_id or str(new_id()),
                asked_at=self.now,
                until=self.now + timedelta(seconds=self.row.wait_s),
            )
            if member.node in self.online:
                await self._send(asked)

    async def _send(self, member: Member, *, is_cancel: bool = False) -> Member:
        command = NodeCommand(
            id=new_id(),
            node=member.node,
            what=self._cancel(member) if is_cancel else self._wanted(member),
            asked_by=self.row.asked_by,
            reason=self.row.reason,
            issued_at=self.now,
            expires_at=self.now + LIFETIME_MAX,
        )
        await commands.add(
            self.transaction,
            command,
            username=self.row.changed_by,
            action_id=UUID(self.row.rollout_id),
        )
        return await rollout_rows.change_member(
            self.transaction, member, command_id=str(command.id), is_cancelling=is_cancel
        )

    def _wanted(self, member: Member) -> UpdateBoard | RollBackBoard:
        update_id, until = UUID(member.update_id), member.until or self.now
        if self.row.action == "roll_back":
            return RollBackBoard(update_id=update_id, device=member.device, until=until)
        return UpdateBoard(
            update_id=update_id,
            device=member.device,
            image=self.row.image,
            size_bytes=self.row.size_bytes,
            until=until,
        )

    @staticmethod
    def _cancel(member: Member) -> CancelBoardUpdate:
        return CancelBoardUpdate(update_id=UUID(member.update_id), device=member.device)

    async def _halt(self, failed: Member) -> None:
        await rollout_rows.change(
            self.transaction,
            self.row.rollout_id,
            state=RolloutState.HALTED,
            halted_device=failed.device,
            halted_why=failed.why,
        )
        await raise_alarm(
            self.transaction,
            kind="rollout_halted",
            subject={"rollout": self.row.rollout_id},
            now=self.now,
            detail={"device": failed.device, "why": failed.why, "version": self.row.version},
        )


def judge(chosen: Sequence[Member], *, failures_max: int) -> Judgement:
    """Return what follows from what became of boards.

    Args:
        chosen: The boards of a roll-out, but for those that it leaves out; not all are over.
        failures_max: So many may fail.
    """
    judged = [each for each in chosen if not each.is_passed_over]
    stages = sorted({each.stage for each in judged})
    rollout = Rollout(
        stages=tuple(
            tuple(each.device for each in judged if each.stage == stage) for stage in stages
        ),
        failures_max=failures_max,
    )
    outcomes = {each.device: ENDS[each.state] for each in judged if each.state in ENDS}
    begun = {each.device for each in judged if each.state is not BoardState.WAITING}
    return rollout.judge(outcomes, begun=begun)
