"""A simulated provider, and central's connection to it."""

import asyncio
import atexit
import contextlib
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from central.payments.keys import load_keys
from central.payments.merchant_v3 import MerchantV3
from central.payments.provider import Wanted, Way
from drivers.simulation import Simulation
from drivers.simulators.payment_files import Files

ORDER_NO = "0193a1b2c3d4e5f60718293a4b5c6d7e"
_Result = TypeVar("_Result")


def simulated(home: Path, *, notify_url: str = "http://127.0.0.1:1/notices") -> Simulation:
    """Return a provider whose files are in central's home; central reaches it through the proxy."""
    folder = home / "payments"
    if not folder.exists():
        shutil.copytree(_keys(), folder)
    settings = {"folder": str(folder), "notify_url": notify_url}
    simulation = Simulation("payment_provider", {**settings, "delay_s": 0.05, "retry_s": 0.05})
    connector = folder / "connector.toml"
    first, _, others = connector.read_text(encoding="utf-8").partition("\n")
    assert first.startswith("url = ")
    connector.write_text(f'url = "{simulation.address}"\n{others}', encoding="utf-8")
    return simulation


@functools.cache
def _keys() -> Path:
    """Return keys that were made once for this process."""
    folder = Path(tempfile.mkdtemp(prefix="menshen-payments-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Files(folder)
    return folder


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def connected(home: Path) -> AsyncIterator[MerchantV3]:
    keys = load_keys(home)
    assert keys is not None
    provider = MerchantV3(keys, now=now)
    try:
        yield provider
    finally:
        await provider.close()


def ask(home: Path, what: Callable[[MerchantV3], Awaitable[_Result]]) -> _Result:
    """Return what comes of asking the provider."""

    async def asked() -> _Result:
        async with connected(home) as provider:
            return await what(provider)

    return asyncio.run(asked())


def wanted(order_no: str = ORDER_NO, *, fen: int = 5_000, way: Way = Way.QR) -> Wanted:
    return Wanted(
        order_no=order_no,
        amount_fen=fen,
        subject="餐费充值",
        way=way,
        expires_at=now() + timedelta(minutes=10),
        payer_address="192.0.2.7",
    )
