"""A payment provider with a merchant API of the v3 family: orders, notices, refunds, daily bills.

It has no driver: what asks is ``central.payments``. It signs and seals by itself, from the same
documents and with nothing of central's, so that the two check each other. Keys are made at the
first start, in the folder that central reads them from.

Source: as ``central.payments.merchant_v3``.
"""

import dataclasses
import hashlib
import html
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from drivers.simulators.far_end import FarEnd
from drivers.simulators.http_server import HttpServer, Request, Response
from drivers.simulators.payment_files import MERCHANT, Files, bill_of
from drivers.simulators.payment_notices import Notices

ZONE: Final = timezone(timedelta(hours=8))
FAULTS: Final = (
    "lost",
    "repeated",
    "reordered",
    "forged",
    "delayed",
    "wrong_amount",
    "refund_slow",
    "refund_declined",
    "bill_missing",
    "bill_extra",
)
"""``reordered``: a notice goes after the next one. ``wrong_amount``: of notices alone."""
_JSON: Final = "application/json"
_ORDER_PATH: Final = re.compile(r"^/v3/pay/transactions/out-trade-no/([\w|*-]+)(/close)?$")
_REFUND_PATH: Final = re.compile(r"^/v3/refund/domestic/refunds/([\w|*-]+)$")


@dataclasses.dataclass(slots=True)
class _Trade:
    order_no: str
    amount_fen: int
    notify_url: str
    expires_at: datetime
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_fen: int = 0
    paid_at: datetime | None = None


@dataclasses.dataclass(slots=True)
class _Refund:
    refund_no: str
    order_no: str
    amount_fen: int
    notify_url: str
    status: str
    at: datetime
    refund_id: str


class Simulator(FarEnd):
    """One provider with one merchant. Attributes: trades, refunds: by our numbers."""

    KIND = "payment_provider"
    TRANSPORTS = ("http",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "pay": {"order_no": "", "amount_fen": 0, "late": False},
        "close_order": {"order_no": ""},
        "tell": {"order_no": ""},
        "end_refund": {"refund_no": "", "declined": False},
        "fault": {"kind": "lost", "on": True},
        "set_clock": {"error_s": 0.0},
    }

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Settings.

        Attributes:
            folder: Where keys and ``connector.toml`` are kept; made where it is missing.
            url: What central reaches it by; empty is where it listens.
            notify_url: What it tells central by.
            delay_s: Of the fault ``delayed``.
            retry_s: After which a notice that was not taken is sent again.
        """

        folder: str
        url: str = ""
        notify_url: str = "http://127.0.0.1:8080/api/v1/payments/notices"
        delay_s: float = 5.0
        retry_s: float = 5.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = Files(Path(settings.folder))
        self._server = HttpServer(self._handle)
        self._faults: set[str] = set()
        self._notices = Notices(
            self._files, self._faults, delay_s=settings.delay_s, retry_s=settings.retry_s
        )
        self._clock_error = timedelta(0)
        self._bill = b""
        self.trades: dict[str, _Trade] = {}
        self.refunds: dict[str, _Refund] = {}

    async def serve(self, host: str, port: int) -> str:
        """Listen; returns the URL."""
        url = await self._server.serve(host, port)
        self._url = self._settings.url or url
        self._files.write_connector(url=self._url, notify_url=self._settings.notify_url)
        return url

    async def close(self) -> None:
        """End; idempotent."""
        await self._notices.close()
        await self._server.close()

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "trades": {t.order_no: [t.state, t.amount_fen] for t in self.trades.values()},
            "refunds": {r.refund_no: [r.status, r.amount_fen] for r in self.refunds.values()},
            "faults": sorted(self._faults),
            "told": self._notices.told_count,
            "taken": self._notices.taken_count,
        }

    # ---- what a hand does

    def do_pay(self, *, order_no: str, amount_fen: int, late: bool) -> dict[str, Any]:
        """Pay an order; the last one where none is named, its amount where none is given."""
        trade = self._trade(order_no)
        self._expire(trade)
        if trade.state != "NOTPAY" and not (late and trade.state == "CLOSED"):
            raise ValueError(f"{trade.order_no} cannot be paid: {trade.state}")
        trade.state, trade.paid_at = "SUCCESS", self._now()
        trade.paid_fen = amount_fen or trade.amount_fen
        trade.transaction_id = f"42000{secrets.randbelow(10**23):023d}"
        self._tell_trade(trade)
        return {"order_no": trade.order_no, "transaction_id": trade.transaction_id}

    def do_close_order(self, *, order_no: str) -> dict[str, Any]:
        """Close an order, as the provider does when its time is over."""
        trade = self._trade(order_no)
        trade.state = "CLOSED"
        return {"order_no": trade.order_no}

    def do_tell(self, *, order_no: str) -> dict[str, Any]:
        """Send the notice of a payment again."""
        trade = self._trade(order_no)
        self._tell_trade(trade)
        return {"order_no": trade.order_no}

    def do_end_refund(self, *, refund_no: str, declined: bool) -> dict[str, Any]:
        """Bring a refund that is being worked on to its end, and tell."""
        refund = self.refunds.get(refund_no or next(reversed(self.refunds), ""))
        if refund is None:
            raise ValueError(f"there is no refund {refund_no!r}")
        refund.status = "CLOSED" if declined else "SUCCESS"
        self._tell_refund(refund)
        return {"refund_no": refund.refund_no}

    def do_fault(self, *, kind: str, on: bool) -> dict[str, Any]:
        """Switch a fault of ``FAULTS``."""
        if kind not in FAULTS:
            raise ValueError(f"no fault {kind!r}; there are: {', '.join(FAULTS)}")
        (self._faults.add if on else self._faults.discard)(kind)
        return {"faults": sorted(self._faults)}

    def do_set_clock(self, *, error_s: float) -> dict[str, Any]:
        """Let its clock be wrong."""
        self._clock_error = timedelta(seconds=error_s)
        return {}

    # ---- what it is asked

    async def _handle(self, request: Request) -> Response:
        target = urlsplit(request.path)
        if target.path.startswith("/pay/"):
            return self._page(request, target.path.removeprefix("/pay/"))
        if not self._files.is_signed(request):
            return self._refused(401, "SIGN_ERROR")
        try:
            document = json.loads(request.body) if request.body else {}
            return self._answered(request.method, target.path, parse_qs(target.query), document)
        except (ValueError, KeyError, TypeError):
            return self._refused(400, "PARAM_ERROR")

    def _answered(
        self, method: str, path: str, query: Mapping[str, list[str]], document: dict[str, Any]
    ) -> Response:
        match method, path:
            case "POST", "/v3/pay/transactions/native" | "/v3/pay/transactions/h5":
                return self._place(document, is_link=path.endswith("h5"))
            case "POST", "/v3/refund/domestic/refunds":
                return self._take_refund(document)
            case "GET", "/v3/bill/tradebill":
                return self._bill_answer(query["bill_date"][0])
            case "GET", "/v3/billdownload/file":
                return Response(body=self._bill, content_type="text/plain; charset=utf-8")
        if found := _ORDER_PATH.match(path):
            return self._order_answer(method, found[1], is_close=found[2] is not None)
        if (found := _REFUND_PATH.match(path)) and method == "GET":
            refund = self.refunds.get(found[1])
            if refund is None:
                return self._refused(404, "RESOURCE_NOT_EXISTS")
            return self._signed(200, self._refund_document(refund, "status"))
        return self._refused(404, "NOT_FOUND")

    def _place(self, document: dict[str, Any], *, is_link: bool) -> Response:
        order_no, total = document["out_trade_no"], document["amount"]["total"]
        is_sound = re.fullmatch(r"[\w|*-]{6,32}", order_no) and type(total) is int and total > 0
        if not is_sound or document["mchid"] != MERCHANT:
            return self._refused(400, "PARAM_ERROR")
        trade = self.trades.get(order_no)
        if trade is None:
            expires_at = datetime.fromisoformat(document["time_expire"])
            trade = _Trade(order_no, total, document["notify_url"], expires_at)
            self.trades[order_no] = trade
        if trade.amount_fen != total:
            return self._refused(400, "INVALID_REQUEST")
        self._expire(trade)
        if trade.state != "NOTPAY":
            return self._refused(400, "ORDERPAID" if trade.state == "SUCCESS" else "ORDER_CLOSED")
        link = f"{self._url}/pay/{order_no}"
        return self._signed(200, {"h5_url" if is_link else "code_url": link})

    def _order_answer(self, method: str, order_no: str, *, is_close: bool) -> Response:
        trade = self.trades.get(order_no)
        if trade is None:
            return self._refused(404, "ORDER_NOT_EXIST")
        self._expire(trade)
        if not is_close and method == "GET":
            return self._signed(200, self._trade_document(trade, trade.paid_fen))
        if trade.state == "SUCCESS":
            return self._refused(400, "ORDERPAID")
        trade.state = "CLOSED"
        return self._signed(204, None)

    def _take_refund(self, document: dict[str, Any]) -> Response:
        trade, refund_no = self.trades.get(document["out_trade_no"]), document["out_refund_no"]
        amount = document["amount"]["refund"]
        if trade is None or trade.state not in {"SUCCESS", "REFUND"}:
            return self._refused(404, "RESOURCE_NOT_EXISTS")
        refund = self.refunds.get(refund_no)
        if refund is None:
            gone = sum(
                r.amount_fen
                for r in self.refunds.values()
                if r.order_no == trade.order_no and r.status != "CLOSED"
            )
            if type(amount) is not int or not 0 < amount <= trade.paid_fen - gone:
                return self._refused(403, "NOT_ENOUGH")
            refund = _Refund(
                refund_no,
                trade.order_no,
                amount,
                document["notify_url"],
                "PROCESSING",
                self._now(),
                f"50{secrets.randbelow(10**26):026d}",
            )
            self.refunds[refund_no] = refund
            trade.state = "REFUND"
            answer = self._refund_document(refund, "status")
            if "refund_slow" not in self._faults:
                refund.status = "CLOSED" if "refund_declined" in self._faults else "SUCCESS"
                self._tell_refund(refund)
            return self._signed(200, answer)
        return self._signed(200, self._refund_document(refund, "status"))

    def _bill_answer(self, day: str) -> Response:
        def is_of_day(at: datetime | None) -> bool:
            return at is not None and at.astimezone(ZONE).date().isoformat() == day

        trades = [t for t in self.trades.values() if is_of_day(t.paid_at)]
        refunds = [r for r in self.refunds.values() if r.status == "SUCCESS" and is_of_day(r.at)]
        rows: list[tuple[str, str, str, int, str, int]] = [
            (t.order_no, t.transaction_id, "SUCCESS", t.paid_fen, "", 0) for t in trades
        ]
        for refund in refunds:
            trade = self.trades[refund.order_no]
            paid = (trade.order_no, trade.transaction_id, "REFUND", trade.paid_fen)
            rows.append((*paid, refund.refund_no, refund.amount_fen))
        if "bill_missing" in self._faults:
            rows = rows[1:]
        if "bill_extra" in self._faults:
            rows.append((f"X{secrets.token_hex(8)}", "4200000000", "SUCCESS", 1234, "", 0))
        if not rows:
            return self._refused(400, "NO_STATEMENT_EXIST")
        self._bill = bill_of(rows, day=day)
        sha1 = hashlib.sha1(self._bill, usedforsecurity=False).hexdigest()
        where = f"{self._url}/v3/billdownload/file?token={secrets.token_hex(8)}"
        body = {"hash_type": "SHA1", "hash_value": sha1, "download_url": where}
        return self._signed(200, body)

    def _page(self, request: Request, order_no: str) -> Response:
        """What the diner sees at the provider's: an amount and a button."""
        trade = self.trades.get(order_no)
        if trade is None:
            return Response(404, b"", "text/plain")
        self._expire(trade)
        if request.method == "POST" and trade.state == "NOTPAY":
            self.do_pay(order_no=order_no, amount_fen=0, late=False)
        yuan = f"{trade.amount_fen // 100}.{trade.amount_fen % 100:02d}"
        button = '<form method="post"><button>支付 Pay</button></form>'
        ends = {"NOTPAY": button, "SUCCESS": "<p>已支付 Paid</p>"}
        page = (
            '<!doctype html><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<h1>¥{yuan}</h1><p>{html.escape(order_no)}</p>"
            f"{ends.get(trade.state, '<p>已关闭 Closed</p>')}"
        )
        return Response(200, page.encode(), "text/html; charset=utf-8")

    # ---- what it says unasked

    def _tell_trade(self, trade: _Trade) -> None:
        amount = trade.paid_fen + (1 if "wrong_amount" in self._faults else 0)
        document = self._trade_document(trade, amount)
        self._notices.tell(
            trade.notify_url, "TRANSACTION.SUCCESS", "transaction", document, now=self._now()
        )

    def _tell_refund(self, refund: _Refund) -> None:
        kind = "REFUND.SUCCESS" if refund.status == "SUCCESS" else "REFUND.CLOSED"
        document = self._refund_document(refund, "refund_status")
        self._notices.tell(refund.notify_url, kind, "refund", document, now=self._now())

    # ---- its documents

    def _signed(self, status: int, document: dict[str, Any] | None) -> Response:
        body = b"" if document is None else json.dumps(document).encode()
        return Response(status, body, _JSON, self._files.signatures(body, now=self._now()))

    def _refused(self, status: int, code: str) -> Response:
        return self._signed(status, {"code": code, "message": code.lower()})

    def _trade_document(self, trade: _Trade, paid_fen: int) -> dict[str, Any]:
        document: dict[str, Any] = {
            "mchid": MERCHANT,
            "out_trade_no": trade.order_no,
            "trade_state": trade.state,
            "amount": {"total": paid_fen or trade.amount_fen, "currency": "CNY"},
        }
        if trade.paid_at is not None:
            document["transaction_id"] = trade.transaction_id
            document["success_time"] = self._stamp(trade.paid_at)
        return document

    def _refund_document(self, refund: _Refund, status: str) -> dict[str, Any]:
        return {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.refund_no,
            "out_trade_no": refund.order_no,
            status: refund.status,
            "amount": {
                "total": self.trades[refund.order_no].paid_fen,
                "refund": refund.amount_fen,
                "currency": "CNY",
            },
        }

    def _trade(self, order_no: str) -> _Trade:
        trade = self.trades.get(order_no or next(reversed(self.trades), ""))
        if trade is None:
            raise ValueError(f"there is no order {order_no!r}")
        return trade

    def _expire(self, trade: _Trade) -> None:
        if trade.state == "NOTPAY" and self._now() >= trade.expires_at:
            trade.state = "CLOSED"

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._clock_error

    @staticmethod
    def _stamp(at: datetime) -> str:
        return at.astimezone(ZONE).isoformat(timespec="seconds")
