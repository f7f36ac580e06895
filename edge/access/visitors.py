"""QR codes: when, where and how often one is good, and who is let in on one alone."""

from config.contract.access import DenialReason
from config.contract.visitor_code import VisitorCode
from edge.access.attempts import CodeShown
from edge.access.credentials import proof_before
from edge.access.question import Person, Question


def visitor(code: VisitorCode) -> Person | None:
    """Return a visitor whom the terminal has not heard of, as the code describes them."""
    if not code.stands_alone:
        return None
    return Person(
        holder_id=str(code.holder_id),
        access_points=frozenset(code.points),
        needs_escort=code.needs_escort,
    )


def code_not_good(question: Question) -> DenialReason | None:
    """Refuse a code that is not good now, not good here, cancelled, or used."""
    code = code_in_play(question)
    if code is None:
        return None
    if question.now < code.valid_from:
        return DenialReason.NOT_YET_VALID
    if question.now >= code.valid_until or code.nonce in question.person.cancelled_codes:
        return DenialReason.NO_LONGER_VALID
    if question.point.id not in code.points:
        return DenialReason.NOT_PERMITTED_HERE
    return _use_not_good(question, code) if code.is_one_time else None


def code_in_play(question: Question) -> VisitorCode | None:
    """Return the code that is shown, or that was shown just before another credential."""
    if isinstance(question.attempt, CodeShown):
        return question.attempt.code
    proof = proof_before(question)
    return None if proof is None else proof.code


def _use_not_good(question: Question, code: VisitorCode) -> DenialReason | None:
    """Refuse a one-time code of which a use is known, or could not be known."""
    if question.world is None:
        return DenialReason.CODE_NOT_HERE  # nothing remembers uses: it would be good for ever
    state = question.world.state
    if state.is_code_taken(code.nonce, question.now):
        return DenialReason.CODE_USED
    is_elsewhere = question.point.id != code.home and not state.is_link_up
    return DenialReason.CODE_NOT_HERE if is_elsewhere else None
