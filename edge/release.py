"""A terminal whose keys central must release: it lets people out at once, and knows nobody yet."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from edge.app import Ready
from edge.backoff import BackOff
from edge.central_client import CentralClient, CentralError, CentralRefusedError
from edge.clock import NodeClock
from edge.identity import Home, Identity
from edge.key_ring import KeyRing

_log = logging.getLogger("edge.release")

FIRST_ANSWER_S: Final = 3.0
"""So long central may take before the terminal begins without it."""


class Run(Protocol):
    """See ``Node.run``."""

    def __call__(self, *, on_ready: Callable[[Ready], None]) -> Coroutine[Any, Any, None]:
        """Work until cancelled."""
        ...


async def until_released(
    identity: Identity,
    home: Home,
    *,
    run: Run,
    on_ready: Callable[[Ready], None],
    first_answer_s: float = FIRST_ANSWER_S,
) -> None:
    """Ask central until it releases the key; work without people if it does not do so soon.

    Args:
        identity: Locked, or just enrolled.
        home: Takes the key.
        run: The terminal as it works meanwhile: exits and what is open to all, nobody by name.
        on_ready: See ``Node.run``.
        first_answer_s: How long central may take before the terminal works without it.

    Raises:
        IdentityError: What central released opens nothing here.
    """
    asking = asyncio.create_task(_ask(identity, home.ring), name="release of keys")
    working: asyncio.Task[None] | None = None
    try:
        done, _ = await asyncio.wait({asking}, timeout=first_answer_s)
        if not done:
            _log.error("central has not released this terminal's keys: nobody is known until then")
            working = asyncio.create_task(run(on_ready=on_ready), name="terminal without people")
            await asyncio.wait({asking, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        released = await asking
    finally:
        for task in (asking, working):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    home.release(released)


async def _ask(identity: Identity, ring: KeyRing) -> bytes:
    tls = await asyncio.to_thread(identity.tls)
    central, back_off = CentralClient(identity, NodeClock(), tls=tls), BackOff()
    try:
        while True:
            try:
                return await _released(central, ring)
            except CentralError as error:
                _log.debug("the key is not released: %s", error)
            await asyncio.sleep(back_off.next_s())
    finally:
        await central.close()


async def _released(central: CentralClient, ring: KeyRing) -> bytes:
    """Return what central releases, whichever keys of this node it knows.

    It may have taken the next ones without this node having heard of it, or have been restored from
    before it took the present ones.
    """
    try:
        return await central.released_key()
    except CentralRefusedError as error:
        refusal = error
    staged = ring.staged_signing_key
    if staged is not None:
        with contextlib.suppress(CentralRefusedError):
            return await central.released_key(signing_key=staged)
    if ring.last_rotation is None or not refusal.is_of_signature:
        raise refusal
    await central.change_keys(ring.last_rotation, signing_key=ring.signing_key)
    return await central.released_key()
