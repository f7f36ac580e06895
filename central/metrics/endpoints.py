"""``/metrics``, as Prometheus asks for it: for whoever is on this machine, or has a token."""

import asyncio
import contextlib
import ipaddress
from datetime import datetime
from typing import Final

from cryptography import x509
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from central.database import DatabaseError
from central.metrics import repository
from central.metrics.standing import Process, StandingCollector
from central.nodes.endpoints import installed
from central.security import Requires
from central.services import Given, Services
from config.exposition import CONTENT_TYPE, PATH, Part, exposition

router = APIRouter(include_in_schema=False)
FORWARDED: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})
"""What a proxy on this machine adds: then it is not the machine itself that asks."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
CHANNELS: Final = ("webhook", "event_webhook", "mail", "mqtt", "syslog")
_may_read = Requires("metrics.read")
_process = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_process)
GCCollector(registry=_process)


@router.get(PATH)
async def get_metrics(request: Request, services: Given) -> Response:
    """Return what is counted and how things stand, in the text format of Prometheus."""
    if not is_of_this_machine(request):
        await _may_read(request)
    return Response(await scrape(services), media_type=CONTENT_TYPE)


def is_of_this_machine(request: Request) -> bool:
    """Return whether a program of this machine asks, by itself and for nobody else."""
    host = request.headers.get("host", "")
    # Another name of this machine would be a page's that a browser here was led to.
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and name in LOOPBACK_NAMES
        and not FORWARDED & set(request.headers)
        # nginx says nothing of whom it asks for; but it asks in a way that no program does today.
        and request.scope.get("http_version") != "1.0"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def scrape(services: Services) -> bytes:
    """Return the text."""
    try:
        async with services.database.read() as transaction:
            standing = await repository.standing(transaction, now=services.now())
    except (SQLAlchemyError, DatabaseError, OSError):
        standing = None  # what the process knows is worth the more then
    certificates = await asyncio.to_thread(_certificates, services)
    process = _of_process(services, certificates)
    moment = StandingCollector(standing, process, installed=installed(services), channels=CHANNELS)
    site = {"site": services.settings.site.site.id}
    return exposition(
        [Part(site, services.counters.registry), Part(site, moment), Part({}, _process)]
    )


def _of_process(services: Services, certificates: dict[str, datetime]) -> Process:
    hubs = {"operators": services.hub, "nodes": services.node_hub}
    return Process(
        readers={name: hub.reader_count for name, hub in hubs.items()},
        backlog={name: hub.backlog for name, hub in hubs.items()},
        writers=services.database.waiting_writers,
        certificates=certificates,
    )


def _certificates(services: Services) -> dict[str, datetime]:
    if services.authority is None:
        return {}
    ends = {"authority": services.authority.certificate.not_valid_after_utc}
    with contextlib.suppress(OSError, ValueError):
        pem = (services.settings.home / "tls" / "server.pem").read_bytes()
        ends["server"] = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    return ends
