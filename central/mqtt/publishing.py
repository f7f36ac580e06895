"""The connection to a broker: states as they change, events from a position, commands allowed.

Source: OASIS MQTT 5.0, sections 3.1.2.5 (will), 3.3.1.3 (retain), 3.8.3.1 (subscription options).
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from central.connectors import repository
from central.connectors.repository import Kept
from central.connectors.running import Connector, NotToldError, first_of
from central.connectors.settings import MqttSettings, Secrets
from central.connectors.tls import client_context
from central.events import reading
from central.mqtt import states
from central.mqtt.commands import DoorCommands
from central.mqtt.discovery import discovery
from central.mqtt.messages import (
    EVENT_CONTENT_TYPE,
    OFFLINE,
    ONLINE,
    STATUS,
    base,
    command_topic,
    event_message,
    is_wanted,
)
from central.services import Services
from config.finishing import to_its_end

PAGE_LENGTH: Final = 100
KEEP_ALIVE_S: Final = 15
TIMEOUT_S: Final = 5.0
LEAVE_S: Final = 1.0
GATHER_S: Final = 0.2
"""Changes within this time are told together."""
LOOK_S: Final = 2.0
"""Nodes that fall silent announce nothing: so often it is looked."""
PACKET_SIZE_BYTES_MAX: Final = 16_000
QUEUED_MAX: Final = 100
"""Commands that wait to be looked at; what comes beyond is lost, as at QoS 0 it may be."""
NEVER_RETAINED: Final = 2
"""Retain handling: nothing that the broker keeps is sent at the subscription."""
REFUSED: Final = frozenset({134, 135, 140})
"""CONNACK: bad user name or password, not authorised, bad authentication method."""


class MqttPublishing:
    """One process's publishing. ``work`` is for ``Connector``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._is_due = asyncio.Event()
        self.connector = Connector(services, "mqtt", self.work)
        services.database.listen(lambda _: self._is_due.set())

    async def run(self) -> None:
        """Work for ever; see ``Connector.run``."""
        await self.connector.run()

    async def work(self, kept: Kept) -> None:
        """Tell one broker everything, until the connection ends.

        Raises:
            NotToldError: It did, or there was none.
        """
        if not isinstance(kept.settings, MqttSettings):
            raise TypeError("these are the settings of another connector")
        secrets = repository.secrets_of(kept, self._services.kek)
        try:
            async with self._connected(kept.settings, secrets) as client:
                site = _Site(self._services, kept, client)
                await site.greet()
                self.connector.goes_well()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._tell(site))
                    tasks.create_task(site.obey())
        except (ExceptionGroup, aiomqtt.MqttError, OSError, TimeoutError) as error:
            first = first_of(error)
            if not isinstance(first, aiomqtt.MqttError | OSError | TimeoutError):
                raise first from error
            raise NotToldError(why_not(first)) from error

    async def _tell(self, site: "_Site") -> None:
        while True:
            self._is_due.clear()
            await site.tell_states()
            while await site.tell_events():
                self.connector.goes_well()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._is_due.wait()
            await asyncio.sleep(GATHER_S)

    @contextlib.asynccontextmanager
    async def _connected(
        self, settings: MqttSettings, secrets: Secrets
    ) -> AsyncIterator[aiomqtt.Client]:
        host, port = settings.address
        site = self._services.settings.site.site.id
        context: ssl.SSLContext | None = None
        if settings.is_secure:
            context = await asyncio.to_thread(client_context, settings, secrets)
        client = aiomqtt.Client(
            host,
            port,
            identifier=f"menshen-{site}",
            username=settings.username or None,
            password=secrets.password or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            # Nothing waits for us at the broker: what was commanded while we were away is old.
            clean_start=True,
            will=aiomqtt.Will(f"{base(settings, site)}/{STATUS}", OFFLINE, qos=1, retain=True),
            keepalive=KEEP_ALIVE_S,
            properties=_bounded(),
            max_queued_incoming_messages=QUEUED_MAX,
            timeout=TIMEOUT_S,
            tls_context=context,
        )
        try:
            # Cancelled while it connects, the client would leave its socket open.
            await to_its_end(client.__aenter__())
            yield client
        except asyncio.CancelledError:
            # Whoever leaves in order leaves no will: it is said instead.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    status = f"{base(settings, site)}/{STATUS}"
                    await client.publish(status, OFFLINE, qos=1, retain=True)
            raise
        finally:
            with contextlib.suppress(aiomqtt.MqttError):  # the first error is the one that counts
                await client.__aexit__(None, None, None)


class _Site:
    """One site at one broker, as long as a connection lives."""

    def __init__(self, services: Services, kept: Kept, client: aiomqtt.Client) -> None:
        if not isinstance(kept.settings, MqttSettings):
            raise TypeError("these are the settings of another connector")
        self._services, self._kept, self._client = services, kept, client
        self._settings, self._site = kept.settings, services.settings.site
        self._base = base(kept.settings, self._site.site.id)
        self._position, self._memory = kept.position, frozenset(kept.memory)
        self._told = dict[str, str]()

    async def greet(self) -> None:
        """Say that we are here, and listen where commands are allowed; else nowhere."""
        for point in self._kept.doors.access_points:
            await self._client.subscribe(
                command_topic(self._settings, self._site.site.id, point),
                options=SubscribeOptions(
                    qos=0, retainAsPublished=True, retainHandling=NEVER_RETAINED
                ),
            )
        await self._client.publish(f"{self._base}/{STATUS}", ONLINE, qos=1, retain=True)
        await self._note()

    async def tell_states(self) -> None:
        """Tell what is no longer as the broker keeps it."""
        now = self._services.now()
        async with self._services.database.read() as transaction:
            situation = await states.read(transaction, now=now)
        wanted = {
            f"{self._base}/{topic}": text
            for topic, text in states.states(self._site, situation).items()
        }
        wanted |= discovery(
            self._settings,
            self._site,
            areas=situation.areas,
            doors=self._kept.doors.access_points,
        )
        # What there is no more is taken back: an empty retained message (3.3.1.3).
        gone = dict.fromkeys((self._memory | set(self._told)) - set(wanted), "")
        changed = {t: text for t, text in {**wanted, **gone}.items() if self._told.get(t) != text}
        if not changed:
            return
        memory = frozenset(wanted)
        if memory - self._memory:
            # Before it is said: a process that dies here still knows what to take back.
            await self._note(memory=memory | self._memory)
        await self._publish(changed)
        self._told = wanted
        if self._memory != memory:
            await self._note(memory=memory)

    async def tell_events(self) -> bool:
        """Tell one page of events; returns whether there was any."""
        async with self._services.database.read() as transaction:
            page = await reading.after(
                transaction, self._position, limit=PAGE_LENGTH, has_names=False
            )
        if not page:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho says no types of it
        properties.ContentType = EVENT_CONTENT_TYPE
        properties.PayloadFormatIndicator = 1
        count = 0
        for stored in page:
            if is_wanted(self._settings, stored.event):
                topic, payload = event_message(self._settings, self._site.site.id, stored.event)
                # One after the other, so that they arrive in the order of positions.
                await self._client.publish(topic, payload, qos=1, properties=properties)
                count += 1
        await self._note(position=page[-1].position)
        self._position = page[-1].position
        self._services.counters.delivered("mqtt", is_taken=True, count=count)
        return True

    async def obey(self) -> None:
        """Take commands; returns never."""
        commands = DoorCommands(self._services, self._kept.doors)
        topics = {
            command_topic(self._settings, self._site.site.id, point): point
            for point in self._kept.doors.access_points
        }
        async for message in self._client.messages:
            point = topics.get(message.topic.value)
            if point is not None and isinstance(message.payload, bytes):
                await commands.take(point, message.payload, is_retained=message.retain)

    async def _publish(self, messages: Mapping[str, str]) -> None:
        for topic, text in messages.items():
            await self._client.publish(topic, text, qos=1, retain=True)

    async def _note(
        self, *, position: int | None = None, memory: frozenset[str] | None = None
    ) -> None:
        async with self._services.database.write() as transaction:
            await repository.note_told(
                transaction,
                "mqtt",
                now=self._services.now(),
                position=position,
                memory=None if memory is None else tuple(sorted(memory)),
            )
        if memory is not None:
            self._memory = memory


def _bounded() -> Properties:
    """Return what the broker is asked for: whoever may publish must not fill our memory."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho says no types of it
    properties.MaximumPacketSize = PACKET_SIZE_BYTES_MAX
    return properties


def why_not(error: BaseException) -> str:
    """Return the code of a failure; see ``alarms.sending.FAILURES``."""
    match error:
        case aiomqtt.MqttCodeError(rc=rc) if getattr(rc, "value", rc) in REFUSED:
            return "password"
        case ssl.SSLCertVerificationError():
            return "certificate"
        case ssl.SSLError():
            return "cipher"
        case TimeoutError():
            return "no_answer"
    cause = error.__cause__ or error.__context__
    return "unreachable" if cause is None else why_not(cause)
