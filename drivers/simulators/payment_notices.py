"""The notices of a simulated payment provider: in the background, with the faults of the world.

Source: as ``payment_provider``.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from drivers.simulators.payment_files import Files

RETRIES: Final = 5
_Due = tuple[str, bytes, timedelta]


class Notices:
    """Tells a merchant. Attributes: told_count: sent; taken_count: that were taken."""

    def __init__(
        self, files: Files, faults: Collection[str], *, delay_s: float, retry_s: float
    ) -> None:
        """Take the keys and the faults, which may change at any time; see ``payment_provider``."""
        self._files, self._faults = files, faults
        self._delay_s, self._retry_s = delay_s, retry_s
        self._client: httpx.AsyncClient | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._held: list[_Due] = []
        self.told_count = self.taken_count = 0

    async def close(self) -> None:
        """End; idempotent."""
        for task in list(self._sending):
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def tell(
        self, url: str, event: str, original: str, document: dict[str, Any], *, now: datetime
    ) -> None:
        """Tell in the background, with the faults that are on; in the running event loop."""
        if "lost" in self._faults:
            return
        body = {
            "id": secrets.token_hex(16),
            "create_time": now.isoformat(timespec="seconds"),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": original,
            "resource": self._files.sealed(document, original),
        }
        notice = (url, json.dumps(body).encode(), now - datetime.now(UTC))
        if "reordered" in self._faults and not self._held:
            self._held.append(notice)
            return
        due = [notice, *self._held]
        self._held.clear()
        self._send(due * 2 if "repeated" in self._faults else due)

    def _send(self, notices: Iterable[_Due]) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(list(notices)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, notices: list[_Due]) -> None:
        if "delayed" in self._faults:
            await asyncio.sleep(self._delay_s)
        for url, body, clock_error in notices:
            for _ in range(RETRIES):
                if await self._post(url, body, clock_error):
                    break
                await asyncio.sleep(self._retry_s)

    async def _post(self, url: str, body: bytes, clock_error: timedelta) -> bool:
        """Send one notice; returns whether it was taken."""
        headers = self._files.signatures(body, now=datetime.now(UTC) + clock_error)
        if "forged" in self._faults:
            # As this family's providers do now and then to see whether a merchant looks.
            headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + secrets.token_urlsafe(24)
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=5.0, trust_env=False)
        answer = None
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._client.post(
                url, content=body, headers={**headers, "Content-Type": "application/json"}
            )
        self.told_count += 1
        is_taken = answer is not None and answer.is_success
        self.taken_count += is_taken
        return is_taken
