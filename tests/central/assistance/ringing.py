"""A terminal at which somebody rings."""

from uuid import UUID, uuid4

from config.contract.events import AssistanceRequested
from tests.central.bench import Node


def ring(node: Node, sequence: int = 1, *, point: str = "lane", **more: object) -> UUID:
    """Let somebody ring at a point; returns the ring."""
    fact = AssistanceRequested(ring_id=uuid4(), access_point=point, by="screen")
    node.send(node.event(sequence, **{"fact": fact, "time": node.clock(), **more}))
    return fact.ring_id
