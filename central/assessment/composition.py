"""The document from the facts. Pure: the time, the site and the words are arguments."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from central.assessment.readers import roles_that_see
from central.assessment.schemas import (
    Assessment,
    ConsentLine,
    DataClassLine,
    MeasureLine,
    NetworkLine,
    PeoplePart,
    PermissionLine,
    PointLine,
    RecognitionPart,
    RoleLine,
    SelfTestLine,
    TemplatesPart,
    TerminalLine,
)
from central.assessment.words import Words
from central.consent.schemas import ConsentPurpose, ConsentText, StoredFaces
from central.recognition.repository import DoneTest
from central.retention.schemas import RetentionLine
from central.roles import ROLES
from config.site import Site
from models.catalogue import Network, catalogue
from models.face.demand import rates_of
from models.face.operating_point import OperatingPoint

PURPOSES: Final = ("passage", "safety", "evidence", "administration")
"""Why anything is processed at all; words ``assessment_purpose.NAME``."""
MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "alternatives": (),
    "consent": (),
    "deletion": ("8.1.4.10 a, b",),
    "encryption": ("8.1.4.8 b",),
    "transport": ("8.1.4.1 c", "8.1.4.8 a"),
    "integrity": ("8.1.4.7 a", "8.1.4.7 b"),
    "retention": ("8.1.4.11 a",),
    "rights": ("8.1.4.2 a, d", "8.1.4.2 e, f", "8.1.4.11 b"),
    "sign_in": ("8.1.4.1 a", "8.1.4.1 b", "8.1.4.1 d"),
    "audit": ("8.1.4.3 a, b", "8.1.4.3 c", "8.1.4.3 d"),
    "duties": ("8.1.5.1", "8.1.5.2", "8.1.5.3"),
}
"""What protects people, with the lines of ``docs/mlps.md`` that name its tests; words
``assessment_measure.NAME``."""
UNCOVERED: Final = (
    "necessity", "filing", "cameras", "signs", "physical", "backups", "network_trained",
    "postgresql", "processors",
)  # fmt: skip
"""What the program cannot answer for; words ``assessment_uncovered.NAME``."""
PIPELINE_OF_LIVENESS: Final = "liveness"
_DAY_H: Final = 24


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCount:
    """How many consents for one purpose stand, by where the template lies."""

    purpose: ConsentPurpose
    place: Literal["central", "terminal"]
    count: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the site at one moment.

    Attributes:
        retention: The table, as ``GET /retention`` shows it.
        texts: Every version; the newest of each purpose counts.
        central_face_count: People with a template at central.
        points: Operating points by access point with a camera, with how many are searched there.
    """

    made_at: datetime
    site: Site
    retention: Sequence[RetentionLine]
    faces: StoredFaces
    texts: Sequence[ConsentText]
    consents: Sequence[ConsentCount]
    central_face_count: int
    terminals: Sequence[TerminalLine]
    points: Mapping[str, tuple[int, OperatingPoint]]
    self_test: DoneTest | None


def compose(facts: Facts, words: Words) -> Assessment:
    """Return the document."""
    identity = facts.site.site
    return Assessment(
        made_at=facts.made_at,
        language=words.language,
        site=identity.id,
        site_name=identity.name.get(words.language) or identity.id,
        time_zone=identity.time_zone,
        purposes=[words.say(f"assessment_purpose.{name}") for name in PURPOSES],
        data=_data(facts.retention, words),
        roles=[_role(name, words) for name in ROLES],
        recognition=_recognition(facts, words),
        people=PeoplePart(
            with_face=facts.faces.count,
            without_face=facts.faces.faceless_count,
            level=facts.faces.level,
        ),
        consents=_consents(facts, words),
        templates=_templates(facts, words),
        measures=[
            MeasureLine(name=name, words=words.say(f"assessment_measure.{name}"), clauses=[*lines])
            for name, lines in MEASURES.items()
        ],
        uncovered=[words.say(f"assessment_uncovered.{name}") for name in UNCOVERED],
    )


def _data(lines: Sequence[RetentionLine], words: Words) -> list[DataClassLine]:
    found = dict[str, DataClassLine]()
    for line in lines:
        place = line.node or "central"
        if (known := found.get(line.name)) is not None:
            known.places.append(place)
            known.is_overdue |= line.is_overdue
            continue
        found[line.name] = DataClassLine(
            name=line.name,
            words=words.say(f"data_class.{line.name}"),
            places=[place],
            kept_h=line.kept_h,
            kept_words=_kept(line, words),
            setting=line.setting,
            roles=roles_that_see(line.name),
            is_overdue=line.is_overdue,
        )
    return list(found.values())


def _kept(line: RetentionLine, words: Words) -> str:
    hours = line.kept_h
    if hours is None or (hours == 0 and line.ending == "expiry"):
        return words.say(f"data_ending.{line.ending}")
    if hours % _DAY_H:
        return words.say("privacy.hours", n=f"{hours:g}")
    return words.say("privacy.days", n=f"{hours / _DAY_H:g}")


def _role(name: str, words: Words) -> RoleLine:
    return RoleLine(
        name=name,
        words=words.say(f"role.{name}"),
        permissions=[
            PermissionLine(name=each, words=words.say(f"permission.{each.replace('.', '_')}"))
            for each in sorted(ROLES[name])
        ],
    )


def _recognition(facts: Facts, words: Words) -> RecognitionPart:
    settings, test = facts.site.recognition, facts.self_test
    return RecognitionPart(
        pipeline=settings.pipeline,
        strangers=settings.strangers,
        measured_on=rates_of(settings).data,
        networks=[_network(each, facts.site, words) for each in catalogue()],
        points=[
            PointLine(
                access_point=name,
                people=people,
                accept=point.accept,
                step_up=point.step_up,
                strangers_per_try=point.fpir_per_try,
                refused=point.fnir_expected,
                basis=point.basis,
                basis_words=words.say(f"assessment_basis.{point.basis}"),
                holds=point.holds,
            )
            for name, (people, point) in facts.points.items()
        ],
        self_test=None
        if test is None
        else SelfTestLine(
            finished_at=test.finished_at,
            people_count=test.result.people_count,
            comparison_count=test.result.comparison_count,
            pair_count=test.result.pair_count,
        ),
    )


def _network(network: Network, site: Site, words: Words) -> NetworkLine:
    asks_liveness = any(p.camera is not None and p.liveness != "off" for p in site.access_point)
    used = {site.recognition.pipeline, *([PIPELINE_OF_LIVENESS] if asks_liveness else [])}
    return NetworkLine(
        name=network.name,
        role=network.role,
        role_words=words.say(f"assessment_network.{network.role.replace('-', '_')}"),
        origin=network.origin,
        licence=network.licence,
        sha256=network.sha256,
        is_used=bool(used.intersection(network.pipelines)),
        refused_one_picture=network.fnir_at_fpir_0001_n1000,
        refused_three_pictures=network.fnir_at_fpir_0001_n1000_mean_of_three,
        remark=network.remark,
        remark_words=None
        if network.remark is None
        else words.say(f"assessment_remark.{re.sub('[^a-z0-9]', '_', network.name)}"),
    )


def _consents(facts: Facts, words: Words) -> list[ConsentLine]:
    newest = dict[ConsentPurpose, ConsentText]()
    for text in facts.texts:
        if text.purpose not in newest or newest[text.purpose].version < text.version:
            newest[text.purpose] = text
    standing = {(each.purpose, each.place): each.count for each in facts.consents}
    return [
        ConsentLine(
            purpose=purpose,
            purpose_words=words.say(f"assessment_consent.{purpose}"),
            central_count=standing.get((purpose, "central"), 0),
            terminal_count=standing.get((purpose, "terminal"), 0),
            text_version=text.version,
            text_made_at=text.made_at,
            text=text.zh_cn if words.language == "zh-CN" else text.en,
            is_shipped=text.is_shipped,
        )
        for purpose, text in newest.items()
    ]


def _templates(facts: Facts, words: Words) -> TemplatesPart:
    policy = facts.site.policy
    kept = "kept" if policy.keep_enrolment_pictures else "none"
    return TemplatesPart(
        central_count=facts.central_face_count,
        keys=policy.terminal_keys,
        keys_words=words.say(f"assessment_keys.{policy.terminal_keys}"),
        keeps_pictures=policy.keep_enrolment_pictures,
        pictures_words=words.say(f"assessment_pictures.{kept}"),
        terminals=list(facts.terminals),
    )
