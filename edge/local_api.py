"""The terminal's local API: cards held to its reader, and its status, for programs on this machine.

It is added to the kiosk's application, whose ``LoopbackGuard`` asks for the node's key.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, HTTPException
from pydantic import StringConstraints

from config.contract.access import DenialReason
from config.contract.identifiers import Frozen
from config.contract.nodes import NodeStatus
from edge.access.decision import Denied, Granted


class CardTaker(Protocol):
    """The lane of one access point."""

    async def present_card(self, number: str) -> Granted | Denied:
        """Take a card and return what was decided."""
        ...


class CardPresented(Frozen):
    """A card held to a reader. What a reader reads is a stranger's input: short and printable."""

    number: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,64}$")]


class CardAnswer(Frozen):
    """What was decided. Attributes: reason: why not; None when granted."""

    decision: Literal["granted", "denied"]
    reason: DenialReason | None = None


def local_api(*, status: Callable[[], NodeStatus], lanes: Mapping[str, CardTaker]) -> APIRouter:
    """Return the routes.

    Args:
        status: Of the node now.
        lanes: By access point.
    """
    router = APIRouter(prefix="/api")

    @router.get("/status")
    async def get_status() -> NodeStatus:
        """Return how the node is."""
        return status()

    @router.post("/access-points/{access_point}/card")
    async def present_card(access_point: str, card: CardPresented) -> CardAnswer:
        """Hold a card to the reader of an access point; answers when the gate has."""
        lane = lanes.get(access_point)
        if lane is None:
            raise HTTPException(404, f"this node has no access point {access_point!r}")
        try:
            decision = await lane.present_card(card.number)
        except TimeoutError as error:
            raise HTTPException(503, "too many people at once: show the card again") from error
        if isinstance(decision, Granted):
            return CardAnswer(decision="granted")
        return CardAnswer(decision="denied", reason=decision.reason)

    return router
