"""What is said about nodes."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from config.contract.events import EventClass
from config.contract.identifiers import Slug
from config.contract.nodes import NodeStatus


class WantedToken(BaseModel):
    """A wish for a one-time token."""

    model_config = ConfigDict(extra="forbid")

    node: Slug


class TokenView(BaseModel):
    """A one-time token: the line that an administrator carries to the node."""

    token: str
    expires_at: AwareDatetime


class Gap(BaseModel):
    """Sequences of one journal and class that central does not hold."""

    model_config = ConfigDict(populate_by_name=True)

    epoch: str
    event_class: Annotated[EventClass, Field(alias="class")]
    first: int
    last: int


class NodeView(BaseModel):
    """A node as central sees it now.

    Attributes:
        status: As it was last reported: stale when the node is not online.
        contract: Version of the contract that it spoke then; None before its first report.
        gaps: That nobody explains: later ones are held.
        losses: That the node counted as lost: its journal was full.
        keys_at: Since when it has its keys; None where it has not joined.
        keys_wanted_at: When an operator asked for other keys, which it has not brought yet.
        old_key_until: The key before is good until then; None once it is not.
    """

    node: str
    is_online: bool
    last_seen_at: AwareDatetime | None
    status: NodeStatus | None
    contract: int | None = None
    keys_at: AwareDatetime | None = None
    keys_wanted_at: AwareDatetime | None = None
    old_key_until: AwareDatetime | None = None
    gaps: list[Gap]
    losses: list[Gap] = []
