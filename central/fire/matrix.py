"""The cause-and-effect matrix: what each zone does to each output, and who has tested it last.

A cell is tested two ways. *Wired*: the gate said by itself that its emergency input was open while
nothing of ours released it. *Ours*: the gate confirmed our release. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Row

from central.fire.gates import expected
from central.fire.schemas import Matrix, MatrixCell, MatrixRow, Way
from config.site import Site

DAYS_PER_MONTH: Final = 30.44
Cells = Mapping[tuple[str, str, Way], Row[Any]]
Offers = Mapping[tuple[str, str, Way], tuple[datetime, str]]


def matrix(site: Site, results: Iterable[Row[Any]], offers: Offers, *, now: datetime) -> Matrix:
    """Return every cell of the site file.

    Args:
        site: The whole site.
        results: Signed tests, the oldest first; of each cell and way the newest holds.
        offers: What central has seen, and when, by zone, output and way.
        now: Aware UTC.
    """
    newest: dict[tuple[str, str, Way], Row[Any]] = {
        (row.zone, row.output, row.way): row for row in results
    }
    months = site.policy.fire_test_months
    kept = timedelta(days=DAYS_PER_MONTH * months)
    return Matrix(
        at=now,
        months=months,
        rows=[
            MatrixRow(
                zone=zone.id,
                zone_name={str(language): name for language, name in zone.name.items()},
                output=gate.key,
                output_name=gate.name,
                node=gate.node,
                wired=_cell((zone.id, gate.key, "wired"), newest, offers, now=now, kept=kept),
                ours=_cell((zone.id, gate.key, "ours"), newest, offers, now=now, kept=kept),
            )
            for zone in site.fire_zone
            for gate in expected(site, zone.id)
        ],
    )


def _cell(
    key: tuple[str, str, Way], newest: Cells, offers: Offers, *, now: datetime, kept: timedelta
) -> MatrixCell:
    row, offer = newest.get(key), offers.get(key)
    is_newer = offer is not None and (row is None or offer[0] > row.tested_at)
    offered = offer[1] if offer is not None and is_newer else None
    if row is None:
        return MatrixCell(
            way=key[2], state="untested", tested_at=None, tested_by=None, remark="", seen=None,
            offered=offered,
        )  # fmt: skip
    state: Literal["passed", "failed", "outdated"] = "passed" if row.is_passed else "failed"
    if row.is_passed and now - row.tested_at > kept:
        state = "outdated"
    return MatrixCell(
        way=key[2],
        state=state,
        tested_at=row.tested_at,
        tested_by=row.tested_by,
        remark=row.remark,
        seen=row.seen,
        offered=offered,
    )
