"""A provider that speaks a merchant API of the v3 family, over HTTPS.

Source: WeChat Pay merchant documentation: "Native order", "H5 order", "Query an order", "Close an
    order", "Apply for a refund", "Query a refund", "Apply for a trade bill", "Download a bill":
    paths, members and status codes. Edition unconfirmed: the public pages carry none.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from central.payments.keys import MerchantKeys
from central.payments.merchant_bill import read_bill
from central.payments.merchant_notices import member, read_notice, read_refund, read_trade, stamp
from central.payments.merchant_signatures import authorization, verify
from central.payments.provider import (
    BillLine,
    DeclinedError,
    ForgedError,
    Notice,
    RefundStanding,
    Seen,
    SeenRefund,
    SilentError,
    Standing,
    Wanted,
    WantedRefund,
    Way,
)

TIMEOUT_S: Final = 5.0
BILL_SIZE_BYTES_MAX: Final = 64_000_000
ANSWER_SIZE_BYTES_MAX: Final = 65_536
ABSENT: Final = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
AGAIN: Final = frozenset({"SYSTEM_ERROR", "FREQUENCY_LIMITED", "BANK_ERROR"})
NO_BILL: Final = "NO_STATEMENT_EXIST"
"""There was nothing on that day."""
_WAYS: Final = {Way.QR: ("native", "code_url"), Way.PHONE: ("h5", "h5_url")}


class MerchantV3:
    """One merchant's connection. Its methods are those of ``Provider``."""

    def __init__(self, keys: MerchantKeys, *, now: Callable[[], datetime]) -> None:
        """Take what the folder has; nothing is sent yet."""
        self._keys, self._now = keys, now
        self._client = httpx.AsyncClient(
            base_url=keys.settings.url,
            timeout=TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            verify=keys.settings.url.startswith("https://"),
        )

    async def place(self, wanted: Wanted) -> str:
        """See ``Provider.place``."""
        settings = self._keys.settings
        path, answer = _WAYS[wanted.way]
        body: dict[str, Any] = {
            "appid": settings.app,
            "mchid": settings.merchant,
            "description": wanted.subject,
            "out_trade_no": wanted.order_no,
            "time_expire": stamp(wanted.expires_at),
            "notify_url": settings.notify_url,
            "amount": {"total": wanted.amount_fen, "currency": "CNY"},
        }
        if wanted.way is Way.PHONE:
            address = wanted.payer_address
            body["scene_info"] = {"payer_client_ip": address, "h5_info": {"type": "Wap"}}
        return member(await self._ask("POST", f"/v3/pay/transactions/{path}", body), answer)

    async def look(self, order_no: str) -> Seen:
        """See ``Provider.look``."""
        settings = self._keys.settings
        target = f"/v3/pay/transactions/out-trade-no/{order_no}?mchid={settings.merchant}"
        try:
            body = await self._ask("GET", target)
        except DeclinedError as error:
            if error.code in ABSENT:
                return Seen(order_no=order_no, standing=Standing.ABSENT)
            raise
        seen = read_trade(body, merchant=settings.merchant)
        if seen.order_no != order_no:
            raise SilentError("an answer about another order")
        return seen

    async def close_order(self, order_no: str) -> None:
        """See ``Provider.close_order``."""
        target = f"/v3/pay/transactions/out-trade-no/{order_no}/close"
        await self._ask("POST", target, {"mchid": self._keys.settings.merchant})

    async def refund(self, wanted: WantedRefund) -> SeenRefund:
        """See ``Provider.refund``."""
        amount = {"refund": wanted.amount_fen, "total": wanted.total_fen, "currency": "CNY"}
        body = {
            "out_trade_no": wanted.order_no,
            "out_refund_no": wanted.refund_no,
            "notify_url": self._keys.settings.notify_url,
            "amount": amount,
        }
        answer = await self._ask("POST", "/v3/refund/domestic/refunds", body)
        return _same(read_refund(answer), wanted.order_no, wanted.refund_no)

    async def look_at_refund(self, order_no: str, refund_no: str) -> SeenRefund:
        """See ``Provider.look_at_refund``."""
        try:
            answer = await self._ask("GET", f"/v3/refund/domestic/refunds/{refund_no}")
        except DeclinedError as error:
            if error.code in ABSENT:
                return SeenRefund(
                    order_no=order_no, refund_no=refund_no, standing=RefundStanding.ABSENT
                )
            raise
        return _same(read_refund(answer), order_no, refund_no)

    async def bill(self, day: date) -> Sequence[BillLine]:
        """See ``Provider.bill``."""
        target = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL"
        try:
            answer = await self._ask("GET", target)
        except DeclinedError as error:
            if error.code == NO_BILL:
                return []
            raise
        where, wanted = urlsplit(member(answer, "download_url")), member(answer, "hash_value")
        # Only the provider itself is asked, whatever address an answer names.
        place = where.path + (f"?{where.query}" if where.query else "")
        # The file is not signed: its sum is, in the answer that named it.
        text = await self._ask("GET", place, is_signed=False, size_bytes_max=BILL_SIZE_BYTES_MAX)
        found = hashlib.sha1(text, usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(found, wanted.lower()):
            raise SilentError("a bill that is not the one that was named")
        return read_bill(text)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """See ``Provider.read_notice``."""
        verify(self._keys.provider, headers, body, now=now)
        keys = self._keys
        return read_notice(body, key=keys.sealing, merchant=keys.settings.merchant)

    async def close(self) -> None:
        """See ``Provider.close``."""
        await self._client.aclose()

    async def _ask(
        self,
        method: str,
        target: str,
        document: Mapping[str, Any] | None = None,
        *,
        is_signed: bool = True,
        size_bytes_max: int = ANSWER_SIZE_BYTES_MAX,
    ) -> bytes:
        """Return the body of an answer.

        Raises:
            SilentError: None came, or none that the provider signed.
            DeclinedError: The provider says no.
        """
        keys, now = self._keys, self._now()
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        headers = {"Accept": "*/*", "Content-Type": "application/json"}
        headers["Authorization"] = authorization(
            keys.merchant,
            merchant=keys.settings.merchant,
            serial=keys.settings.serial,
            method=method,
            target=target,
            body=body,
            nonce=secrets.token_hex(16),
            now=now,
        )
        try:
            request = self._client.build_request(method, target, content=body, headers=headers)
            answer = await self._client.send(request, stream=True)
            try:
                text = await _bounded(answer, size_bytes_max)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise SilentError(f"no answer: {type(error).__name__}") from error
        told = {name.lower(): value for name, value in answer.headers.items()}
        if is_signed or not answer.is_success:
            try:
                verify(keys.provider, told, text, now=self._now())
            except ForgedError as error:
                # Whether it was done is not known: somebody between may have changed the answer.
                raise SilentError(f"an answer that the provider did not sign: {error}") from error
        if answer.is_success:
            return text
        code = member(text, "code")
        if answer.status_code >= 500 or answer.status_code == 429 or code in AGAIN:
            raise SilentError(f"no answer now: {code[:64]}")
        raise DeclinedError(code[:64])


async def _bounded(answer: httpx.Response, size_bytes_max: int) -> bytes:
    text = bytearray()
    async for piece in answer.aiter_bytes():
        text += piece
        if len(text) > size_bytes_max:
            raise SilentError("an answer that is too long")
    return bytes(text)


def _same(seen: SeenRefund, order_no: str, refund_no: str) -> SeenRefund:
    if (seen.order_no, seen.refund_no) != (order_no, refund_no):
        raise SilentError("an answer about another refund")
    return seen
