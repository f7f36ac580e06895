"""Cases of each endpoint, made by Schemathesis from the description, asked by everybody."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import hypothesis
import schemathesis
from schemathesis import APIOperation, Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from central.openapi import api_description
from central.roles import ROLES
from tests.central.bench import Bench
from tests.system.api.askers import DINER, NOBODY, NODE, OUTSIDE, TOKEN, Askers
from tests.system.api.judging import Judge

EVERYBODY: Final = (NOBODY, *ROLES, TOKEN, NODE, DINER, OUTSIDE)
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
LEFT_OUT: Final = frozenset({"X-Schemathesis-TestCaseId", "Authorization", "Cookie", "Host"})
"""Headers that are whoever asks', not the case's."""


@dataclasses.dataclass(slots=True)
class Outcome:
    """What came of it. Attributes: complaints: each once, with who asked first and what."""

    operations: int = 0
    cases: int = 0
    requests: int = 0
    server_errors: int = 0
    unauthorised: int = 0
    complaints: dict[str, str] = dataclasses.field(default_factory=dict)
    left_out: list[str] = dataclasses.field(default_factory=list)


def ask_everything(
    bench: Bench,
    *,
    examples: int,
    seed: int,
    seconds: float,
    only: str = "",
    everybody: Sequence[str] = EVERYBODY,
) -> Outcome:
    """Ask every endpoint; bounded by cases for each and by time for all.

    Args:
        bench: A central with some data.
        examples: Cases of each endpoint and kind (as described, and not as described).
        seed: The same one asks the same.
        seconds: After so long no further endpoint is begun; ``left_out`` says which were not.
        only: Endpoints whose name holds this.
        everybody: Who asks each case.
    """
    outcome, judge, askers = Outcome(), Judge(), Askers(bench)
    deadline_s = time.monotonic() + seconds
    try:
        for operation in _operations(only):
            if time.monotonic() > deadline_s:
                outcome.left_out.append(operation.label)
                continue
            outcome.operations += 1
            for mode in MODES:
                for case in _cases(operation, mode, examples=examples, seed=seed):
                    outcome.cases += 1
                    for who in everybody:
                        _ask(outcome, judge, askers, bench.url, who, case)
    finally:
        askers.close()
    return outcome


def _operations(only: str) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(api_description())
    for found in schema.get_all_operations():
        if isinstance(found, Ok) and only in found.ok().label:
            yield found.ok()


def _cases(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, *, examples: int, seed: int
) -> list[Case[Any]]:
    found = list[Case[Any]]()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(mode))
    def collect(case: Case[Any]) -> None:
        found.append(case)

    try:
        collect()
    except hypothesis.errors.Unsatisfiable:
        # Nothing can be wrong with a request that has neither parameters nor a body.
        return []
    return found[:examples]


def _ask(
    outcome: Outcome, judge: Judge, askers: Askers, url: str, who: str, case: Case[Any]
) -> None:
    name = case.operation.label
    sent = case.as_transport_kwargs(base_url=url)
    sent["headers"] = {k: v for k, v in sent["headers"].items() if k not in LEFT_OUT}
    sent["cookies"] = None
    if isinstance(sent.get("params"), dict) and "wait" in sent["params"]:
        # A long poll has tests of its own.
        sent["params"] = {**sent["params"], "wait": 0}
    try:
        answer = askers.ask(who, sent, may=judge.may(name, who))
    except (UnicodeError, ValueError) as error:
        outcome.complaints.setdefault(f"{name}: cannot be sent: {type(error).__name__}", who)
        return
    outcome.requests += 1
    found = judge.complaints(name, who, case, answer)
    outcome.server_errors += answer.status >= 500
    outcome.unauthorised += any("not refused" in each for each in found)
    for complaint in found:
        content = sent.get("json") or sent.get("data") or ""
        asked = f"{who}: {answer.status} {answer.response.request.url} {content}"
        outcome.complaints.setdefault(f"{name} {complaint}", asked[:600])
