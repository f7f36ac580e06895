"""Controller boards in the site file: whose images they take, and when they may be updated."""

from datetime import time
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from config.contract.identifiers import Frozen
from config.image_keys import public_keys

PublicKeyPem = Annotated[
    str, StringConstraints(pattern=r"^-----BEGIN PUBLIC KEY-----", max_length=2000)
]


class QuietTime(Frozen):
    """A time of every day, in the site's zone, when no board is updated: a meal, or a rush hour.

    Attributes:
        begins, ends: The end is not of it; an end before the beginning is after midnight.
    """

    begins: time
    ends: time

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.begins.tzinfo or self.ends.tzinfo:
            raise ValueError(
                "a quiet time is in the site's zone: write 11:30:00, without an offset"
            )
        if self.begins == self.ends:
            raise ValueError("a quiet time ends when it begins")
        return self

    def holds(self, at: time) -> bool:
        """Return whether it is that time of the day."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


class BoardRules(Frozen):
    """How controller boards are updated here; ``[boards]`` of the site file.

    Attributes:
        keys: Public keys (PEM) of whoever signs images for this site; none takes no image at all.
        quiet: When no update begins, besides fires and lockdowns.
        prove_s: So long a board must be well with an image before it is confirmed.
        update_s_max: An update that is not over by then is given up, and goes back.
        hold_s: So long boards wait for a node that restarts as planned, before they go into their
            safe state; 0 does not ask them to.
        claims: A board that nobody has claimed is claimed by the node that first hears it. From
            then on it takes settings and holds from that node alone.
    """

    keys: tuple[PublicKeyPem, ...] = ()
    quiet: tuple[QuietTime, ...] = ()
    prove_s: Annotated[float, Field(ge=1, le=600)] = 10.0
    update_s_max: Annotated[float, Field(ge=60, le=7200)] = 1800.0
    hold_s: Annotated[float, Field(ge=0, le=600)] = 60.0
    claims: bool = True

    @field_validator("keys", mode="after")
    @classmethod
    def _keys_verify_images(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        public_keys(keys)
        return keys
