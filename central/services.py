"""What endpoints are given: one bundle per application, made in ``app.py``."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from central.authority import Authority
from central.canteen.service import Canteen
from central.certificates.server import Served
from central.consent.erasures import ErasureFile
from central.cookies import Cookies
from central.database import Database
from central.duty.desks import Desks
from central.events.heard import Heard
from central.events.intake import Intake
from central.firmware.service import Rollouts
from central.held import Held
from central.keys import KeyFolder
from central.metrics.counters import Counters
from central.nodes.known import KnownKeys
from central.oidc.service import SingleSignOn
from central.orders.service import Orders
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
from config.crypto.keys import SigningKey
from config.crypto.suite import Suite


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Services:
    """Not printable: it holds keys.

    Attributes:
        intake: Takes in what nodes tell.
        node_keys: Who may sign for which node.
        hub: Streams of operators.
        node_hub: Streams of nodes.
        heard: Wakes who waits for events.
        relay: Live views of cameras.
        authority: Of the site; None where central is reached on its own machine only.
        certificate: That this process serves with; put there by whoever begins to serve.
        epoch: Of the store of events; another one means that positions begin anew.
        central_key: Signs commands to nodes.
        card_key: Makes card verifiers.
        orders_key: Makes the codes of orders.
        erasure_file: What was erased for ever, kept beside the database.
        loop: Of the application; what others ask of it must be run there.
        now: The wall clock, aware UTC.
        attempts: How often one address may try a password, an invitation or a token.
        provider_answers: How often one address may come back from the identity provider.
        certificate_wishes: How often one node may ask for a certificate.
        looks: How often the audit log records one operator looking at one thing.
        diner_requests: How often one diner's page may ask.
        outside_requests: How often one outside system may tell.
        held: Who holds how many streams and long polls open.
        counters: What is counted here since the process began.
    """

    settings: Settings
    database: Database
    users: Users
    sign_ins: SignIns
    accounts: Accounts
    single_sign_on: SingleSignOn
    desks: Desks
    faces: FaceReader
    migration: Migration
    replica: ReplicaSource
    patrols: Patrols
    rollouts: Rollouts
    payments: Payments
    canteen: Canteen
    orders: Orders
    retention: Retention
    rotation: KeyRotation
    intake: Intake
    node_keys: KnownKeys
    hub: Hub
    node_hub: Hub
    heard: Heard
    relay: Relay
    kek: KeyFolder
    authority: Authority | None
    certificate: Served
    epoch: UUID
    central_key: SigningKey
    card_key: bytes
    orders_key: bytes
    erasure_file: ErasureFile
    loop: asyncio.AbstractEventLoop
    now: Callable[[], datetime]
    attempts: RateLimit
    provider_answers: RateLimit
    certificate_wishes: RateLimit
    looks: RateLimit
    diner_requests: RateLimit
    outside_requests: RateLimit
    held: Held
    counters: Counters

    @property
    def cookies(self) -> Cookies:
        """Return how browsers are given cookies here."""
        return Cookies(is_secure=self.settings.is_secure)

    @property
    def suite(self) -> Suite:
        """Return the site's, chosen when this central was first started."""
        return self.kek.suite

    def end_streams(self) -> None:
        """End every stream and every wait; whoever reads connects again by themselves."""
        self.hub.close()
        self.node_hub.close()
        self.heard.close()


async def services_of(request: Request) -> Services:
    """Return the services of the application that a request came to.

    A coroutine, though it awaits nothing: the framework would run a function in another thread.
    """
    services: Services = request.app.state.services
    return services


Given = Annotated[Services, Depends(services_of)]
"""A parameter of an endpoint: the services."""
