"""Who is signed in, whose token it is, which desk: as the database says now."""

from central.security import Operator
from central.services import Services


class OperatorFinder:
    """Finds operators in the database; see ``central.security.Finder``."""

    def __init__(self, services: Services) -> None:
        """Look in the database of a site."""
        self._services = services

    async def by_session(self, id_hash: str) -> Operator | None:
        """Return the operator of a session that is not over."""
        services = self._services
        async with services.database.read() as transaction:
            return await services.users.find(transaction, id_hash, now=services.now())

    async def by_desk(self, secret_hash: str) -> Operator | None:
        """Return the guard's desk that a browser without a session is."""
        services = self._services
        async with services.database.read() as transaction:
            return await services.desks.find_operator(transaction, secret_hash, now=services.now())

    async def by_token(self, secret_hash: str) -> Operator | None:
        """Return the operator of a token that is good."""
        services = self._services
        async with services.database.read() as transaction:
            return await services.users.find_bearer(transaction, secret_hash, now=services.now())
