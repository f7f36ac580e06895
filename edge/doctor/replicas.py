"""What the terminals of this machine know of people, read from their files."""

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from config.contract.nodes import HolderRecord, SitePairsRecord
from config.doctor.findings import Finding, Level
from config.site import Site
from edge.replica_age import KeptAge
from models.face.demand import pictures_of


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolment:
    """Who is enrolled, as a terminal knows.

    Attributes:
        pictures: Of who has the fewest; see ``models.face.demand.pictures_of``.
        others: People whose face is of another network than this machine's.
        site_pairs: Of the newest gallery self-test that the terminal knows of.
    """

    people: int = 0
    pictures: int = 1
    others: int = 0
    site_pairs: SitePairsRecord | None = None


def judge_ages(site: Site, ages: Mapping[str, KeptAge], *, now: datetime) -> Iterator[Finding]:
    """Yield how old what each terminal of this machine knows was, as it was last kept.

    Args:
        site: Has the limit.
        ages: By the terminal's folder.
        now: Aware UTC.
    """
    limit_h = site.policy.replica_age_h_max
    for name, kept in sorted(ages.items()):
        check = f"people and rules of {name}"
        age_h = (kept.age_s + max(0.0, (now - kept.at).total_seconds())) / 3600
        if age_h <= limit_h:
            yield Finding(check, Level.OK, f"central confirmed them {age_h:.1f} h ago")
            continue
        yield Finding(
            check,
            Level.PROBLEM,
            f"central last confirmed them {age_h:.0f} h ago, and the site allows {limit_h} h:"
            f" the degraded rule holds ({site.policy.replica_outdated})",
            "look why this terminal does not reach central",
        )


def ages_here(home: Path) -> dict[str, KeptAge]:
    """Return how old the replica of each terminal here was; an older file does not say."""
    found = dict[str, KeptAge]()
    for path in home.glob("edge-*/replica.sqlite3"):
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        ):
            age_s, at = connection.execute("SELECT age_s, age_at FROM replica").fetchone()
            if at is not None:
                found[path.parent.name] = KeptAge(age_s, datetime.fromisoformat(at))
    return found


def judge_networks(enrolment: Enrolment) -> Iterator[Finding]:
    """Yield how many faces this machine cannot compare."""
    if enrolment.others:
        message = (
            f"{enrolment.others} people are not recognised: their faces are of another network"
        )
        advice = "`menshen people migrate` at central says who must be enrolled again"
        yield Finding("enrolment", Level.WARNING, message, advice)


def enrolled_here(home: Path, network: str | None) -> Enrolment:
    """Return who this machine's largest replica holds."""
    found = [Enrolment()]
    for path in home.glob("edge-*/replica.sqlite3"):
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        ):
            rows = connection.execute("SELECT document FROM holder").fetchall()
            people = [HolderRecord.model_validate_json(document) for (document,) in rows]
            faces = [person.templates for person in people if person.templates]
            comparable = [t for templates in faces for t in templates if t.network == network]
            others = sum(all(t.network != network for t in templates) for templates in faces)
            found.append(
                Enrolment(
                    people=len(people),
                    pictures=pictures_of({t.picture_count for t in comparable}),
                    others=0 if network is None else others,
                    site_pairs=_site_pairs(connection),
                )
            )
    return max(found, key=lambda each: each.people)


def _site_pairs(connection: sqlite3.Connection) -> SitePairsRecord | None:
    """Return what a replica says of the site's pairs; a file of version 1 has no such column."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < 2:
        return None
    (text,) = connection.execute("SELECT site_pairs FROM replica").fetchone()
    return None if text is None else SitePairsRecord.model_validate_json(text)
