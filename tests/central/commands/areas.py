"""An area with ways in and out, and what is asked of all of them."""

import httpx

from tests.central.access.models import put
from tests.central.bench import Bench

API = "/api/v1"
MODEL = {
    "areas": [{"id": "house"}],
    "points": [{"id": "lane", "to_area": "house"}],
}


def make_area(bench: Bench) -> None:
    """Put an access model with an area in force."""
    reply = put(bench.administrator, MODEL)
    assert reply.status_code == 200, reply.text


def free(bench: Bench, **more: object) -> httpx.Response:
    """Have everything that leads into the area opened once."""
    make_area(bench)
    wish = {"deed": "open_once", "reason": "a drill", **more}
    return bench.administrator.post(f"{API}/areas/house/commands", json=wish)
