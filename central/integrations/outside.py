"""CloudEvents of outside systems, as HTTP brings them: structured, batched or binary. Pure.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", sections 3.1 (binary), 3.2 (structured) and 3.3
    (batched), 3.1.3.2 (percent-encoding of headers); "JSON Event Format", section 3.1.1 (data).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import unquote
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from central.integrations.schemas import Vendor
from config.contract.events import BATCH_CONTENT_TYPE, ClockQuality, Event, EventClass
from config.contract.identifiers import new_id

STRUCTURED: Final = "application/cloudevents+json"
SIZE_BYTES_MAX: Final = 256_000
COUNT_MAX: Final = 100
DATA_SIZE_BYTES_MAX: Final = 32_000
TYPE_BEGIN: Final = "ext."
NODE_BEGIN: Final = "ext."
"""A dot, so that it is the name of no node of the site."""
YEARS: Final = (1970, 2200)
_HEADER: Final = "ce-"
_EXTENSION: Final = re.compile(r"^[a-z0-9]{1,20}$")
_EXTENSION_COUNT_MAX: Final = 20
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Type = Annotated[str, StringConstraints(max_length=128, pattern=r"^ext(\.[A-Za-z0-9_-]+){2,10}$")]


class NotCloudEventsError(ValueError):
    """A message is none; the message says in one line where, and quotes nothing of it."""


class OutsideEvent(BaseModel):
    """One CloudEvent of an outside system.

    Attributes:
        type: ``ext.VENDOR.`` and what it is; never one of ours.
        time: When it happened, as the outside system says.
        menshenclass: ``alarm``: it is to be on the list of alarms; an extension of ours.
        data: Any JSON. Bytes (``data_base64``) are not taken.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Type
    time: AwareDatetime | None = None
    subject: Text | None = None
    datacontenttype: Text | None = None
    dataschema: Text | None = None
    menshenclass: Literal["telemetry", "alarm"] = "telemetry"
    data: JsonValue = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        extensions = self.model_extra or {}
        if len(extensions) > _EXTENSION_COUNT_MAX:
            raise ValueError(f"at most {_EXTENSION_COUNT_MAX} extensions")
        for name, value in extensions.items():
            if not _EXTENSION.match(name) or not isinstance(value, str | int | bool):
                raise ValueError("an extension is a word of a-z and 0-9 with a text or a number")
        # NaN, infinity and half a surrogate are refused here: neither is JSON that others can read.
        text = json.dumps([self.data, extensions], ensure_ascii=False, allow_nan=False)
        if len(text.encode()) > DATA_SIZE_BYTES_MAX:
            raise ValueError(f"data has at most {DATA_SIZE_BYTES_MAX} bytes")
        if self.time is not None and not YEARS[0] < self.time.year < YEARS[1]:
            raise ValueError("the time is a moment of this age")
        return self

    @property
    def event_class(self) -> EventClass:
        """What it asks to be."""
        return EventClass(self.menshenclass)

    def identity(self, source_id: str) -> str:
        """Return what the same event of an outside system is known by again; a hash."""
        words = json.dumps([source_id, self.source, self.id], ensure_ascii=False)
        return hashlib.sha256(words.encode()).hexdigest()

    def is_of(self, vendor: Vendor) -> bool:
        """Return whether its type is one of a vendor."""
        return self.type.startswith(f"{TYPE_BEGIN}{vendor}.")

    def kept(self, sequence: int, *, site: str, node: str, epoch: UUID, now: datetime) -> Event:
        """Return it as central keeps it: under an identifier of its own, with theirs in the data.

        Its clock is not one of ours, so its time is said to be unsure.
        """
        theirs = {"source": self.source, "id": self.id, "data": self.data, **self.extensions}
        return Event(
            id=new_id(),
            source=f"/{site}/{node}",
            type=self.type,
            time=self.time or now,
            subject=self.subject or node,
            epoch=epoch,
            event_class=self.event_class,
            sequence=sequence,
            clockquality=ClockQuality.SYNCHRONISED if self.time is None else ClockQuality.UNSURE,
            data=theirs,
        )

    @property
    def extensions(self) -> dict[str, JsonValue]:
        """Its own extensions, under one name where there are any."""
        extra = self.model_extra or {}
        return {"extensions": dict(extra)} if extra else {}


_ONE = TypeAdapter(OutsideEvent)
_MANY = TypeAdapter(Annotated[list[OutsideEvent], Field(max_length=COUNT_MAX)])


def parse(media_type: str, headers: Mapping[str, str], body: bytes) -> list[OutsideEvent]:
    """Return the events of a message.

    Args:
        media_type: Without parameters, in small letters.
        headers: By name in small letters.
        body: Of the request.

    Raises:
        NotCloudEventsError: It is no CloudEvent that is taken.
    """
    try:
        if media_type == BATCH_CONTENT_TYPE:
            return _MANY.validate_json(body)
        if media_type == STRUCTURED:
            return [_ONE.validate_json(body)]
        return [_ONE.validate_python(_binary(media_type, headers, body))]
    except ValidationError as error:
        raise NotCloudEventsError(_where(error)) from error


def _binary(media_type: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {
        name.removeprefix(_HEADER): unquote(value)
        for name, value in headers.items()
        if name.startswith(_HEADER)
    }
    if "specversion" not in found:
        raise NotCloudEventsError(
            f"send {STRUCTURED}, {BATCH_CONTENT_TYPE}, or data with the headers ce-id, ce-source,"
            " ce-type and ce-specversion"
        )
    if found.keys() & {"data", "datacontenttype"}:
        raise NotCloudEventsError("data is the body, and its type the header Content-Type")
    try:
        if not body:
            data: JsonValue = None
        elif media_type == "application/json" or media_type.endswith("+json"):
            data = json.loads(body)
        elif media_type.startswith("text/"):
            data = body.decode()
        else:
            raise NotCloudEventsError("data is JSON or text")
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise NotCloudEventsError("the body is not what its Content-Type says") from error
    return {**found, "data": data, "datacontenttype": media_type or None}


def _where(error: ValidationError) -> str:
    places = (
        f"{'.'.join(str(part) for part in e['loc']) or 'body'}: {e['type']}"
        for e in error.errors(include_input=False, include_context=False)[:5]
    )
    return f"this is no CloudEvent that is taken: {', '.join(places)}"
