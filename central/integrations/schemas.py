"""What is said about integrations."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from central.webhooks import WebhookUrl
from config.contract.events import EventClass
from config.contract.identifiers import Slug

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
Vendor = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
Words = Annotated[tuple[Word, ...], Field(max_length=50)]


class Asked(BaseModel):
    """What somebody wants; nothing else is understood."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Webhook(Asked):
    """Where a program listens, and to what.

    Attributes:
        types: Whole types, or their beginnings with a dot at the end; empty is every type.
        classes: Empty is every class but money, which has to be named.
        places: Access points, devices, zones, checkpoints.
        batch: So many events at most in one message; 1 is one CloudEvent for each message.
        has_names: Messages say the names of people whom events are about.
        from_now: Events that stand already are not told.
    """

    name: Name
    url: WebhookUrl
    types: Words = ()
    classes: Annotated[tuple[EventClass, ...], Field(max_length=10)] = ()
    places: Words = ()
    node: Slug | None = None
    batch: Annotated[int, Field(ge=1, le=100)] = 1
    has_names: bool = False
    is_on: bool = True

    @field_validator("classes")
    @classmethod
    def _once(cls, classes: tuple[EventClass, ...]) -> tuple[EventClass, ...]:
        return tuple(dict.fromkeys(classes))


class NewWebhook(Webhook):
    """A webhook to be made. Attributes: after: it is told what stands after; None is from now."""

    after: Annotated[int, Field(ge=0, le=2**62)] | None = None


class WebhookView(BaseModel):
    """A webhook, and how it goes.

    Attributes:
        off_reason: ``gone`` (it answered 410) or ``dead`` (it took nothing for days).
        position: Of the last event that it has taken; ``waiting`` stand after it.
        forgotten: How many events retention took before it had them.
        failing_since: Since when it takes nothing.
        next_at: When it is tried again.
    """

    webhook_id: str
    settings: Webhook
    made_by: str
    made_at: AwareDatetime
    off_reason: Literal["", "gone", "dead"]
    position: int
    waiting: int
    forgotten: int
    attempts: int
    failure: str
    failing_since: AwareDatetime | None
    next_at: AwareDatetime | None
    taken_at: AwareDatetime | None


class WebhookList(BaseModel):
    """Every webhook, by name."""

    items: list[WebhookView]


class MadeWebhook(BaseModel):
    """A webhook with its secret, which nobody can show again."""

    webhook: WebhookView
    secret: str


class NewSecret(BaseModel):
    """A new secret; messages are signed with the one of before, too, until ``before_until``."""

    secret: str
    before_until: AwareDatetime


class Attempt(BaseModel):
    """One message. Attributes: status: None where there was no answer. failure: empty: taken."""

    at: AwareDatetime
    position: int
    count: int
    status: int | None
    duration_ms: int
    failure: str


class AttemptList(BaseModel):
    """The last messages, the newest first."""

    items: list[Attempt]


class TriedWebhook(BaseModel):
    """What became of a trial. Attributes: failure: empty: it was taken."""

    status: int | None
    duration_ms: int
    failure: str


class NewSource(Asked):
    """An outside system to be let in.

    Attributes:
        source_id: Its events are of the node ``ext.SOURCE_ID``.
        vendor: Its types begin with ``ext.VENDOR.``.
        may_alarm: What it marks as an alarm is one.
    """

    source_id: Vendor
    name: Name
    vendor: Vendor
    may_alarm: bool = False


class SourceView(BaseModel):
    """An outside system. Attributes: count: of events taken in. heard_at: when last."""

    source_id: str
    name: str
    vendor: str
    may_alarm: bool
    made_by: str
    made_at: AwareDatetime
    heard_at: AwareDatetime | None
    count: int


class SourceList(BaseModel):
    """Every outside system, by identifier."""

    items: list[SourceView]


class MadeSource(BaseModel):
    """An outside system with its token, which nobody can show again."""

    source: SourceView
    token: str


class TakenIn(BaseModel):
    """What came of a message. Attributes: duplicates: had been taken in before."""

    stored: int
    duplicates: int
