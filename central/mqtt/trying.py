"""Whether a broker is there and lets us in: asked once; it is told nothing, and keeps nothing."""

import asyncio
import contextlib
import ssl
from datetime import datetime
from typing import Final
from uuid import uuid4

import aiomqtt

from central.connectors.running import NotToldError
from central.connectors.settings import MqttSettings, Secrets
from central.connectors.tls import client_context, end_of_peer
from central.mqtt.publishing import TIMEOUT_S, why_not
from config.finishing import to_its_end

REACH_S: Final = 5.0


async def try_broker(settings: MqttSettings, secrets: Secrets, *, site: str) -> datetime | None:
    """Sign in and out again, in 15 s at most.

    Returns:
        When the broker's certificate ends; None without TLS.

    Raises:
        NotToldError: It is not there, not the one that is trusted, or does not let us in.
        ssl.SSLError: A certificate or key of the settings is none.
    """
    host, port = settings.address
    context, until = None, None
    if settings.is_secure:
        context = await asyncio.to_thread(client_context, settings, secrets)
    client = aiomqtt.Client(
        host,
        port,
        # The name of the line that may be at work would cut that one off (3.1.4-3).
        identifier=f"menshen-{site}-try-{uuid4().hex[:8]}",
        username=settings.username or None,
        password=secrets.password or None,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        timeout=TIMEOUT_S,
        tls_context=context,
    )
    try:
        if context is not None:
            until = await _certificate(host, port, context)
        await to_its_end(client.__aenter__())
        with contextlib.suppress(aiomqtt.MqttError):  # it has let us in
            await client.__aexit__(None, None, None)
    except (aiomqtt.MqttError, OSError, TimeoutError) as error:
        raise NotToldError(why_not(error)) from error
    return until


async def _certificate(host: str, port: int, context: ssl.SSLContext) -> datetime | None:
    async with asyncio.timeout(REACH_S):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        return end_of_peer(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()
