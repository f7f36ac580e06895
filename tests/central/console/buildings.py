"""The real central of a building with three lanes, and operators before its pages."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from config.site import Site
from tests.browser import Visitor
from tests.central.access.models import put
from tests.central.bench import PASSWORD, SITE, Bench, running_central

LANES = {
    "east": {"zh-CN": "东门", "en": "East gate"},
    "west": {"zh-CN": "西门", "en": "West gate"},
    "exit": {"zh-CN": "出口", "en": "Exit"},
}
BUILDING = Site.model_validate(
    {
        **SITE.model_dump(),
        "access_point": [
            {
                "id": lane, "name": name, "node": "gate-1", "device": "gate",
                "direction": "out" if lane == "exit" else "in",
            }
            for lane, name in LANES.items()
        ],
    }
)  # fmt: skip
MODEL: dict[str, Any] = {
    "schedules": [
        {
            "id": "office",
            "name": {"zh-CN": "上班时间", "en": "Office hours"},
            "intervals": [
                {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "18:00"}
            ],
        }
    ],
    "profiles": [
        {
            "id": "staff",
            "name": {"zh-CN": "员工", "en": "Staff"},
            "permissions": [{"points": ["east", "west"], "schedule": "office"}],
        }
    ],
    "areas": [
        {"id": "hall", "name": {"zh-CN": "大厅", "en": "Hall"}, "occupancy_max": 20},
        {"id": "lab", "name": {"zh-CN": "实验室", "en": "Laboratory"}},
    ],
    "points": [
        {"id": "east", "to_area": "hall"},
        {"id": "west", "from_area": "hall", "to_area": "lab", "two_person": {}},
    ],
    "lockdown_levels": [
        {
            "id": "shut", "priority": 50, "admits": ["staff"], "points": ["east"],
            "name": {"zh-CN": "全面封锁", "en": "Full lockdown"},
        }
    ],
}  # fmt: skip


@contextlib.contextmanager
def running_building(home: Path, *, port: int = 0) -> Iterator[Bench]:
    """Run central with the rules of ``MODEL`` while inside; again, where it ran there before."""
    is_new = not home.exists()
    with running_central(home, site=BUILDING, port=port) as bench:
        if is_new:
            reply = put(bench.administrator, MODEL)
            assert reply.status_code == 200, reply.text
        yield bench


def opened(visitor: Visitor, bench: Bench, path: str, *, username: str = "admin") -> Page:
    """Return a page as an operator sees it who has signed in.

    The administrator's session is the one that the bench has: a hash of a password is slow, and
    many attempts in a minute are refused.
    """
    administrator = bench.administrator
    if username == "admin":
        for cookie in administrator.cookies.jar:
            visitor.context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": bench.url}]
            )
    else:
        reply = visitor.context.request.post(
            f"{bench.url}/api/v1/sessions",
            data={"username": username, "password": PASSWORD},
            headers={"Origin": bench.url},
        )
        assert reply.ok, reply.text()
    page = visitor.open(f"{bench.url}{path}")
    expect(page.locator(".shell .counts b").first).to_be_visible()
    return page
