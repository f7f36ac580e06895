"""Every endpoint of the API, in the order in which its paths are tried."""

import functools
from typing import Final

from fastapi import APIRouter
from starlette.routing import BaseRoute

from central import site_endpoints
from central.access import endpoints as access_endpoints
from central.alarms import endpoints as alarm_endpoints
from central.alarms import setting_endpoints as alarm_setting_endpoints
from central.approvals import endpoints as approval_endpoints
from central.assessment import endpoints as assessment_endpoints
from central.assistance import endpoints as assistance_endpoints
from central.audit import endpoints as audit_endpoints
from central.blobs import endpoints as blob_endpoints
from central.canteen import endpoints as canteen_endpoints
from central.canteen import evidence_endpoints as canteen_evidence_endpoints
from central.canteen import plan_endpoints as canteen_plan_endpoints
from central.canteen import till_endpoints
from central.commands import endpoints as command_endpoints
from central.connectors import endpoints as connector_endpoints
from central.consent import endpoints as consent_endpoints
from central.description import PREFIX, operation_id
from central.diner import endpoints as diner_endpoints
from central.diner import office_endpoints as diner_office_endpoints
from central.duty import endpoints as desk_endpoints
from central.events import endpoints as event_endpoints
from central.events import pull_endpoints, search_endpoints
from central.fire import duty_endpoints, matrix_endpoints, report_endpoints
from central.fire import endpoints as fire_endpoints
from central.firmware import endpoints as firmware_endpoints
from central.integrations import source_endpoints, webhook_endpoints
from central.muster import endpoints as muster_endpoints
from central.muster import roll_call_endpoints
from central.nodes import certificate_endpoints as node_certificate_endpoints
from central.nodes import endpoints as node_endpoints
from central.nodes import key_endpoints as node_key_endpoints
from central.office import day_endpoints as office_day_endpoints
from central.office import drawer_endpoints as office_drawer_endpoints
from central.office import endpoints as office_endpoints
from central.office import report_endpoints as office_report_endpoints
from central.oidc import endpoints as provider_endpoints
from central.orders import endpoints as order_endpoints
from central.orders import office_endpoints as order_office_endpoints
from central.patrol import endpoints as patrol_endpoints
from central.payments import endpoints as payment_endpoints
from central.people import code_endpoints, face_endpoints, import_endpoints, migration_endpoints
from central.people import endpoints as people_endpoints
from central.plans import endpoints as plan_endpoints
from central.recognition import endpoints as recognition_endpoints
from central.retention import endpoints as retention_endpoints
from central.rotation import endpoints as rotation_endpoints
from central.users import account_endpoints
from central.users import endpoints as user_endpoints
from central.video import endpoints as video_endpoints
from central.visits import endpoints as visit_endpoints

ROUTERS: Final = (
    # The framework tries one after the other: what every terminal asks all day stands first.
    event_endpoints.router,
    node_endpoints.router,
    site_endpoints.router,
    user_endpoints.router,
    account_endpoints.router,
    provider_endpoints.router,
    approval_endpoints.router,
    pull_endpoints.router,
    search_endpoints.router,
    node_key_endpoints.router,
    node_certificate_endpoints.router,
    command_endpoints.router,
    assistance_endpoints.router,
    alarm_setting_endpoints.router,  # its paths are not the identifier of an alarm
    alarm_endpoints.router,
    fire_endpoints.router,
    report_endpoints.router,
    duty_endpoints.router,
    matrix_endpoints.router,
    people_endpoints.router,
    code_endpoints.router,
    import_endpoints.router,
    face_endpoints.router,
    consent_endpoints.router,
    migration_endpoints.router,
    recognition_endpoints.router,
    access_endpoints.router,
    muster_endpoints.router,
    roll_call_endpoints.router,
    visit_endpoints.router,
    patrol_endpoints.router,
    firmware_endpoints.router,
    payment_endpoints.router,
    office_endpoints.router,
    office_report_endpoints.router,
    office_day_endpoints.router,
    office_drawer_endpoints.router,
    diner_endpoints.router,
    diner_office_endpoints.router,
    order_endpoints.router,
    order_office_endpoints.router,
    plan_endpoints.router,
    till_endpoints.router,
    canteen_plan_endpoints.router,
    canteen_endpoints.router,
    canteen_evidence_endpoints.router,
    desk_endpoints.router,
    blob_endpoints.router,
    video_endpoints.router,
    audit_endpoints.router,
    retention_endpoints.router,
    assessment_endpoints.router,
    rotation_endpoints.router,
    connector_endpoints.router,
    webhook_endpoints.router,
    source_endpoints.router,
)
"""Every endpoint belongs to one of these."""


@functools.cache
def api_routes() -> list[BaseRoute]:
    """Return the routes of the API; FastAPI takes its time over them, so once a process."""
    api = APIRouter(generate_unique_id_function=operation_id)
    for router in ROUTERS:
        api.include_router(router, prefix=PREFIX)
    return api.routes
