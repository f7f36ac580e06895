"""Who may not ask at all is refused before anything is said of how they asked.

The framework reads a body before it asks who sent it, and an unreadable one is answered with what
is wrong with it. That is for those who may ask.
"""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from central.diner.links import diner_of
from central.security import Requires, operator_of, session_of


async def refuse(request: Request) -> None:
    """Refuse whoever may not ask what they ask, as the endpoint itself would."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    for guard in _guards(route.dependant):
        if isinstance(guard, Requires):
            await guard(request)
        elif guard is diner_of:
            await diner_of(request, request.app.state.services)
        elif guard is session_of:
            await session_of(await operator_of(request))
        elif guard is operator_of:
            await operator_of(request)


def _guards(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _guards(inner)
