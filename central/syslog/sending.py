"""The connection to a collector: audit entries from a position on, in their order.

Syslog acknowledges nothing. So the position moves on behind what was sent: once the collector's
machine has acknowledged every byte (TCP) and the connection has lived on for some seconds. What a
connection took with it is sent again to the next; repetitions have the same sequence and hash.

Source: RFC 5425, sections 4.2 (certificates), 4.3 (frames), 4.4 (closure).
"""

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import termios
import time
from collections import deque
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select

from central.alarms.sending import failure_of
from central.audit.chain import Entry
from central.audit.repository import entry_of
from central.connectors import repository
from central.connectors.repository import Kept
from central.connectors.running import Connector, NotToldError, first_of
from central.connectors.settings import SyslogSettings
from central.connectors.tls import client_context
from central.services import Services
from central.syslog.messages import encode_frame, encode_message, of_entry
from central.tables import audit_log

PAGE_LENGTH: Final = 200
CONNECT_S: Final = 10.0
LOOK_S: Final = 1.0
"""Entries announce nothing: so often it is looked."""
ACKNOWLEDGED_S: Final = 0.05
"""So often it is looked whether what is due was acknowledged."""
SETTLED_S: Final = 3.0
"""A connection that lived on for so long had what was sent before."""
UNHEARD_S: Final = 30.0
"""So long bytes may wait for the other machine to acknowledge them."""


class SyslogSending:
    """One process's sending. ``work`` is for ``Connector``."""

    def __init__(self, services: Services, *, settled_s: float = SETTLED_S) -> None:
        """Send what the audit log holds.

        Args:
            services: Of the application.
            settled_s: See ``SETTLED_S``.
        """
        self._services, self._settled_s = services, settled_s
        self.connector = Connector(services, "syslog", self.work)

    async def run(self) -> None:
        """Work for ever; see ``Connector.run``."""
        await self.connector.run()

    async def work(self, kept: Kept) -> None:
        """Send to one collector, until the connection ends.

        Raises:
            NotToldError: It did, or there was none.
        """
        settings = kept.settings
        if not isinstance(settings, SyslogSettings):
            raise TypeError("these are the settings of another connector")
        secrets = repository.secrets_of(kept, self._services.kek)
        context = await asyncio.to_thread(client_context, settings, secrets)
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    settings.host, settings.port, ssl=context
                )
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._send(writer, settings, kept.position))
                    tasks.create_task(_until_closed(reader))
            finally:
                writer.close()
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(1.0):
                        await writer.wait_closed()
        except (ExceptionGroup, OSError, TimeoutError) as error:
            first = first_of(error)
            if not isinstance(first, OSError | TimeoutError):
                raise first from error
            raise NotToldError(failure_of(first)) from error

    async def _send(
        self, writer: asyncio.StreamWriter, settings: SyslogSettings, position: int
    ) -> None:
        # A connection that lives on shows that it goes, also where nothing is to be told.
        sent = deque([(time.monotonic(), position)])
        while True:
            page = await self._after(position)
            for entry in page:
                writer.write(self._frame(entry, settings))
            if page:
                await writer.drain()
                position = page[-1].sequence
                sent.append((time.monotonic(), position))
            # Whoever is told much has always something on its way: it is waited for in between.
            while not await self._settle(writer, sent):  # noqa: ASYNC110 - bytes announce nothing
                await asyncio.sleep(ACKNOWLEDGED_S)
            if len(page) < PAGE_LENGTH:
                await asyncio.sleep(min(LOOK_S, self._settled_s))

    async def _after(self, position: int) -> list[Entry]:
        query = (
            select(audit_log)
            .where(audit_log.c.sequence > position)
            .order_by(audit_log.c.sequence)
            .limit(PAGE_LENGTH)
        )
        async with self._services.database.read() as transaction:
            return [entry_of(row) for row in await transaction.execute(query)]

    def _frame(self, entry: Entry, settings: SyslogSettings) -> bytes:
        of_process = self._services.settings
        message = of_entry(
            entry,
            facility=settings.facility,
            hostname=urlsplit(of_process.url).hostname or socket.gethostname(),
            site=of_process.site.site.id,
        )
        return encode_frame(encode_message(message))

    async def _settle(self, writer: asyncio.StreamWriter, sent: deque[tuple[float, int]]) -> bool:
        """Move the position behind what the collector must have.

        Returns whether more may be sent: not where something is due that waits for its machine.

        Raises:
            TimeoutError: Its machine acknowledges nothing.
        """
        now_s, settled = time.monotonic(), None
        if _unacknowledged(writer):
            if sent and now_s - sent[0][0] > UNHEARD_S:
                raise TimeoutError
            return not sent or now_s - sent[0][0] < self._settled_s
        while sent and now_s - sent[0][0] >= self._settled_s:
            settled = sent.popleft()[1]
        if settled is None:
            return True
        services = self._services
        async with services.database.write() as transaction:
            await repository.note_told(transaction, "syslog", now=services.now(), position=settled)
        self.connector.goes_well()
        services.counters.delivered("syslog", is_taken=True)
        return True


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Return never: a collector says nothing, and ends the connection when it goes.

    Raises:
        ConnectionResetError: It did.
    """
    while await reader.read(1024):
        pass
    raise ConnectionResetError("the collector has gone")


def _unacknowledged(writer: asyncio.StreamWriter) -> int:
    """Return how many bytes the other machine has not acknowledged; 0 where nobody can tell."""
    transport = writer.transport
    waiting = transport.get_write_buffer_size()
    line = transport.get_extra_info("socket")
    if sys.platform != "linux" or line is None:
        return waiting
    # tcp(7), SIOCOUTQ: the number of TIOCOUTQ.
    answer = fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    return waiting + int(struct.unpack("i", answer)[0])
