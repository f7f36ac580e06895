"""Which credentials are enough here and now, and which are still missing."""

from collections.abc import Iterable
from typing import Final

from config.contract.access import CredentialKind, DenialReason
from config.contract.access_terms import TemporaryEffect
from edge.access.compiled import Combinations
from edge.access.permissions import permissions_now
from edge.access.question import Demand, Question
from edge.access.state import Proof

ANY_ONE: Final[Combinations] = tuple(
    frozenset({kind}) for kind in (CredentialKind.FACE, CredentialKind.CARD, CredentialKind.QR)
)
"""What is enough where nothing else is said. A PIN proves, it finds nobody."""
SECOND: Final = frozenset({CredentialKind.FACE, CredentialKind.CARD, CredentialKind.PIN})
"""What may be asked for as a second credential; a QR code is shown by those who have one."""


def credential_needed(question: Question) -> Demand | None:
    """Ask for what is missing of a combination, or refuse who does not have it."""
    proven = proven_kinds(question)
    could_show = _could_show(question)
    for combinations in _wanted(question):
        if any(combination <= proven for combination in combinations):
            continue
        missing = [c - proven for c in combinations if c - proven <= could_show]
        if not missing:
            return Demand(DenialReason.WRONG_CREDENTIAL)
        return Demand(DenialReason.CREDENTIAL_NEEDED, min(missing, key=len))
    return None


def second_credential_needed(question: Question) -> Demand | None:
    """Ask for another credential where too many were refused of late.

    Not of those who have no other: strangers' refusals must not shut out staff, and are alarmed.
    """
    if question.world is None:
        return None
    limit = question.world.model.model.refusals_max
    if question.world.state.refusal_count(question.point.id, question.now) < limit:
        return None
    proven = proven_kinds(question)
    others = (_could_show(question) & SECOND) - proven
    if len(proven) >= 2 or not others:
        return None
    return Demand(DenialReason.TOO_MANY_REFUSALS, others)


def proven_kinds(question: Question) -> frozenset[CredentialKind]:
    """Return what the person has shown here, now and just before."""
    now_shown = frozenset() if question.attempt is None else frozenset({question.attempt.kind})
    return now_shown | shown_before(question)


def shown_before(question: Question) -> frozenset[CredentialKind]:
    """Return what the person has shown here just before, this attempt not included."""
    proof = proof_before(question)
    return frozenset() if proof is None else proof.kinds


def proof_before(question: Question) -> Proof | None:
    """Return the credentials that wait for this one."""
    if question.world is None:
        return None
    return question.world.state.proof(
        question.point.id,
        question.person.holder_id,
        now=question.now,
        within_s=question.world.model.model.combine_within_s,
    )


def _could_show(question: Question) -> frozenset[CredentialKind]:
    """Return what the person may be asked for; whether they have a QR code nobody knows."""
    kinds = question.person.kinds
    return SECOND | {CredentialKind.QR} if kinds is None else kinds | {CredentialKind.QR}


def _wanted(question: Question) -> Iterable[Combinations]:
    """Yield the requirements, each of which has to be met."""
    if question.world is None:
        return
    here, time = (
        question.world.model.point(question.point),
        question.world.model.local(question.now),
    )
    rules = [each.combinations for each in here.credentials if each.holds(time)]
    yield (rules[0] if rules else None) or ANY_ONE
    permissions = [each.combinations for each in permissions_now(question)]
    if permissions and None not in permissions:
        yield tuple(c for combinations in permissions for c in combinations or ())
    for rule in here.temporary[TemporaryEffect.REQUIRE]:
        if rule.combinations is not None and rule.concerns(question.person, question.now):
            yield rule.combinations
