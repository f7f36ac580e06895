"""Boards and roll-outs as they are shown. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from central.firmware.board_book import Known
from central.firmware.choosing import Candidate, Choice
from central.firmware.rollout_rows import Member, Standing
from central.firmware.schemas import (
    BoardState,
    BoardView,
    LeftOutBoard,
    PlannedBoard,
    RolloutBoard,
    RolloutPreview,
    RolloutSummary,
    RolloutView,
)
from config.rollout import Rollout
from config.site import Site

DRIVERS: Final = frozenset({"board", "board_gate"})
"""Of devices of the site file that are controller boards; others are once they have said so."""


def candidates_of(
    site: Site,
    known: Mapping[tuple[str, str], Known],
    *,
    online: Collection[str],
    taken: Collection[str] = (),
) -> list[Candidate]:
    """Return every board of the site file, in its order.

    Args:
        site: Its boards, also those that have not said anything yet.
        known: By device and node; what another node says of a device counts for nothing.
        online: Nodes that are heard.
        taken: Boards that a roll-out has.
    """
    nodes = {bus.id: bus.node for bus in site.bus}
    placed = [(device, nodes.get(device.bus, "")) for device in site.device]
    return [
        Candidate(
            device=device.id,
            node=node,
            known=known.get((device.id, node), Known()),
            is_online=node in online,
            is_taken=device.id in taken,
        )
        for device, node in placed
        if device.driver in DRIVERS or (device.id, node) in known
    ]


def board_view(candidate: Candidate, rollouts: Mapping[UUID, UUID]) -> BoardView:
    """Return a board; ``rollouts`` says which roll-out an update belongs to."""
    known = candidate.known
    update = known.update
    if update is not None:
        update = update.model_copy(update={"rollout_id": rollouts.get(update.update_id)})
    return BoardView(
        device=candidate.device,
        node=candidate.node,
        is_online=candidate.is_online,
        update=update,
        **{name: getattr(known, name) for name in _SHARED},
    )


_SHARED: Final = (
    "identity", "is_safe", "safe_entered_at", "safe_left_at", "faults", "is_fire", "held_until",
)  # fmt: skip


def preview(choice: Choice, version: str) -> RolloutPreview:
    """Return what a roll-out would do."""
    planned = planned_boards(choice)
    return RolloutPreview(
        version=version,
        stages=_counts(each.stage for each in planned),
        boards=planned,
        left_out=[
            LeftOutBoard(device=each.device, node=each.node, why=why)
            for each, why in choice.left_out
        ],
    )


def planned_boards(choice: Choice) -> list[PlannedBoard]:
    """Return the boards of a choice with their stages."""
    if not choice.boards:
        return []
    there = {each.device: each for each in choice.boards}
    stages = Rollout.of([*there]).stages
    return [
        PlannedBoard(
            device=device, node=there[device].node, stage=index, before=there[device].before
        )
        for index, stage in enumerate(stages)
        for device in stage
    ]


def summary(row: Row[Any], tally: Counter[Standing]) -> RolloutSummary:
    """Return a roll-out without its boards, which are counted."""
    return RolloutSummary(**_fields(row, tally))


def view(row: Row[Any], members: Sequence[Member]) -> RolloutView:
    """Return a roll-out with its boards."""
    tally = Counter(each.standing for each in members)
    stages = _stages(tally)
    return RolloutView(
        **_fields(row, tally),
        boards=[
            RolloutBoard(
                size_bytes=row.size_bytes,
                stage=stages.get(each.stage, -1),
                **{name: getattr(each, name) for name in _MEMBER_FIELDS},
            )
            for each in members
        ],
    )


_MEMBER_FIELDS: Final = tuple(
    name for name in RolloutBoard.model_fields if name not in ("size_bytes", "stage")
)
_OWN: Final = (
    "rollout_id", "action", "image", "version", "state", "reason", "failures_max", "created_by",
    "created_at", "changed_by", "started_at", "ended_at", "halted_device", "halted_why",
)  # fmt: skip


def _fields(row: Row[Any], tally: Counter[Standing]) -> dict[str, Any]:
    stages = _stages(tally)
    not_over = [stages[each.stage] for each in tally if not each.is_over]
    sizes, counts = Counter[int](), Counter[BoardState]()
    for each, count in tally.items():
        counts[each.state] += count
        if each.stage in stages:
            sizes[stages[each.stage]] += count
    return {
        **{name: getattr(row, name) for name in _OWN},
        "wait_h": row.wait_s // 3600,
        "stage": min(not_over, default=max(0, len(stages) - 1)),
        "stages": [sizes[index] for index in range(len(stages))],
        "counts": dict(counts),
    }


def _stages(standings: Iterable[Standing]) -> dict[int, int]:
    """Return the stages that have boards, numbered from 0: after a halt some have none left."""
    found = sorted({each.stage for each in standings if each.state is not BoardState.LEFT_OUT})
    return {stage: index for index, stage in enumerate(found)}


def _counts(stages: Iterable[int]) -> list[int]:
    found = Counter(stages)
    return [found[index] for index in range(max(found, default=-1) + 1)]
