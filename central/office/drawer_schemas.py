"""What is said about cash drawers."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from central.office.wishes import Reason
from config.contract.money import FEN_MAX, Fen

DENOMINATIONS: Final = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10)
"""Notes and coins in fen."""
Cash = Annotated[int, Field(ge=0, le=FEN_MAX)]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedDrawer(_Wish):
    """Open a drawer. Attributes: key: made by whoever asks; the same again is the same drawer."""

    key: UUID
    float_fen: Cash


class WantedChange(_Wish):
    """Cash is brought to an open drawer, or taken to the safe."""

    key: UUID
    way: Literal["put_in", "taken_out"]
    amount_fen: Fen
    reason: Reason


class WantedCount(_Wish):
    """What lies in the drawer: a sum, or how many of each note and coin, by their fen."""

    counted_fen: Cash | None = None
    notes: dict[str, Annotated[int, Field(ge=0, le=100_000)]] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "WantedCount":
        if (self.counted_fen is None) == (self.notes is None):
            raise ValueError("say a sum, or how many of each note and coin")
        unknown = set(self.notes or ()) - {str(each) for each in DENOMINATIONS}
        if unknown:
            raise ValueError(f"there is no note or coin of {min(unknown)} fen")
        if self.fen > FEN_MAX:
            raise ValueError("so much cash is in no drawer")
        return self

    @property
    def fen(self) -> int:
        """The sum."""
        return sum(int(fen) * count for fen, count in (self.notes or {}).items()) + (
            self.counted_fen or 0
        )


class WantedExplanation(_Wish):
    """What a difference is."""

    words: Reason


class DrawerEntry(BaseModel):
    """Cash that went in, or out (below zero). Attributes: kind: of a deed; put_in, taken_out."""

    at: AwareDatetime
    kind: str
    cash_fen: int
    reason: str


class CountView(BaseModel):
    """What was counted blind, and what should have been there.

    Attributes:
        notes: How many of each note and coin, by their fen; None where a sum was said.
        expected_fen: The float with all that went in and out.
        difference_fen: What is more (above zero) or missing.
    """

    counted_fen: int
    notes: dict[str, int] | None
    counted_by: str
    counted_by_name: str
    counted_at: AwareDatetime
    in_fen: int
    out_fen: int
    expected_fen: int
    difference_fen: int
    explanation: str
    explained_by_name: str
    entries: list[DrawerEntry]


class DrawerView(BaseModel):
    """A drawer. Attributes: count: None as long as it is open; nothing tells its sum before."""

    drawer_id: str
    operator_id: str
    operator_name: str
    float_fen: int
    opened_at: AwareDatetime
    count: CountView | None

    @property
    def is_unexplained(self) -> bool:
        """Whether a sentence is missing."""
        count = self.count
        return count is not None and count.difference_fen != 0 and not count.explanation
