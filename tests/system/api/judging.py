"""What an answer may be: no failure, no data of others, and what the description says."""

import json
from typing import Any, Final

from schemathesis import Case, Response, checks
from schemathesis.core.failures import Failure, FailureGroup

from central.problems import MEDIA_TYPE
from central.roles import ROLES
from central.security import Requires
from tests.central.test_security import (
    ANY_SESSION,
    OUTSIDE,
    PUBLIC,
    guards,
    of_diners,
    own_account,
    routes,
)
from tests.system.api.askers import DINER, NOBODY, NODE, TOKEN, Answer
from tests.system.api.askers import OUTSIDE as OUTSIDE_SYSTEM

DETAIL_LENGTH_MAX: Final = 3_000
"""Of a refusal that lists every mistake of a long request."""


class Judge:
    """Knows who may what, as the endpoints' own guards say it."""

    def __init__(self) -> None:
        """Read the permissions."""
        self._public = PUBLIC
        self._sessions = ANY_SESSION | own_account()
        self._others = {DINER: of_diners(), OUTSIDE_SYSTEM: OUTSIDE}
        self._permissions = {
            name: guard.permission
            for name, route in routes().items()
            for guard in guards(route)
            if isinstance(guard, Requires)
        }

    def complaints(self, name: str, who: str, case: Case[Any], answer: Answer) -> list[str]:
        """Return what is wrong with an answer, each in one line.

        Args:
            name: ``METHOD /path``.
            who: Asked.
            case: What was asked.
            answer: What was said.
        """
        found = list[str]()
        if answer.status >= 500:
            found.append(f"failed with {answer.status}")
        if not self.may(name, who) and answer.status not in (401, 403):
            found.append(f"is not refused: {answer.status}")
        if answer.status >= 400:
            found += _problem(answer)
        elif not answer.is_stream:
            found += _conforming(case, answer)
        return found

    def may(self, name: str, who: str) -> bool:
        """Return whether somebody has the permission; what they may see of it is another matter."""
        if name in self._public:
            return True
        if who == NOBODY:
            return False
        for other, theirs in self._others.items():
            if who == other or name in theirs:
                return who == other and name in theirs
        permission = self._permissions.get(name)
        if permission is None:
            # Of nodes, or of one's own account.
            return (who == NODE) != (name in self._sessions)
        if who == TOKEN:
            return permission == "events.read"
        return who != NODE and permission in ROLES[who]


def _problem(answer: Answer) -> list[str]:
    if answer.media_type != MEDIA_TYPE:
        return [f"refuses with {answer.status} as {answer.media_type or 'nothing'}"]
    said = json.loads(answer.content)
    detail = said.get("detail", "")
    if not said.get("code") or said.get("status") != answer.status:
        return [f"refuses with {answer.status} and says no code"]
    if not detail or "\n" in detail or "Traceback" in detail or len(detail) > DETAIL_LENGTH_MAX:
        return [f"refuses with {answer.status} {said['code']} and no sentence: {detail[:80]!r}"]
    return []


def _conforming(case: Case[Any], answer: Answer) -> list[str]:
    reply = answer.response
    response = Response(
        status_code=reply.status_code,
        headers={name.lower(): [value] for name, value in reply.headers.items()},
        content=answer.content,
        request=reply.request,
        elapsed=0.0,
        verify=False,
        encoding=reply.encoding,
    )
    wanted = [
        checks.response_schema_conformance,
        checks.content_type_conformance,
        checks.status_code_conformance,
    ]
    try:
        case.validate_response(response, checks=wanted)
    except FailureGroup as group:
        return [_line(each) for each in group.exceptions]
    except Failure as failure:
        return [_line(failure)]
    return []


def _line(failure: BaseException) -> str:
    words = f"{getattr(failure, 'title', type(failure).__name__)}: {failure}"
    return " ".join(words.split())[:300]
