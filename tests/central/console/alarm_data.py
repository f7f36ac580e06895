"""What a guard's pages ask for on every page, for the stand-in: alarms, fires, plans."""

from typing import Any

from fastapi import APIRouter

Json = dict[str, Any]
FLOOD: Json = {"is_on": False, "since": None, "gathered": {}}


class Alarms:
    """What stands, and what was asked for."""

    def __init__(self) -> None:
        self.standing: list[Json] = []
        self.version = 0

    def router(self) -> APIRouter:
        """Return the addresses that lists of alarms have at central."""
        router = APIRouter(prefix="/api/v1")

        @router.get("/alarms")
        async def alarms(state: str = "standing") -> Json:
            items = self.standing if state == "standing" else []
            return {"items": items, "flood": FLOOD, "version": self.version, "has_more": False}

        @router.get("/fire")
        async def fire() -> Json:
            return {}

        @router.post("/desk", status_code=204)
        async def desk() -> None:
            return None

        @router.get("/plans")
        async def plans() -> Json:
            return {"items": [], "subjects": []}

        return router
