"""Bodies of SMP frames: CBOR maps with text keys, and models of them that pass over other keys."""

from typing import Any, Final

import cbor2
from pydantic import BaseModel, ConfigDict, Field

from drivers.protocols import FrameError, spaced_hex

DEPTH_MAX: Final = 8
_QUOTED_BYTES: Final = 24


def encode_map(values: dict[str, Any]) -> bytes:
    """Return a body; its keys stand as they do here."""
    return cbor2.dumps(values)


def decode_map(raw: bytes) -> dict[str, Any]:
    """Return a body's values; keys that are no text are passed over.

    Raises:
        FrameError: It is no map.
    """
    try:
        values = cbor2.loads(raw, max_depth=DEPTH_MAX)
    except cbor2.CBORDecodeError as error:
        quoted = spaced_hex(raw[:_QUOTED_BYTES])
        raise FrameError(f"a body is no CBOR ({error}): {quoted}") from error
    if not isinstance(values, dict):
        raise FrameError(f"a body is no map: {spaced_hex(raw[:_QUOTED_BYTES])}")
    return {key: value for key, value in values.items() if isinstance(key, str)}


class Body(BaseModel):
    """A map with known keys; strict in types, and blind to keys that it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    def to_map(self) -> dict[str, Any]:
        """Return what goes over the wire; what is None stays away."""
        return self.model_dump(exclude_none=True)


# Any: it is pydantic's own marker, of a type that it does not publish.
def key(name: str, **bounds: Any) -> Any:  # noqa: ANN401 - bounds are those of pydantic's Field
    """Return what gives a field its key on the wire, and its bounds."""
    return Field(validation_alias=name, serialization_alias=name, **bounds)
