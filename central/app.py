"""Composition: the application of one central process, and what runs beside it."""

import asyncio
import contextlib
import functools
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final
from uuid import UUID, uuid4

from fastapi import FastAPI

from central import problems, strangers
from central.admission import Admission, Admitting
from central.alarms.news import AlarmNews
from central.alarms.rooms import keep_rooms, rooms_of
from central.alarms.sending import AlarmSending
from central.alarms.timing import AlarmClock
from central.approvals import countersigning
from central.audit import repository as audit
from central.audit.chain import start_of
from central.authority import site_authority
from central.backup.watch import BackupWatch
from central.bounds import Bounded
from central.canteen import repository as canteen
from central.canteen.charges import post_waiting
from central.canteen.service import Canteen
from central.certificates.server import Served
from central.certificates.watch import CertificateWatch
from central.consent import repository as consents
from central.consent.erasures import ErasureFile
from central.console import pages
from central.cookies import Cookies
from central.database import MIGRATION_LOCK, Database
from central.description import PREFIX, DescribedApp
from central.duty.desks import Desks
from central.events.heard import Heard
from central.events.intake import Intake
from central.events.partition_watch import PartitionWatch
from central.feed import Feed
from central.finder import OperatorFinder
from central.fire.watch import FireWatch
from central.firmware.service import Rollouts
from central.held import Held
from central.integrations import source_endpoints
from central.integrations.delivering import Delivering
from central.keys import (
    KeyEncryptionKey,
    KeyFolder,
    KeysError,
    kept_secret,
    load_key_encryption_key,
)
from central.ledger.expiry import Expiries
from central.metrics import endpoints as metrics_endpoints
from central.metrics.counters import Counters
from central.metrics.requests import Counted
from central.mqtt.publishing import MqttPublishing
from central.nodes import certificate_endpoints as node_certificate_endpoints
from central.nodes.known import KnownKeys
from central.oidc.service import SingleSignOn
from central.orders.service import Orders
from central.patrol.service import Patrols
from central.payments.connecting import connector
from central.payments.service import Payments
from central.people import (
    pictures,
)
from central.people.faces import FaceReader, PipelineFactory, site_pipeline
from central.people.migration import Migration
from central.people.replica import ReplicaSource
from central.postgresql import PostgresqlServer
from central.recognition.kept import kept_pictures
from central.recognition.self_test import SelfTests
from central.retention.service import Retention
from central.rotation.service import KeyRotation
from central.routers import ROUTERS, api_routes
from central.security import Guarded, RateLimit
from central.services import Services
from central.settings import Settings
from central.site_values import EPOCH, REPLICA_VERSION, read_value, write_value_once
from central.stream import Hub
from central.syslog.sending import SyslogSending
from central.users.account import Accounts
from central.users.passwords import Passwords
from central.users.service import Users
from central.users.sign_in import SignIns
from central.video.relay import Relay
from config.contract.trust import KEY_SIZE_BYTES
from config.crypto.keys import SigningKey
from config.crypto.suites import SUITES, SuiteSecret
from config.settings import private_folder
from config.web import api_docs

_log = logging.getLogger("central")
OPENAPI_URL: Final = f"{PREFIX}/openapi.json"
ATTEMPT_COUNT: Final = 20
ATTEMPT_WINDOW_S: Final = 60.0
LOOK_WINDOW_S: Final = 600.0
DINER_COUNT: Final = 120
PROVIDER_COUNT: Final = 120
"""A whole shift behind one address."""
NOTING_INTERVAL_S: Final = 60.0
RESTART_PAUSE_S: Final = 1.0


def create_app(
    settings: Settings,
    *,
    pipeline_factory: PipelineFactory | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    passwords: Passwords | None = None,
    server: PostgresqlServer | None = None,
    admission: Admission | None = None,
) -> FastAPI:
    """Return the application; the database is opened when it starts.

    Args:
        settings: Of this process.
        pipeline_factory: Opens the recognition for enrolment; None is the site's pipeline.
        now: The wall clock, aware UTC.
        passwords: How they are hashed; None is the way for people's passwords.
        server: Whose connections the site shares with others; None is connections of its own.
        admission: Whose room the site shares with others; None is a room of its own.
    """
    pipeline_factory = pipeline_factory or site_pipeline(settings.site.recognition.pipeline)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        wanted = None if settings.crypto is None else SUITES[settings.crypto]
        kek = load_key_encryption_key(private_folder(settings.home), wanted=wanted)
        async with (
            _opened(Database(settings.database_url, server=server)) as database,
            _running(settings, kek, database, pipeline_factory, now, passwords) as services,
        ):
            feed = Feed(services)
            await feed.start()
            alarm_news = AlarmNews(services)
            await alarm_news.start()
            alarm_clock, alarm_sending = AlarmClock(services), AlarmSending(services)
            app.state.alarm_clock, app.state.alarm_sending = alarm_clock, alarm_sending
            self_tests = SelfTests(services, pictures_of=kept_pictures(services))
            app.state.services, app.state.feed = services, feed
            app.state.finder = OperatorFinder(services)
            backups = BackupWatch(
                services.database,
                settings.home,
                site=settings.site.site.id,
                epoch=services.epoch,
                now=now,
            )
            kept_running = functools.partial(_kept_running, services.counters)
            async with _beside(
                kept_running("intake", services.intake.run),
                kept_running("feed", feed.run),
                kept_running("alarms told", alarm_news.run),
                kept_running("alarms in time", alarm_clock.run),
                kept_running("alarms sent", alarm_sending.run),
                kept_running("webhooks", Delivering(services).run),
                kept_running("retention", services.retention.run),
                *(
                    [kept_running("partitions", PartitionWatch(database, now=now).run)]
                    if database.is_postgresql
                    else []
                ),
                kept_running("rotation of keys", services.rotation.run),
                kept_running("certificates", CertificateWatch(services).run),
                kept_running("patrols", services.patrols.run),
                kept_running("roll-outs", services.rollouts.run),
                kept_running("payments", services.payments.run),
                kept_running("money held too long", Expiries(services).run),
                kept_running("canteen", services.canteen.run),
                kept_running("orders", services.orders.run),
                kept_running("noting", _noting(services)),
                kept_running("erasures", lambda: services.erasure_file.run(services.database)),
                kept_running("migration of faces", services.migration.run),
                kept_running("self-test", self_tests.run),
                kept_running("fires", FireWatch(services).run),
                kept_running("backups", backups.run),
                kept_running("mqtt", MqttPublishing(services).run),
                kept_running("syslog", SyslogSending(services).run),
            ):
                yield

    app = DescribedApp(
        ROUTERS,
        title="Menshen central",
        version=version("menshen"),
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI_URL,
        lifespan=lifespan,
    )
    app.state.cookies = Cookies(is_secure=settings.is_secure)
    problems.install(app, first=strangers.refuse)
    app.router.routes.extend(api_routes())
    app.include_router(metrics_endpoints.router)
    app.router.routes.extend(pages.routes())
    app.router.routes.extend(api_docs.routes(openapi_url=OPENAPI_URL, title=app.title))
    app.add_middleware(Admitting, admission=admission or Admission())
    app.add_middleware(Bounded)
    app.add_middleware(Guarded, is_secure=settings.is_secure)
    app.add_middleware(Counted)
    return app


@contextlib.asynccontextmanager
async def _opened(database: Database) -> AsyncIterator[Database]:
    """Open a database and close it, whatever a site then cannot begin for."""
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def _running(
    settings: Settings,
    kek: KeyFolder,
    database: Database,
    pipeline_factory: PipelineFactory,
    now: Callable[[], datetime],
    passwords: Passwords | None,
) -> AsyncIterator[Services]:
    counters = Counters()
    database.counted = counters.transaction
    database.before_commit = audit.recorder(now)
    site = settings.site
    faces = FaceReader(pipeline_factory, kek, site.recognition)
    migration = Migration(
        database,
        faces,
        kek,
        pipeline=site.recognition.pipeline,
        installed=frozenset(node.id for node in site.node),
        now=now,
    )
    hub, node_hub, heard = Hub(), Hub(), Heard(database.listen)
    payments = Payments(
        database,
        connector(settings.home, now=now),
        time_zone=site.site.time_zone,
        now=now,
    )
    single_sign_on: SingleSignOn | None = None
    try:
        async with database.write() as transaction:
            await transaction.take_turn(MIGRATION_LOCK)
            await write_value_once(transaction, EPOCH, str(uuid4()))
            await write_value_once(transaction, REPLICA_VERSION, "0")
            await write_value_once(transaction, audit.HEAD, str(start_of(kek.suite)))
            epoch = UUID(await read_value(transaction, EPOCH))
            fresh = kek.suite.new_signing_key().private_bytes_raw()
            try:
                central_key = await kept_secret(transaction, kek, "central-key", fresh)
            except KeysError:
                kek.refused()
                raise
            fresh = secrets.token_bytes(KEY_SIZE_BYTES)
            raw = await kept_secret(transaction, kek, "card-key", fresh)
            card_key = SuiteSecret(raw, kek.suite)
            fresh = secrets.token_bytes(kek.suite.cipher_key_size_bytes)
            operators_key = await kept_secret(transaction, kek, "operators-key", fresh)
            fresh = secrets.token_bytes(KEY_SIZE_BYTES)
            orders_key = await kept_secret(transaction, kek, "orders-key", fresh)
            operators = Users(database, url=settings.url, policy=site.policy, passwords=passwords)
            await operators.separate_administrators(transaction)
            await consents.ship_texts(transaction, now=now())
            await keep_rooms(transaction, rooms_of(site))
            await canteen.keep_places(transaction, site.merchant, site.till)
            await post_waiting(transaction, now=now())
        signing_key = kek.suite.signing_key(central_key)
        erasure_file = ErasureFile(settings.home)
        await _erase_again(database, erasure_file, signing_key, now=now())
        if not site.policy.keep_enrolment_pictures:
            await _remove_kept_pictures(database)
        authority = (
            await site_authority(database, kek, site=site.site.id, now=now())
            if settings.is_secure
            else None
        )
        seal = KeyEncryptionKey(operators_key, suite=kek.suite)
        sign_ins = SignIns(database, operators, seal)
        single_sign_on = SingleSignOn(
            database, operators, sign_ins, kek, seal=seal, url=settings.url
        )
        yield Services(
            settings=settings,
            database=database,
            users=operators,
            sign_ins=sign_ins,
            desks=Desks(database),
            accounts=Accounts(database, operators, sign_ins, site, now=now),
            single_sign_on=single_sign_on,
            faces=faces,
            migration=migration,
            replica=ReplicaSource(database, kek),
            intake=Intake(database, site, epoch=epoch, now=now, counters=counters),
            node_keys=KnownKeys(database),
            hub=hub,
            node_hub=node_hub,
            heard=heard,
            relay=Relay(),
            kek=kek,
            authority=authority,
            certificate=Served(),
            epoch=epoch,
            central_key=signing_key,
            rotation=KeyRotation(database, kek, now=now),
            patrols=Patrols(database, site, now=now),
            rollouts=Rollouts(database, site, now=now),
            payments=payments,
            canteen=Canteen(database, site, now=now),
            orders=Orders(database, now=now),
            retention=Retention(database, site, audit_key=signing_key, now=now),
            card_key=card_key,
            orders_key=orders_key,
            erasure_file=erasure_file,
            loop=asyncio.get_running_loop(),
            now=now,
            attempts=RateLimit(count=ATTEMPT_COUNT, window_s=ATTEMPT_WINDOW_S),
            provider_answers=RateLimit(count=PROVIDER_COUNT, window_s=ATTEMPT_WINDOW_S),
            certificate_wishes=RateLimit(
                count=node_certificate_endpoints.WISH_COUNT, window_s=ATTEMPT_WINDOW_S
            ),
            looks=RateLimit(count=1, window_s=LOOK_WINDOW_S),
            diner_requests=RateLimit(count=DINER_COUNT, window_s=ATTEMPT_WINDOW_S),
            outside_requests=RateLimit(
                count=source_endpoints.REQUEST_COUNT, window_s=ATTEMPT_WINDOW_S
            ),
            held=Held(),
            counters=counters,
        )
    finally:
        hub.close()
        node_hub.close()
        heard.close()
        faces.close()
        await payments.close()
        if single_sign_on is not None:
            await single_sign_on.close()


async def _erase_again(
    database: Database, file: ErasureFile, key: SigningKey, *, now: datetime
) -> None:
    if count := await file.erase_again(database, key=key, now=now):
        _log.warning("%d people or faces of an older backup are erased again", count)
    await file.settle(database)


async def _remove_kept_pictures(database: Database) -> None:
    async with database.write() as transaction:
        count = await pictures.remove_all(transaction)
    if count:
        _log.warning(
            "%d enrolment pictures are deleted: the site does not keep them any more", count
        )


def _noting(services: Services) -> Callable[[], Awaitable[None]]:
    """Return a task that writes down who was last heard of when, and what nobody signed."""

    async def note() -> None:
        while True:
            async with services.database.write() as transaction:
                await services.users.keep_seen(transaction)
                await countersigning.note_overdue(transaction, now=services.now())
            await asyncio.sleep(NOTING_INTERVAL_S)

    return note


async def _kept_running(counters: Counters, name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await run()
        except Exception:
            # A supervisor: whatever ended the task is logged, and central goes on with it.
            _log.exception("%s ended and begins again", name)
            counters.restarted(name)
        await asyncio.sleep(RESTART_PAUSE_S)


@contextlib.asynccontextmanager
async def _beside(*runs: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
