"""What nodes tell each other of areas and one-time codes, and how the tellings are merged.

Each telling is a fact with a place in one order: time, then node, then the node's own sequence. Of
two about the same thing the later one holds, so nodes that have heard the same facts, in whatever
order and however often, agree; a fact that comes late never moves anybody backwards.
"""

from typing import Annotated

from pydantic import AwareDatetime, Field

from config.contract.identifiers import Frozen, Slug

Order = tuple[AwareDatetime, str, int]


class NodeFact(Frozen):
    """Base. Attributes: at: of the fact itself. sequence: the node's own, never used twice."""

    at: AwareDatetime
    node: Slug
    sequence: Annotated[int, Field(ge=1)]

    @property
    def order(self) -> Order:
        """What of two facts the later one has more of."""
        return (self.at, self.node, self.sequence)


class AreaFact(NodeFact):
    """Somebody passed into an area, or an operator forgave where they are.

    Attributes:
        area: None is outside.
        is_forgiven: Nobody knows where the person is; ``area`` says nothing then.
        is_first_person: Whether this arrival opens an area that waits for its first person.
    """

    holder_id: str
    area: Slug | None = None
    is_forgiven: bool = False
    is_first_person: bool = False


class UnnamedCount(NodeFact):
    """How many more people without a name one node saw enter an area than leave it.

    A negative count is people who were known when they came and left unseen.
    """

    area: Slug
    count: int


class AreasForgiven(NodeFact):
    """An operator forgave everybody: where anybody was until then is not known."""


class CodeUsed(NodeFact):
    """A one-time code was used. Attributes: nonce: of the code, hex."""

    nonce: str
    valid_until: AwareDatetime
