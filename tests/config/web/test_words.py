import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import get_args

import pytest

from central.access import preview
from central.canteen.state import Problem
from central.commands.schemas import CommandState
from central.console import STATIC as CONSOLE
from central.firmware.schemas import BoardState, LeftOut, RolloutState
from central.recognition.schemas import Failure, Origin
from central.recognition.schemas import Verdict as PairVerdict
from central.retention.classes import CLASSES
from central.visits.schemas import VisitState
from config.contract.access import CredentialKind, DenialReason, DoorCommandOutcome, DoorState
from config.contract.access_lines import SENTENCES, places_of
from config.contract.access_terms import LockdownEffect, PassbackMode, TemporaryEffect
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from config.contract.command_events import CommandRefusal, LocalReason
from config.contract.events import EVENT_TYPES, EventClass
from config.contract.money import ChargeMode, OrderState
from config.contract.schedules import DayKind
from config.contract.video_events import MediaKind
from config.web import STATIC as SHARED
from drivers import base, speed_gate
from drivers.conformance.hints import SENTENCES as HINTS
from drivers.simulators.line import FAULTS
from edge.bench.device_session import State
from edge.bench.server import STATIC as BENCH
from edge.canteen.screen import TillPhase, TillRefusal
from edge.kiosk.app import STATIC as KIOSK
from edge.kiosk.app import TILL_STATIC as TILL
from edge.vision import liveness
from firmware_bridge.group import Health
from models.face.covers import Cover
from models.face.operating_point import ADVICE
from models.face.quality import QualityReason
from models.liveness import challenge, judgement
from models.liveness.challenge import Instruction
from models.liveness.types import Verdict

FOLDERS = (SHARED, CONSOLE, KIOSK, BENCH, TILL)
SOURCES = [p for folder in FOLDERS for p in folder.iterdir() if p.suffix in (".js", ".html")]
KEY = re.compile(r'(?<!includes\()(?<!may\()"([a-z_]+)\.([a-z_]+)"')
"""A key between quotation marks; permissions, that a session includes, look alike."""
PLACE = re.compile(r"\{(\w+)\}")


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((SHARED / f"{language}.json").read_text("utf-8"))
    return found


CHINESE, ENGLISH = words("zh-CN"), words("en")


def used_keys() -> set[str]:
    groups = {key.partition(".")[0] for key in CHINESE}
    found = (match for p in SOURCES for match in KEY.finditer(p.read_text("utf-8")))
    keys = {".".join(match.groups()) for match in found if match[1] in groups}
    # The console's table of looks is keyed by what stands after `event.`.
    return {k for k in keys if f"event.{k}" not in CHINESE and not k.endswith(".css")}


def test_both_languages_have_the_same_words_in_the_same_order() -> None:
    assert list(CHINESE) == list(ENGLISH)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_word_stands_twice(language: str) -> None:
    pairs = json.loads((SHARED / f"{language}.json").read_text("utf-8"), object_pairs_hook=list)

    assert [key for key, count in Counter(key for key, _ in pairs).items() if count > 1] == []


def test_both_languages_leave_the_same_places_for_values() -> None:
    assert {k: sorted(PLACE.findall(v)) for k, v in CHINESE.items()} == {
        k: sorted(PLACE.findall(v)) for k, v in ENGLISH.items()
    }


def test_every_key_that_a_page_uses_has_words() -> None:
    assert len(used_keys()) > 100
    assert used_keys() - CHINESE.keys() == set()


def test_every_word_is_used() -> None:
    text = "\n".join(p.read_text("utf-8") for p in SOURCES)
    groups = {"page", "event", "outcome", "reason", "credential", "liveness", "class", "pipeline",
              "state", "standing", "picture", "hint", "refusal", "way", "error", "bench_error",
              "transport", "side", "device_state", "device_kind", "hand", "hand_argument",
              "bench_fault", "bench_fault_text", "observed", "observed_field", "credential_kind",
              "condition", "quantity", "gate_fault", "health", "bench_hint", "advice",
              "self_test_failure", "verdict", "pair_origin", "pairs", "liveness_reason",
              "signal", "dropped", "cover", "ask", "mark", "visit_state", "rule_table",
              "change", "day", "passback_mode", "lockdown_effect", "access_check",
              "rule_field", "rule_setting", "rule_empty", "temporary_effect",
              "roster_column", "roster_row", "connector_failure",
              "roster_mistake", "roster_state", "import_kind", "audit_action",
              "audit_actor", "audit_object", "audit_purpose",
              "data_class", "data_ending", "role", "permission", "assessment", "assessment_basis",
              "assessment_column", "assessment_consent", "assessment_keys", "assessment_measure",
              "assessment_network", "assessment_pictures", "assessment_purpose",
              "assessment_remark", "assessment_uncovered",
              "consent_method", "consent_place", "deletion_reason",
              "command_kind", "command_state", "command_refusal", "local_reason",
              "fire_confirmed", "fire_outcome", "fire_heard", "fire_mode", "fire_report",
              "fire_cell", "fire_matrix", "fire_phase", "fire_warning",
              "bulk", "bulk_outcome", "bulk_advice", "signing_act", "signing_deed",
              "alarm_kind", "alarm_act", "alarm_mail", "alarm_figure", "alarm_verdict",
              "alarm_priority", "alarm_page", "channel_failure", "plan_kind", "media_kind",
              "webhook_off", "known_by", "local_sign_in", "second_factor",
              "desk", "shelf_reason", "patrol", "patrol_status",
              "area_hint", "area_way", "area_advice",
              "till_phase", "till_question", "till_asked", "till_mode", "till_scale",
              "till_sign_in", "till_refusal", "till_way", "till_why",
              "canteen_code", "canteen_kind", "canteen_tab", "canteen_wallet", "canteen_reason",
              "canteen_source", "canteen_purpose", "canteen_difference", "office",
              "canteen_part", "canteen_field", "canteen_limit", "canteen_unclaimed",
              "canteen_warning", "canteen_problem", "plan_fault", "mealplan", "kitchen",
              "order_state", "order_column", "drawer_figure", "drawer_kind",
              "payment_difference", "payment_line", "payment_question",
              "shift_head", "shift_kind", "shift_what", "event_head",
              "dispute_reason", "dispute_decision", "dispute_answer", "dispute_answer_hint",
              "canteen_list", "canteen_shown", "canteen_told", "canteen_decided", "canteen_link",
              "canteen_exception", "canteen_exception_why", "canteen_exception_way",
              "exception_decision", "exception_decision_hint", "block_reason", "debt_cause",
              "debt_cause_why", "debt_decision", "debt_decision_hint", "diner_debt",
              "payment_state", "payer_agreed",
              "board_tab", "board_filter", "board_fault", "board_part", "board_reason",
              "board_advice", "board_left_out", "rollout_hint", "rollout_stage", "rollout_state",
              "rollout_title", "disk", "clock"}  # fmt: skip

    unused = {k for k in ENGLISH if k.partition(".")[0] not in groups and f'"{k}"' not in text}

    assert unused - {"kiosk.in", "kiosk.out"} == set()


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("reason", DenialReason),
        ("refusal", DenialReason),
        ("media_kind", MediaKind),
        ("way", DenialReason),
        ("state", DoorState),
        ("credential", CredentialKind),
        ("outcome", DoorCommandOutcome),
        ("class", EventClass),
        ("hint", QualityReason),
        ("picture", QualityReason),
        ("dropped", QualityReason),
        ("cover", Cover),
        ("hint", Cover),
        ("hint", Instruction),
        ("liveness", Verdict),
        ("day", DayKind),
        ("passback_mode", PassbackMode),
        ("lockdown_effect", LockdownEffect),
        ("temporary_effect", TemporaryEffect),
        ("command_state", CommandState),
        ("command_refusal", CommandRefusal),
        ("local_reason", LocalReason),
        ("till_mode", ChargeMode),
        ("order_state", OrderState),
        ("canteen_exception", Problem),
        ("canteen_exception_why", Problem),
        ("canteen_exception_way", Problem),
        ("till_refusal", TillRefusal),
        ("till_way", TillRefusal),
        ("till_why", TillRefusal),
        ("board_reason", UpdateReason),
        ("board_advice", UpdateReason),
        ("board_part", UpdateStage),
        ("board_part", UpdateOutcome),
        ("board_part", BoardState),
        ("board_left_out", LeftOut),
        ("rollout_state", RolloutState),
    ],
)
def test_every_value_of_the_contract_has_words(group: str, values: type[StrEnum]) -> None:
    assert [v for v in values if f"{group}.{v.value}" not in ENGLISH] == []


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("credential_kind", base.CredentialKind),
        ("condition", base.PointCondition),
        ("state", base.GateState),
        ("side", base.Side),
        ("gate_fault", speed_gate.FAULTS),
        ("gate_fault", base.PRINTER_FAULTS),
        ("device_state", get_args(State)),
        ("board_fault", Health(~0).words),
        ("gate_fault", Health(~0).words),
        ("bench_fault", FAULTS),
        ("bench_fault_text", FAULTS),
        ("bench_hint", {sentence.partition(":")[0] for sentence in HINTS.values()}),
        ("observed", [kind.__name__ for kind in base.Observation.__subclasses__()]),
    ],
)
def test_every_value_of_the_drivers_has_words(group: str, values: Iterable[object]) -> None:
    names = [str(getattr(value, "value", value)) for value in values]

    assert [name for name in names if f"{group}.{name}" not in ENGLISH] == []


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("advice", ADVICE),
        ("verdict", get_args(PairVerdict)),
        ("pairs", get_args(PairVerdict)),
        ("pair_origin", get_args(Origin)),
        ("self_test_failure", get_args(Failure)),
        ("visit_state", get_args(VisitState)),
        ("till_phase", get_args(TillPhase)),
    ],
)
def test_every_value_of_recognition_has_words(group: str, values: Iterable[str]) -> None:
    assert [name for name in values if f"{group}.{name}" not in ENGLISH] == []


def test_every_answer_of_a_gate_that_did_not_do_it_says_what_to_do() -> None:
    failures = {*CommandRefusal, *CommandState} - {
        CommandState.WAITING, CommandState.TOLD, CommandState.DONE, CommandState.REFUSED,
    }  # fmt: skip

    assert {each for each in failures if f"area_advice.{each}" not in ENGLISH} == set()


def test_every_class_of_data_has_words() -> None:
    classes = [each for each in CLASSES if each.is_personal]
    wanted = {f"data_class.{c.name}" for c in classes} | {
        f"data_ending.{c.ending}" for c in classes
    }

    assert wanted - ENGLISH.keys() == set()


def test_every_table_of_the_access_model_has_words() -> None:
    tables = [*preview.TABLES, "settings"]

    assert [name for name in tables if f"rule_table.{name}" not in ENGLISH] == []


def test_every_line_of_the_access_check_has_words_for_what_it_says() -> None:
    words = {k.removeprefix("access_check."): v for k, v in CHINESE.items() if "access_check." in k}
    unsaid = {c: set(PLACE.findall(words.get(c, ""))) - places_of(s) for c, s in SENTENCES.items()}

    assert words.keys() == SENTENCES.keys()
    assert {code: places for code, places in unsaid.items() if places} == {}


def test_every_setting_of_the_access_model_has_words() -> None:
    assert [n for n in preview.SETTINGS if f"rule_setting.{n}" not in ENGLISH] == []


def test_a_fault_is_described_in_english_as_the_simulators_do() -> None:
    assert {k: f.text for k, f in FAULTS.items()} == {
        k: ENGLISH[f"bench_fault_text.{k}"] for k in FAULTS
    }


def test_every_reason_of_liveness_has_words() -> None:
    modules = (judgement, challenge, liveness)
    quoted = re.compile(r'(?:NO_\w+|NOT_\w+|reason|return).*"([a-z][a-z ]+)"')
    said = {r for m in modules for r in quoted.findall(inspect.getsource(m)) if " " in r}

    slugs = {reason.replace(" ", "_") for reason in said}

    assert len(slugs) > 12
    assert {slug for slug in slugs if f"liveness_reason.{slug}" not in ENGLISH} == set()


def test_every_event_type_has_words() -> None:
    names = [name.removeprefix("menshen.").removesuffix(".v1") for name in EVENT_TYPES]

    assert [name for name in names if f"event.{name}" not in ENGLISH] == []


def test_chinese_words_have_chinese_punctuation() -> None:
    mixed = re.compile(r"[一-鿿][,;:?!()]|[,;:?!(][一-鿿]")

    assert [v for v in CHINESE.values() if mixed.search(v)] == []


def test_english_words_have_no_chinese_in_them() -> None:
    assert [v for v in ENGLISH.values() if re.search(r"[　-鿿＀-￯]", v)] == []
