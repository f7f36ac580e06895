"""What holds while central has not confirmed for too long that this node knows what is so.

Somebody may have left and this terminal has not heard. No way out is asked about it.
"""

import dataclasses
from typing import Literal

from config.contract.access import DenialReason
from edge.access.credentials import SECOND, proven_kinds
from edge.access.question import Demand, Question

Effect = Literal["continue", "second_credential", "profiles"]


@dataclasses.dataclass(frozen=True, slots=True)
class Degraded:
    """The site's degraded rule. Attributes: profiles: who still passes under ``profiles``."""

    effect: Effect
    profiles: frozenset[str] = frozenset()


def replica_outdated(question: Question) -> DenialReason | None:
    """Refuse all but holders of the named profiles, where the site wants that."""
    rule = _rule(question)
    if rule is None or rule.effect != "profiles":
        return None
    is_named = bool(rule.profiles & (question.person.profiles or frozenset()))
    return None if is_named else DenialReason.REPLICA_OUTDATED


def second_needed_while_degraded(question: Question) -> Demand | None:
    """Ask for another credential of those who are known to have one."""
    rule = _rule(question)
    if rule is None or rule.effect != "second_credential":
        return None
    proven = proven_kinds(question)
    others = ((question.person.kinds or frozenset()) & SECOND) - proven
    if len(proven) >= 2 or not others:
        return None
    return Demand(DenialReason.CREDENTIAL_NEEDED, others)


def _rule(question: Question) -> Degraded | None:
    return None if question.world is None else question.world.state.degraded
