"""The terminal's local API, for programs on this machine: what people show, and its status.

It is added to the kiosk's application, whose ``LoopbackGuard`` asks for the node's key. What a
reader reads is a stranger's input: short and printable, or it goes no further.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, HTTPException
from pydantic import StringConstraints

from config.contract.access import CredentialKind, DenialReason
from config.contract.identifiers import Frozen
from config.contract.nodes import NodeStatus
from config.contract.visitor_code import TEXT_LENGTH_MAX
from edge.access.decision import Denied, Granted


class CredentialTaker(Protocol):
    """The lane of one access point; each returns what was decided."""

    async def present_card(self, number: str) -> Granted | Denied:
        """Take a card."""
        ...

    async def present_pin(self, pin: str) -> Granted | Denied:
        """Take a PIN of whoever has shown another credential just before."""
        ...

    async def present_code(self, text: str) -> Granted | Denied:
        """Take a scanned QR code."""
        ...

    async def exit_requested(self) -> Granted | Denied:
        """Let somebody out who asks for it."""
        ...


class CardPresented(Frozen):
    """A card held to a reader."""

    number: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,64}$")]


class PinTyped(Frozen):
    """A PIN typed at a keypad, whole."""

    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}$")]


class CodeScanned(Frozen):
    """The text of a scanned QR code."""

    text: Annotated[str, StringConstraints(pattern=rf"^[ -~]{{1,{TEXT_LENGTH_MAX}}}$")]


class Answer(Frozen):
    """What was decided.

    Attributes:
        reason: Why not; None when granted.
        asks: What else may be shown now, any of these.
    """

    decision: Literal["granted", "denied"]
    reason: DenialReason | None = None
    asks: tuple[CredentialKind, ...] = ()


def local_api(
    *, status: Callable[[], NodeStatus], lanes: Mapping[str, CredentialTaker]
) -> APIRouter:
    """Return the routes.

    Args:
        status: Of the node now.
        lanes: By access point.
    """
    router = APIRouter(prefix="/api")

    def lane(access_point: str) -> CredentialTaker:
        if access_point not in lanes:
            raise HTTPException(404, f"this node has no access point {access_point!r}")
        return lanes[access_point]

    @router.get("/status")
    async def get_status() -> NodeStatus:
        """Return how the node is."""
        return status()

    @router.post("/access-points/{access_point}/card")
    async def present_card(access_point: str, card: CardPresented) -> Answer:
        """Hold a card to the reader of an access point; answers when the gate has."""
        return await _answer(lane(access_point).present_card(card.number))

    @router.post("/access-points/{access_point}/pin")
    async def present_pin(access_point: str, typed: PinTyped) -> Answer:
        """Type a PIN at an access point, after another credential."""
        return await _answer(lane(access_point).present_pin(typed.pin))

    @router.post("/access-points/{access_point}/code")
    async def present_code(access_point: str, code: CodeScanned) -> Answer:
        """Show a QR code to the scanner of an access point."""
        return await _answer(lane(access_point).present_code(code.text))

    @router.post("/access-points/{access_point}/exit")
    async def request_exit(access_point: str) -> Answer:
        """Press the exit button of an access point."""
        return await _answer(lane(access_point).exit_requested())

    return router


async def _answer(deciding: Awaitable[Granted | Denied]) -> Answer:
    try:
        decision = await deciding
    except TimeoutError as error:
        raise HTTPException(503, "too many people at once: show it again") from error
    if isinstance(decision, Granted):
        return Answer(decision="granted")
    asks = tuple(kind for kind in CredentialKind if kind in decision.asks)
    return Answer(decision="denied", reason=decision.reason, asks=asks)
