"""One datagram between two nodes: signed JSON, for one receiver, in one session.

Bytes: the format's name; the sender's name, its length before it; a signature over a
context and the body; the body. Whoever can send datagrams can send anything: ``decode`` raises
``LinkError`` alone, and what it returns was written by the node that it names, for this node.
Nothing is parsed before the signature fits. Whether it is fresh is for ``session`` to say.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from cryptography.exceptions import InvalidSignature
from pydantic import Field, StringConstraints, ValidationError

from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.identifiers import Frozen, Slug
from config.crypto.keys import SigningKey, VerifyingKey
from config.crypto.suite import SIGNATURE_SIZE_BYTES
from edge.fire.notice import FireNotice

FORMAT: Final = b"MSL1"
CONTEXT: Final = b"menshen site link v1\0"
DATAGRAM_SIZE_BYTES: Final = 1400
"""As long as facts make one, so that none is sent in fragments, of which each can be lost."""
DATAGRAM_SIZE_BYTES_MAX: Final = 8192
"""A longer one is none of ours."""
FACT_COUNT_MAX: Final = 64
LEVEL_COUNT_MAX: Final = 64
HAVE_COUNT_MAX: Final = 16
NOTICE_COUNT_MAX: Final = 3
"""So many surely fit into a datagram that is not sent in fragments."""

Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
LinkFact = AreaFact | UnnamedCount | AreasForgiven | CodeUsed


class LinkError(Exception):
    """A datagram is not a message of a node of this site for this one: it is dropped."""


class Lockdowns(Frozen):
    """The levels that are on, as central told them. Attributes: version: of the replica then."""

    version: Annotated[int, Field(ge=0)]
    levels: Annotated[tuple[Slug, ...], Field(max_length=LEVEL_COUNT_MAX)] = ()


class Part(Frozen):
    """Facts of one node, in the order of their sequences.

    Attributes:
        node: Who saw them; not always who tells them.
        after: The receiver must know all up to here.
        upto: It knows all up to here then.
        is_last: Nothing follows before the receiver says what it has.
    """

    node: Slug
    after: Annotated[int, Field(ge=0)]
    upto: Annotated[int, Field(ge=0)]
    facts: Annotated[tuple[LinkFact, ...], Field(max_length=FACT_COUNT_MAX)] = ()
    is_last: bool = False


class Message(Frozen):
    """What one node tells another, once a second and whenever something changed.

    Attributes:
        boot: Of the sender's process, made when it began.
        counter: Of the sender in this process and for this receiver, rising.
        challenge: The receiver is to answer it.
        answer: The challenge last heard from the receiver; None before any was.
        have: The sequence up to which the sender knows some nodes' facts; others follow by turns.
        lockdowns: None where central was never heard.
        part: Facts that the receiver lacks.
        fires: All that the sender knows to stand, or some of them; such a message says nothing
            else, so that a node of before this version, which cannot read it, misses nothing else.
    """

    site: Slug
    sender: Slug
    receiver: Slug
    boot: Nonce
    counter: Annotated[int, Field(ge=1)]
    challenge: Nonce
    answer: Nonce | None = None
    have: Annotated[dict[Slug, int], Field(max_length=HAVE_COUNT_MAX)] = Field(default_factory=dict)
    lockdowns: Lockdowns | None = None
    part: Part | None = None
    fires: Annotated[tuple[FireNotice, ...], Field(max_length=NOTICE_COUNT_MAX)] = ()


def encode(message: Message, key: SigningKey) -> bytes:
    """Return a message as bytes, signed by its sender."""
    sender, body = message.sender.encode(), message.model_dump_json(exclude_defaults=True).encode()
    return FORMAT + bytes([len(sender)]) + sender + key.sign(CONTEXT + body) + body


def signed_again(data: bytes, key: SigningKey) -> bytes:
    """Return an encoded message with the signature of another key of its sender."""
    end = len(FORMAT) + 1 + data[len(FORMAT)]
    body = data[end + SIGNATURE_SIZE_BYTES :]
    return data[:end] + key.sign(CONTEXT + body) + body


def decode(data: bytes, *, site: str, receiver: str, keys: Mapping[str, VerifyingKey]) -> Message:
    """Return what a node of this site has written for this one.

    Args:
        data: As it came.
        site: This site.
        receiver: This node.
        keys: Of the other nodes.

    Raises:
        LinkError: It is anything else.
    """
    start = len(FORMAT) + 1
    if len(data) > DATAGRAM_SIZE_BYTES_MAX or data[: len(FORMAT)] != FORMAT or len(data) < start:
        raise LinkError("no message of a site link")
    end = start + data[len(FORMAT)]
    sender = data[start:end].decode("ascii", "replace")
    signature, body = data[end : end + SIGNATURE_SIZE_BYTES], data[end + SIGNATURE_SIZE_BYTES :]
    key = keys.get(sender)
    if key is None:
        raise LinkError(f"a message of {sender!r}, which is no node of this site")
    try:
        key.verify(signature, CONTEXT + body)
        message = Message.model_validate_json(body)
    except InvalidSignature as error:
        raise LinkError(f"a message that {sender!r} has not signed") from error
    except ValidationError as error:
        raise LinkError(f"a message of {sender!r} that cannot be read: update this node") from error
    if (message.site, message.sender, message.receiver) != (site, sender, receiver):
        raise LinkError("a message for another node")
    return message
