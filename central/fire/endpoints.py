"""Fires over HTTP: what is so now, drills and tests, and closing what a fire has released."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from central.commands import repository as commands
from central.commands.schemas import CommandView
from central.database import Transaction
from central.fire import orders, views
from central.fire.gates import node_of_device, origins, zone_of
from central.fire.schemas import (
    DrillView,
    FireList,
    FireView,
    TestView,
    WantedClosing,
    WantedDrill,
    WantedTest,
)
from central.nodes import repository as nodes
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.commands import (
    BeginDrill,
    BeginFireTest,
    CloseFireOutput,
    CloseFireRelease,
    EndDrill,
    EndFireTest,
)
from config.contract.identifiers import Slug, new_id

router = APIRouter(tags=["fire"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("fire.read"))]
Driller = Annotated[Operator, Depends(Requires("fire.drill"))]
Tester = Annotated[Operator, Depends(Requires("fire.test"))]
Closer = Annotated[Operator, Depends(Requires("fire.close"))]


@router.get("/fire")
async def get_fire(_: Viewer, services: Given) -> FireView:
    """Return every zone, panel, test and drill as it is now, and the newest fires."""
    async with services.database.read() as transaction:
        return await views.view(transaction, services.settings.site, now=services.now())


@router.get("/fire/reports")
async def list_reports(
    _: Viewer, services: Given, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> FireList:
    """Return fires and drills of which there is a report, newest first."""
    async with services.database.read() as transaction:
        rows = await views.newest_fires(transaction, limit=limit)
        told = await views.releases_of(transaction, [row.fire_id for row in rows])
    return FireList(items=[views.line_of(row, told, services.settings.site) for row in rows])


@router.post("/fire/zones/{zone}/drill", status_code=201)
async def begin_drill(
    zone: Slug, wish: WantedDrill, operator: Driller, services: Given
) -> DrillView:
    """Have a terminal begin a drill, which releases the zone as a fire would; it ends by itself."""
    now, site = services.now(), services.settings.site
    if zone_of(site, zone) is None:
        raise RefusedError(404, "fire_zone_not_found", "the site file has no such fire zone")
    async with services.database.write() as transaction:
        if any(drill.zone == zone for drill in await views.open_drills(transaction, now=now)):
            raise RefusedError(409, "drill_under_way", "this zone is being drilled: end that first")
        node = await _heard(transaction, services, origins(site, zone))
        what = BeginDrill(
            zone=zone,
            drill_id=new_id(),
            until=now + timedelta(minutes=wish.minutes),
            releases=wish.releases,
        )
        await orders.begin_drill(
            transaction, what, node=node, operator=operator, reason=wish.reason, now=now
        )
        transaction.concerns(f"drill:{what.drill_id}", **what.model_dump(mode="json"))
        return await _drill(transaction, zone, services)


@router.delete("/fire/zones/{zone}/drill", status_code=204)
async def end_drill(zone: Slug, operator: Driller, services: Given) -> None:
    """Have the terminal end the drill of a zone, and what it released."""
    now = services.now()
    async with services.database.write() as transaction:
        drill = await _drill(transaction, zone, services)
        await orders.send(
            transaction,
            drill.node,
            EndDrill(zone=zone, drill_id=drill.drill_id),
            operator=operator,
            reason=drill.reason,
            now=now,
        )
        await orders.give_up_drill(transaction, drill.drill_id, now=now)
        transaction.concerns(f"drill:{drill.drill_id}")


@router.post("/fire/zones/{zone}/test", status_code=201)
async def begin_test(zone: Slug, wish: WantedTest, operator: Tester, services: Given) -> TestView:
    """Take points of a zone's panels out of it until then: their signals confirm no fire."""
    now, site = services.now(), services.settings.site
    if zone_of(site, zone) is None:
        raise RefusedError(404, "fire_zone_not_found", "the site file has no such fire zone")
    what = BeginFireTest(
        test_id=new_id(),
        zone=zone,
        points=wish.points,
        until=now + timedelta(minutes=wish.minutes),
    )
    async with services.database.write() as transaction:
        await orders.begin_test(
            transaction,
            what,
            nodes=origins(site, zone),
            operator=operator,
            reason=wish.reason,
            now=now,
        )
        transaction.concerns(f"fire_test:{what.test_id}", **what.model_dump(mode="json"))
        return await _test(transaction, what.test_id, services)


@router.delete("/fire/tests/{test_id}", status_code=204)
async def end_test(test_id: UUID, operator: Tester, services: Given) -> None:
    """End a test: points that signal count again from then on."""
    now = services.now()
    async with services.database.write() as transaction:
        test = await _test(transaction, test_id, services)
        for node in origins(services.settings.site, test.zone):
            await orders.send(
                transaction,
                node,
                EndFireTest(test_id=test_id),
                operator=operator,
                reason=test.reason,
                now=now,
            )
        await orders.give_up_test(transaction, test_id, now=now)
        transaction.concerns(f"fire_test:{test_id}")


@router.post("/devices/{device}/outputs/{output}/close-release", status_code=201)
async def close_output(
    device: Slug,
    output: Annotated[int, Path(ge=0, le=255)],
    wish: WantedClosing,
    operator: Closer,
    services: Given,
) -> CommandView:
    """Close a door or a relay that a fire has set; see ``close_release``."""
    node = node_of_device(services.settings.site, device)
    if node is None:
        raise RefusedError(404, "unknown_device", "the site file has no such device")
    what = CloseFireOutput(device=device, output=output)
    return await _close(services, node, what, wish, operator)


@router.post("/access-points/{access_point}/close-release", status_code=201)
async def close_release(
    access_point: Slug, wish: WantedClosing, operator: Closer, services: Given
) -> CommandView:
    """Close what a fire has released, one lane at a time; the terminal's answer says if it is."""
    site = services.settings.site
    node = next((p.node for p in site.access_point if p.id == access_point), None)
    if node is None:
        raise RefusedError(404, "unknown_access_point", "the site file has no such access point")
    what = CloseFireRelease(access_point=access_point)
    return await _close(services, node, what, wish, operator)


async def _close(
    services: Services,
    node: str,
    what: CloseFireRelease | CloseFireOutput,
    wish: WantedClosing,
    operator: Operator,
) -> CommandView:
    now = services.now()
    async with services.database.write() as transaction:
        command_id = await orders.send(
            transaction, node, what, operator=operator, reason=wish.reason, now=now
        )
        transaction.concerns(f"command:{command_id}", **what.model_dump(exclude={"kind"}))
        row = await commands.find(transaction, command_id)
    if row is None:
        raise LookupError(command_id)
    return commands.view_of(row, now=now)


async def _heard(transaction: Transaction, services: Services, wanted: tuple[str, ...]) -> str:
    """Return the first of some nodes that is online; refuses where none is."""
    found = await nodes.views(transaction, wanted, now=services.now())
    online = {view.node for view in found if view.is_online}
    node = next((each for each in wanted if each in online), None)
    if node is None:
        raise RefusedError(409, "no_terminal_for_zone", "no terminal of this zone is heard now")
    return node


async def _drill(transaction: Transaction, zone: str, services: Services) -> DrillView:
    drills = await views.open_drills(transaction, now=services.now())
    found = next((drill for drill in drills if drill.zone == zone), None)
    if found is None:
        raise RefusedError(404, "drill_not_found", "this zone is not being drilled")
    return found


async def _test(transaction: Transaction, test_id: UUID, services: Services) -> TestView:
    tests = await views.open_tests(transaction, now=services.now())
    found = next((test for test in tests if test.test_id == test_id), None)
    if found is None:
        raise RefusedError(404, "fire_test_not_found", "there is no such test under way")
    return found
