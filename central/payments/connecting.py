"""Makes the connection to the provider whose files central's home has."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from central.payments.keys import PaymentSettings, load_keys
from central.payments.merchant_v3 import MerchantV3
from central.payments.provider import Provider


def connector(
    home: Path, *, now: Callable[[], datetime]
) -> Callable[[], tuple[Provider, PaymentSettings] | None]:
    """Return what ``Payments`` connects by: None while the home has no such files.

    Args:
        home: Of central.
        now: The wall clock, aware UTC.
    """

    def connect() -> tuple[Provider, PaymentSettings] | None:
        keys = load_keys(home)
        return None if keys is None else (MerchantV3(keys, now=now), keys.settings)

    return connect
