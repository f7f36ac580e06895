"""What is said about the canteen over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from central.canteen.plan import Draft, PlanProblem
from central.canteen.plan_changes import PlanChange, PlanWarning
from config.contract.money import ChargeLine

Note = Annotated[str, Field(min_length=2, max_length=500)]


class MerchantView(BaseModel):
    """Who is paid, as the site file says."""

    id: str
    name: Mapping[str, str]
    kind: str


class TillPlace(BaseModel):
    """A till, as the site file says. Attributes: node: Whose terminal it is on."""

    id: str
    name: Mapping[str, str]
    merchant: str
    node: str


class WantedPlan(BaseModel):
    """A plan to put in force. Attributes: made_from: The version that it was made from."""

    model_config = ConfigDict(extra="forbid")

    made_from: Annotated[int, Field(ge=0)]
    plan: Draft


class PlanView(BaseModel):
    """The plan in force.

    Attributes:
        version: 0 is no plan yet.
        merchants: Who can have one.
        tills: That sell by it.
        profiles: Of the access rules, which groups are made of.
        profile_names: Of those that have one.
    """

    version: int
    plan: Draft
    changed_by: str | None
    changed_at: AwareDatetime | None
    merchants: list[MerchantView]
    tills: list[TillPlace]
    profiles: list[str]
    profile_names: Mapping[str, Mapping[str, str]]


class PlanPreview(BaseModel):
    """What a plan would change, and what cannot be; nothing is done.

    Attributes:
        version: In force, against which it was looked at.
        warnings: What can be, and should be known before.
    """

    version: int
    changes: list[PlanChange]
    problems: list[PlanProblem]
    warnings: list[PlanWarning]


class PlanVersion(BaseModel):
    """Who changed what."""

    version: int
    changed_by: str
    changed_at: AwareDatetime
    changes: list[PlanChange]


class PlanVersions(BaseModel):
    """The newest first. Attributes: names: Of what is no longer in the plan, by ``part/id``."""

    items: list[PlanVersion]
    names: Mapping[str, Mapping[str, str]]


class ChargeView(BaseModel):
    """One charge.

    Attributes:
        name: Whose, masked for those who may not see names; None of somebody who is not here.
        is_posted: It is in the ledger; otherwise a line of exceptions says why not.
        returned_fen: What went back of it.
        is_void: The till took it back.
        decision_id: Of the recognition that it was paid by; None where there was none.
        till, session_id, credential: Empty or None of an order that nobody came for.
    """

    charge_id: UUID
    till: str
    merchant: str
    session_id: UUID | None
    holder_id: str
    name: str | None
    group: str
    amount_fen: int
    subsidy_fen: int
    cash_fen: int
    debt_fen: int
    returned_fen: int
    mode: str
    period: str
    credential: str
    charged_at: AwareDatetime
    received_at: AwareDatetime
    is_posted: bool
    is_void: bool
    is_reserved: bool
    is_repeat: bool
    decision_id: UUID | None
    lines: list[ChargeLine]


class ChargeList(BaseModel):
    """The newest first. Attributes: next: ``before`` of the next page; None at the end."""

    items: list[ChargeView]
    next: UUID | None


class SumsView(BaseModel):
    """What a session comes to: what stands, and what was taken back."""

    charge_count: int
    charge_fen: int
    void_count: int
    void_fen: int


class SessionDifference(BaseModel):
    """One thing that does not fit; see ``sessions.differences`` for the codes.

    Attributes:
        id: To explain it by when a day is signed: the session and the code.
        count: Of charges, where the figures are amounts.
    """

    id: str
    code: str
    till: int | None
    centre: int | None
    count: int | None


class SessionView(BaseModel):
    """A till from its opening to its close.

    Attributes:
        till_sums: None as long as central has not heard of the close.
        differences: None is a session that balances.
    """

    session_id: UUID
    till: str
    merchant: str
    opened_at: AwareDatetime | None
    opened_by: str | None
    closed_at: AwareDatetime | None
    closed_by: str | None
    counted_charges: int | None
    counted_fen: int | None
    till_sums: SumsView | None
    centre_sums: SumsView
    differences: list[SessionDifference]


class OrphanView(BaseModel):
    """Charges whose session central has heard nothing of; voids left out."""

    merchant: str
    charge_count: int
    charge_fen: int


class SessionList(BaseModel):
    """A day, the oldest first."""

    items: list[SessionView]
    without_session: list[OrphanView]


class ExceptionView(BaseModel):
    """A fact that needs a person.

    Attributes:
        kind: Of ``state.Problem``.
        about: The charge or the session; the event itself where it cannot be read.
        said: What the till told; without what names somebody.
        can_post: A decision ``post`` is possible.
    """

    exception_id: UUID
    kind: str
    till: str | None
    node: str
    about: UUID
    found_at: AwareDatetime
    said: Mapping[str, object]
    can_post: bool
    decided_at: AwareDatetime | None
    decided_by: str | None
    decision: str | None
    note: str | None


class ExceptionList(BaseModel):
    """The newest first."""

    items: list[ExceptionView]


class WantedDecision(BaseModel):
    """What becomes of a fact.

    Attributes:
        decision: ``post`` does in the ledger what it says; ``leave`` does nothing.
        note: Why.
    """

    model_config = ConfigDict(extra="forbid")

    decision: Literal["post", "leave"]
    note: Note


class DebtView(BaseModel):
    """What a meal left owing.

    Attributes:
        amount_fen: Then; ``owed_fen`` is what the person owes in all now.
        left_fen: What is left of this one: what somebody pays, pays their oldest debts first.
        cause: ``short``; ``two_tills`` spent the same money while central was away; ``left`` or
            ``unknown``: the diner was nobody here.
        is_void: The meal was taken back, all of it given back, or it was moved to whoever ate.
    """

    charge_id: UUID
    holder_id: str
    name: str | None
    amount_fen: int
    left_fen: int
    owed_fen: int
    cause: str
    merchant: str
    till: str
    meal_fen: int
    charged_at: AwareDatetime
    made_at: AwareDatetime
    is_void: bool
    notified_at: AwareDatetime | None
    notified_by: str | None
    disputed_at: AwareDatetime | None
    dispute: str | None
    decided_at: AwareDatetime | None
    decided_by: str | None
    decision: str | None
    note: str | None


class DebtorView(BaseModel):
    """Who owes more than their meals explain, as after a charge was moved to them."""

    holder_id: str
    name: str | None
    rest_fen: int


class DebtList(BaseModel):
    """The newest first.

    Attributes:
        open_count, open_fen: Of all that nobody has decided.
        owed_fen: What everybody owes now.
        others: Those first who owe most.
    """

    items: list[DebtView]
    open_count: int
    open_fen: int
    owed_fen: int
    others: list[DebtorView]


class WantedDispute(BaseModel):
    """What the diner says against a debt."""

    model_config = ConfigDict(extra="forbid")

    words: Note


class WantedDebtDecision(BaseModel):
    """What becomes of a debt: it stands, or a fund pays it. Attributes: note: Why."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["stands", "waived"]
    note: Note


class WantedBlock(BaseModel):
    """Why somebody cannot pay: a loss was reported, or the manager decided so."""

    model_config = ConfigDict(extra="forbid")

    reason: Literal["lost", "decision"]
    note: Annotated[str, Field(max_length=500)] = ""


class BlockView(BaseModel):
    """Who cannot pay anywhere."""

    holder_id: str
    name: str | None
    reason: str
    note: str
    set_by: str
    set_at: AwareDatetime


class LiftedBlock(BlockView):
    """Who could not pay once. Attributes: lifted_note: Why they can again."""

    lifted_by: str
    lifted_at: AwareDatetime
    lifted_note: str


class BlockList(BaseModel):
    """The newest first. Attributes: lifted: The latest hundred that are over."""

    items: list[BlockView]
    lifted: list[LiftedBlock]
