"""What operators may have this node do about fire: close, drill, test, ask who is on duty."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from config.contract.access import DoorCommandOutcome
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import (
    DRILL_MAX,
    FIRE_TEST_MAX,
    BeginDrill,
    BeginFireTest,
    CheckDuty,
    CloseFireOutput,
    CloseFireRelease,
    EndDrill,
    EndFireTest,
    OfFire,
)
from config.contract.events import EventData
from config.contract.fire_events import FireOutputClosed, FireReleaseClosed
from config.contract.fire_status import RunningFireTest
from drivers.base import CommandRejectedError, DriverError
from edge.commands.desk import Carried
from edge.fire import telling
from edge.fire.fire import Fire
from edge.fire.places import Output
from edge.fire.releases import Release
from edge.fire.station import FireStation

DONE: Final = Carried(CommandOutcome.DONE)
_NOT_HERE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
_NOT_NOW: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_NOW)
_FIRE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.FIRE_RELEASE)
_REFUSES: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.DEVICE_REFUSES)
_SILENT: Final = Carried(CommandOutcome.UNKNOWN, CommandRefusal.DEVICE_SILENT)
_ANSWERS: Final = {
    DoorCommandOutcome.CONFIRMED: DONE,
    DoorCommandOutcome.REFUSED: _REFUSES,
    DoorCommandOutcome.UNREACHABLE: _SILENT,
}

CheckPanel = Callable[[int], Awaitable[None]]
"""Asks a panel for a duty check, with the minutes to answer in; raises ``DriverError``."""


class FireOrders:
    """Of one node."""

    def __init__(self, station: FireStation, duty: Mapping[str, CheckPanel]) -> None:
        """Carry out what concerns ``station``; ``duty``: panels that can be asked."""
        self._station, self._duty = station, duty

    async def carry_out(self, what: OfFire, *, asked_by: str) -> Carried:
        """Do what an operator asks and return what became of it."""
        match what:
            case CloseFireRelease(access_point=point):
                return await self._close_lane(point, asked_by)
            case CloseFireOutput(device=device, output=channel):
                return await self._close_output(Output(device, channel), asked_by)
            case BeginDrill():
                return self._begin_drill(what, asked_by)
            case EndDrill():
                return self._end_drill(what, asked_by)
            case BeginFireTest():
                return self._begin_test(what, asked_by)
            case EndFireTest(test_id=test_id):
                return DONE if self._station.end_test(test_id, asked_by=asked_by) else _NOT_NOW
            case CheckDuty(device=device, minutes=minutes):
                return await self._check_duty(device, minutes, asked_by)

    async def _close_lane(self, point: str, asked_by: str) -> Carried:
        def told(fires: Sequence[Fire]) -> FireReleaseClosed:
            ids = tuple(fire.fire_id for fire in fires)
            return FireReleaseClosed(fire_ids=ids, access_point=point, asked_by=asked_by)

        return await self._close(point, self._station.gates.of_point(point), told, subject=point)

    async def _close_output(self, output: Output, asked_by: str) -> Carried:
        def told(fires: Sequence[Fire]) -> FireOutputClosed:
            return telling.output_closed(output, fires, asked_by=asked_by)

        targets = self._station.gates.targets
        release = next((each for each, (_, its, _) in targets.items() if its == output), None)
        return await self._close(output.name, release, told, subject=output.device)

    async def _close(
        self,
        point: str,
        release: Release | None,
        told: Callable[[Sequence[Fire]], EventData],
        *,
        subject: str,
    ) -> Carried:
        station = self._station
        if release is None:
            return _NOT_HERE
        if not station.book.releasing(point):
            return _NOT_NOW
        if station.book.is_signalled(point, silent=station.silent_nodes):
            return _FIRE
        closed = station.close(point)
        station.tell(told(closed), subject)
        return _ANSWERS[(await release.tell()).outcome]

    def _begin_drill(self, what: BeginDrill, asked_by: str) -> Carried:
        station, now = self._station, self._station.now()
        if what.zone not in station.zones:
            return _NOT_HERE
        if not now < what.until <= now + DRILL_MAX:
            return _NOT_NOW
        station.begin_drill(
            what.zone,
            what.drill_id,
            until=what.until,
            releases=what.releases,
            asked_by=asked_by,
        )
        return DONE  # also where another node has told of it already

    def _end_drill(self, what: EndDrill, asked_by: str) -> Carried:
        station = self._station
        drill = station.book.drill(what.drill_id)
        if drill is not None:
            station.end_drill(drill, asked_by=asked_by)
        is_known = any(fire.fire_id == what.drill_id for fire in station.book.fires)
        return DONE if is_known else _NOT_NOW

    def _begin_test(self, what: BeginFireTest, asked_by: str) -> Carried:
        station, now = self._station, self._station.now()
        if not station.signals.inputs_of(what.zone):
            return _NOT_HERE
        if not now < what.until <= now + FIRE_TEST_MAX:
            return _NOT_NOW
        test = RunningFireTest(
            test_id=what.test_id,
            zone=what.zone,
            points=what.points,
            until=what.until,
            asked_by=asked_by,
        )
        station.signals.begin_test(test)
        station.tell(telling.test_changed(test, is_on=True, asked_by=asked_by), what.zone)
        station.keep()
        station.judge()
        return DONE

    async def _check_duty(self, device: str, minutes: int, asked_by: str) -> Carried:
        station, check = self._station, self._duty.get(device)
        if check is None:
            return _NOT_HERE
        try:
            await check(minutes)
        except CommandRejectedError:
            return _REFUSES
        except DriverError:
            return _SILENT
        before = station.duty.asked(
            device,
            minutes=minutes,
            asked_by=asked_by,
            at=station.now(),
            at_s=station.monotonic(),
        )
        if before is not None:
            station.tell(before, device)
        return DONE
