"""Operators at the terminal itself: who they are by card and PIN, and what they may. Pure.

Rights are asked for at each deed, of what central told last: whoever was shut out, has another
role or another PIN, or whose rights are over by the clock, is refused within a session, too.
"""

import dataclasses
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from config.contract.operators import EdgePermission, OperatorRecord
from config.contract.trust import card_verifier
from edge.access.attempts import pin_shown
from edge.access.pin_tries import PinTries

IDLE_S_MAX: Final = 600.0
"""A terminal that somebody walked away from is nobody's after this."""
WRONG_PINS_MAX: Final = 5
"""After so many in five minutes no PIN of that operator is right; see ``PinTries``."""
SESSION_COUNT_MAX: Final = 8


class Refusal(StrEnum):
    """Why an operator may not."""

    NOT_KNOWN = "not_known"
    """No such card, not its PIN, or too many wrong PINs: which of them is not said."""
    RIGHTS_ENDED = "rights_ended"
    NO_SESSION = "no_session"
    NOT_PERMITTED = "not_permitted"


class OperatorRefusedError(Exception):
    """The operator may not do this here. Attributes: refusal: why; trying again changes nothing."""

    def __init__(self, refusal: Refusal) -> None:
        """Refuse for a reason."""
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclasses.dataclass(slots=True)
class _Session:
    operator: OperatorRecord
    used_at_s: float


class Operators:
    """Those of one node, and who of them is signed in."""

    def __init__(
        self,
        known: Callable[[], Sequence[OperatorRecord]],
        *,
        key: bytes,
        new_token: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        """Begin with nobody signed in.

        Args:
            known: Returns who has rights now, as central last told.
            key: Of the site's verifiers.
            new_token: Returns another secret at each call.
        """
        self._known, self._key, self._new_token = known, key, new_token
        self._tries = PinTries()
        self._sessions = dict[str, _Session]()

    def sign_in(
        self, number: str, pin: str, *, now: datetime, now_s: float
    ) -> tuple[str, OperatorRecord]:
        """Return a session's token and whose it is.

        Args:
            number: Of the card.
            pin: As typed.
            now: Aware UTC.
            now_s: Monotonic.

        Raises:
            OperatorRefusedError: Not known, or the rights are over.
        """
        card = card_verifier(self._key, number)
        found = next((each for each in self._known() if each.card == card), None)
        shown = pin_shown(
            pin,
            holder_id=None if found is None else found.operator_id,
            key=self._key,
            verifier=None if found is None else found.pin,
            duress=None,
        )
        judged = self._tries.judged(shown, limit=WRONG_PINS_MAX, now=now)
        if found is None or not judged.is_right:
            raise OperatorRefusedError(Refusal.NOT_KNOWN)
        _check_not_over(found, now)
        self._forget_idle(now_s)
        while len(self._sessions) >= SESSION_COUNT_MAX:
            del self._sessions[next(iter(self._sessions))]
        token = self._new_token()
        self._sessions[token] = _Session(found, now_s)
        return token, found

    def permitted(
        self, token: str, permission: EdgePermission, *, now: datetime, now_s: float
    ) -> OperatorRecord:
        """Return whose session this is, who may do that now; the session is used.

        Raises:
            OperatorRefusedError: There is no such session any more, or its operator may not.
        """
        self._forget_idle(now_s)
        session = self._sessions.get(token)
        if session is None:
            raise OperatorRefusedError(Refusal.NO_SESSION)
        before = session.operator
        operator = next((o for o in self._known() if o.operator_id == before.operator_id), None)
        if operator is None or (operator.card, operator.pin) != (before.card, before.pin):
            del self._sessions[token]
            raise OperatorRefusedError(Refusal.NO_SESSION)
        _check_not_over(operator, now)
        if permission not in operator.permissions:
            raise OperatorRefusedError(Refusal.NOT_PERMITTED)
        session.used_at_s = now_s
        return operator

    def sign_out(self, token: str) -> None:
        """End a session; idempotent."""
        self._sessions.pop(token, None)

    def _forget_idle(self, now_s: float) -> None:
        self._sessions = {
            token: session
            for token, session in self._sessions.items()
            if now_s - session.used_at_s < IDLE_S_MAX
        }


def _check_not_over(operator: OperatorRecord, now: datetime) -> None:
    if operator.valid_until is not None and now >= operator.valid_until:
        raise OperatorRefusedError(Refusal.RIGHTS_ENDED)
