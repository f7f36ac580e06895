"""Whether a collector is there and lets us in: asked once; it is told nothing."""

import asyncio
import ssl
from datetime import datetime
from typing import Final

from central.alarms.sending import failure_of
from central.connectors.running import NotToldError
from central.connectors.settings import Secrets, SyslogSettings
from central.connectors.tls import client_context, end_of_peer
from central.syslog.sending import CONNECT_S

HANGS_UP_S: Final = 1.0
"""TLS 1.3 refuses a client's certificate after the greeting: a refusal comes within this time."""


async def try_collector(settings: SyslogSettings, secrets: Secrets) -> datetime | None:
    """Connect and go again.

    Returns:
        When the collector's certificate ends.

    Raises:
        NotToldError: It is not there, not the one that is trusted, or hangs up (``closed``).
        ssl.SSLError: A certificate or key of the settings is none.
    """
    context = await asyncio.to_thread(client_context, settings, secrets)
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                settings.host, settings.port, ssl=context
            )
    except (OSError, TimeoutError) as error:
        raise NotToldError(failure_of(error)) from error
    try:
        if await _hangs_up(reader):
            raise NotToldError("closed")
        return end_of_peer(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()


async def _hangs_up(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(HANGS_UP_S):
            return not await reader.read(1)
    except TimeoutError:
        return False
    except (ssl.SSLError, ConnectionError):
        return True
