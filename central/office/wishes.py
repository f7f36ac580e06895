"""What the office can be asked to do. Each wish has a key: the same wish twice is done once."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from central.office.topup_file import AMOUNT_FEN_MAX, FILE_LENGTH_MAX
from config.contract.identifiers import Sha256, Slug
from config.contract.money import Fen

HolderText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
Payer = Annotated[
    str, StringConstraints(pattern=r"^(?:unit|fund)/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Wish(BaseModel):
    """A deed that is wanted.

    Attributes:
        key: Made by whoever asks, once for each deed; a button that is pressed twice says it twice.
        fingerprint: Of the preview that somebody has seen; where it is given, and the deed would be
            another one by now, it is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: UUID
    fingerprint: Sha256 | None = None


class TopUp(Wish):
    """Money that somebody paid in at the counter. What they owe is paid first."""

    kind: Literal["top_up"]
    holder_id: HolderText
    amount_fen: Annotated[Fen, Field(le=AMOUNT_FEN_MAX)]


class TopUpFile(Wish):
    """Top-ups from a file. Attributes: again: although the same file was put in before."""

    kind: Literal["top_up_file"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=FILE_LENGTH_MAX)]
    again: bool = False


class Subsidy(Wish):
    """A month's subsidies.

    Attributes:
        grant: Which of the site's subsidies; nobody gets the same grant of a month twice.
        payer: Account of the unit or the fund that pays.
        amounts: By group; ``""`` is every other person. A group without an entry gets nothing.
        lapses_on: The first day on which what is left goes back to the payer; None is never.
    """

    kind: Literal["subsidy"]
    grant: Slug
    month: Month
    payer: Payer
    amounts: Annotated[dict[str, Annotated[Fen, Field(le=AMOUNT_FEN_MAX)]], Field(min_length=1)]
    lapses_on: date | None = None


class SubsidyLapse(Wish):
    """Take back what is left of subsidies whose time is over."""

    kind: Literal["subsidy_lapse"]


class UnitCharge(Wish):
    """What a unit pays for: guests, overtime, a meeting. A second person approves it.

    Attributes:
        unit_id: Of the organisation units.
        people: How many ate.
    """

    kind: Literal["unit_charge"]
    unit_id: HolderText
    merchant: Slug
    amount_fen: Fen
    purpose: Literal["guests", "overtime", "meeting", "other"]
    people: Annotated[int, Field(ge=1, le=9999)] = 1
    note: Words = ""


class Settlement(Wish):
    """Somebody leaves: debts are paid from cash, the rest is paid out, subsidies go back."""

    kind: Literal["settlement"]
    holder_id: HolderText


class Refund(Wish):
    """Give a charge back, all of it (a void) or a part.

    Attributes:
        amount_fen: None is what is left of it.
    """

    kind: Literal["refund"]
    charge_id: UUID
    amount_fen: Fen | None = None
    reason: Reason


class WrongPerson(Wish):
    """A charge went to somebody else: move it, in one step."""

    kind: Literal["wrong_person"]
    charge_id: UUID
    holder_id: HolderText
    reason: Reason


class WrongPrice(Wish):
    """Meals were sold at a wrong price: give back, or take, the difference.

    Attributes:
        item: A dish; empty is the meal itself.
        wrong_fen: What a piece was sold for.
        right_fen: What it should have been. Where that is more, it is taken from wallets alone:
            the canteen's mistake makes nobody's debt.
    """

    kind: Literal["wrong_price"]
    merchant: Slug
    since: AwareDatetime
    until: AwareDatetime
    item: str = ""
    wrong_fen: Fen
    right_fen: Fen
    reason: Reason


class Reversal(Wish):
    """Take a deed back, all of it."""

    kind: Literal["reversal"]
    deed_id: UUID
    reason: Reason


MoneyWish = Annotated[
    TopUp | TopUpFile | Subsidy | SubsidyLapse | UnitCharge | Settlement,
    Field(discriminator="kind"),
]
CorrectionWish = Annotated[
    Refund | WrongPerson | WrongPrice | Reversal, Field(discriminator="kind")
]
AnyWish = (
    TopUp | TopUpFile | Subsidy | SubsidyLapse | UnitCharge | Settlement
    | Refund | WrongPerson | WrongPrice | Reversal
)  # fmt: skip
APPROVED: dict[str, str] = {
    "unit_charge": "canteen_unit_charge",
    "settlement": "canteen_settlement",
    "refund": "canteen_refund",
    "wrong_price": "canteen_price",
    "reversal": "canteen_reversal",
}
"""Kinds that a second person approves, by the name of the deed in ``central.approvals``."""
