"""What endpoints are given: one bundle per application, made in ``app.py``."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, Request

from central.authority import Authority
from central.canteen.service import Canteen
from central.consent.erasures import ErasureFile
from central.database import Database
from central.duty.desks import Desks
from central.keys import KeyFolder
from central.patrol.service import Patrols
from central.payments.service import Payments
from central.people.faces import FaceReader
from central.people.migration import Migration
from central.people.replica import ReplicaSource
from central.retention.service import Retention
from central.rotation.service import KeyRotation
from central.security import RateLimit
from central.settings import Settings
from central.stream import Hub
from central.users.account import Accounts
from central.users.service import Users
from central.users.sign_in import SignIns
from central.video.relay import Relay


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Services:
    """Not printable: it holds keys.

    Attributes:
        hub: Streams of operators.
        node_hub: Streams of nodes.
        relay: Live views of cameras.
        authority: Of the site; None where central is reached on its own machine only.
        epoch: Of the store of events; another one means that positions begin anew.
        central_key: Signs commands to nodes.
        card_key: Makes card verifiers.
        erasure_file: What was erased for ever, kept beside the database.
        loop: Of the application; what others ask of it must be run there.
        now: The wall clock, aware UTC.
        attempts: How often one address may try a password, an invitation or a token.
        looks: How often the audit log records one operator looking at one thing.
        diner_requests: How often one diner's page may ask.
    """

    settings: Settings
    database: Database
    users: Users
    sign_ins: SignIns
    accounts: Accounts
    desks: Desks
    faces: FaceReader
    migration: Migration
    replica: ReplicaSource
    patrols: Patrols
    payments: Payments
    canteen: Canteen
    retention: Retention
    rotation: KeyRotation
    hub: Hub
    node_hub: Hub
    relay: Relay
    kek: KeyFolder
    authority: Authority | None
    epoch: UUID
    central_key: Ed25519PrivateKey
    card_key: bytes
    erasure_file: ErasureFile
    loop: asyncio.AbstractEventLoop
    now: Callable[[], datetime]
    attempts: RateLimit
    looks: RateLimit
    diner_requests: RateLimit


def services_of(request: Request) -> Services:
    """Return the services of the application that a request came to."""
    services: Services = request.app.state.services
    return services


Given = Annotated[Services, Depends(services_of)]
"""A parameter of an endpoint: the services."""
