"""How often a whole approach passes, how often a stranger does, and what covers on the face cost.

``uv run python -m benchmarks.face_approaches --json FILE``. Ten people of LFW, three pictures of
each enrolled, among 990 drawn people (``benchmarks.face_simulated_gallery``); every other still
becomes an approach (``benchmarks.face_stills``) through the real ``Recogniser`` with the quality
gate and the site's default thresholds, by a virtual clock. The first attempt counts and there is
no second one. Intervals take approaches as independent; those of one person are not.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.face_conditions import measure_conditions, templates_of
from benchmarks.face_networks import networks, pipelines, shared_folder
from benchmarks.face_passes import (
    PASSED,
    PICTURES,
    SCENARIOS,
    WRONG_PERSON,
    Outcome,
    Simulation,
    Still,
    demand_of,
    read_stills,
)
from benchmarks.face_stills import CONDITIONS
from benchmarks.face_videos import measure_videos
from benchmarks.measure import write_json
from benchmarks.rates import Share
from config.contract.access import DenialReason
from config.demo.report import describe_machine
from edge.vision.liveness import LivenessPolicy
from models.face.types import Pipeline, Points
from models.liveness import Liveness, open_liveness
from models.liveness.policy import Policy
from models.store import StoreError

PEOPLE: Final = Path("faces", "lfw10x10")
OTHERS: Final = Path("faces", "face_recognition")
OTHER_PICTURES: Final = (
    "test_images/biden.jpg", "test_images/obama.jpg", "test_images/obama2.jpg",
    "test_images/obama3.jpg", "examples/alex-lacamoire.png", "examples/lin-manuel-miranda.png",
    "examples/two_people.jpg",
)  # fmt: skip
"""Different pictures of people who are not among the ten."""
VIDEOS: Final = Path("faces", "video")
ROUNDS: Final = {"production": 3, "builtin": 1}
"""How often other three pictures are enrolled; the built-in networks take long."""
STRANGER_STILLS: Final = {"production": 10, "builtin": 5}
CARD: Final = frozenset({DenialReason.WEAK_FACE, DenialReason.DOUBTFUL_FACE})
"""What a card settles."""

Advance = Callable[[], None]
Enrolled = Mapping[str, frozenset[str]]


def enrolments(stills: Sequence[Still]) -> list[Enrolled]:
    """Return, by person, the names of the stills enrolled in each round."""
    people: dict[str, list[str]] = {}
    for still in stills:
        people.setdefault(still.person, []).append(still.name)
    rounds = range(max(ROUNDS.values()))
    return [
        {
            person: frozenset(sorted(names)[PICTURES * index : PICTURES * (index + 1)])
            for person, names in people.items()
        }
        for index in rounds
    ]


def summary(outcomes: Sequence[Outcome], wanted: str) -> dict[str, Any]:
    """Return the shares of a wanted ending, by the track and by its first good frame alone."""
    of = len(outcomes)
    by_card = sum(outcome.track in CARD for outcome in outcomes)
    return {
        "track": Share(sum(o.track == wanted for o in outcomes), of).as_json(),
        "one_frame": Share(sum(o.one_frame == wanted for o in outcomes), of).as_json(),
        "card_asked": Share(by_card, of).as_json(),
        "decisions": dict(Counter(o.track for o in outcomes).most_common()),
        "decisions_one_frame": dict(Counter(o.one_frame for o in outcomes).most_common()),
        "decided_by_mean": sum(outcome.is_mean for outcome in outcomes),
    }


def measure_passes(
    pipeline: Pipeline, stills: Sequence[Still], others: Sequence[Still], advance: Advance
) -> dict[str, dict[str, Any]]:
    """Return, for each scenario, the enrolled people's and the strangers' approaches."""
    simulation, named = Simulation(pipeline), {still.name: still for still in stills}
    own: dict[str, list[Outcome]] = {scenario.name: [] for scenario in SCENARIOS}
    strange: dict[str, list[Outcome]] = {scenario.name: [] for scenario in SCENARIOS}
    rounds = enrolments(stills)
    for enrolled in rounds[: ROUNDS[pipeline.name]]:
        templates = templates_of(pipeline, named, enrolled)
        for still in stills:
            if still.name not in enrolled[still.person]:
                for name, outcome in simulation.outcomes(still, templates, SCENARIOS).items():
                    own[name].append(outcome)
                advance()
    templates = templates_of(pipeline, named, rounds[0])
    for still in [*strangers(stills, STRANGER_STILLS[pipeline.name]), *others]:
        rest = {person: row for person, row in templates.items() if person != still.person}
        for name, outcome in simulation.outcomes(still, rest, SCENARIOS).items():
            strange[name].append(outcome)
        advance()
    return {
        scenario.name: {
            "accept": demand_of(pipeline.name, scenario.demand_factor).accept,
            "step_up": demand_of(pipeline.name, scenario.demand_factor).step_up,
            "enrolled": summary(own[scenario.name], PASSED),
            "strangers": summary(strange[scenario.name], WRONG_PERSON),
        }
        for scenario in SCENARIOS
    }


def strangers(stills: Sequence[Still], count: int) -> list[Still]:
    """Return so many stills of each person; that person is taken out of the gallery then."""
    taken: Counter[str] = Counter()
    found = []
    for still in stills:
        taken[still.person] += 1
        if taken[still.person] <= count:
            found.append(still)
    return found


def liveness_of_stills(
    pipeline: Pipeline, liveness: Liveness, stills: Sequence[Still], advance: Advance
) -> dict[str, Any]:
    """Return the verdicts on approaches that are photographs, which a gate should not call live."""
    rule = LivenessPolicy(Policy.PASSIVE_STEP_UP, liveness)
    simulation, named = Simulation(pipeline, rule), {still.name: still for still in stills}
    enrolled, verdicts = enrolments(stills)[0], Counter[str]()
    templates = templates_of(pipeline, named, enrolled)
    for still in stills:
        if still.name not in enrolled[still.person]:
            outcome = simulation.outcomes(still, templates, SCENARIOS[:1])[SCENARIOS[0].name]
            verdicts[outcome.verdict or "no attempt"] += 1
            advance()
    return {
        "verdicts": dict(verdicts),
        "live": Share(verdicts["live"], verdicts.total()).as_json(),
    }


def read_people(pipeline: Pipeline, folder: Path) -> list[Still]:
    """Return the stills of a folder of people.

    Raises:
        SystemExit: It is not there, or has too few pictures of somebody.
    """
    if not folder.is_dir():
        raise SystemExit(f"no photographs in {folder}: set MENSHEN_SHARED to the test data")
    stills = []
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(person.glob("*.jpg"))
        if len(paths) < PICTURES * max(ROUNDS.values()):
            raise SystemExit(f"too few photographs in {person}")
        stills += read_stills(pipeline, person.name, paths)
    return stills


def measure(
    pipeline: Pipeline,
    shared: Path,
    points: dict[str, Points],
    progress: Progress,
) -> dict[str, Any]:
    """Measure one pipeline's approaches and conditions.

    Args:
        pipeline: Under test.
        shared: Folder of test data.
        points: Landmarks of the stills, which the production pipeline fills in and the others
            take: so all see the same covers.
        progress: Where to show it.
    """
    task = progress.add_task(pipeline.name, total=None)
    stills = read_people(pipeline, shared / PEOPLE)
    others = read_stills(pipeline, "other", [shared / OTHERS / name for name in OTHER_PICTURES])
    enrolled_count = PICTURES * len({still.person for still in stills})
    own_count = (len(stills) - enrolled_count) * ROUNDS[pipeline.name]
    strange_count = len(strangers(stills, STRANGER_STILLS[pipeline.name])) + len(others)
    progress.update(task, total=own_count + strange_count)
    passes = measure_passes(pipeline, stills, others, lambda: progress.advance(task))
    if pipeline.name == "production":
        points |= {
            still.name: still.face.points
            for still in stills
            if still.face is not None and still.face.points is not None
        }
    task = progress.add_task(f"{pipeline.name}, covers", total=len(points) * len(CONDITIONS))
    conditions = measure_conditions(
        pipeline, stills, points, enrolments(stills), lambda: progress.advance(task)
    )
    return {"passes": passes, "conditions": conditions}


def measure_liveness(
    pipeline: Pipeline, liveness: Liveness, shared: Path, progress: Progress
) -> dict[str, Any]:
    """Return what liveness says of photographs that approach, and of filmed people."""
    stills = read_people(pipeline, shared / PEOPLE)
    enrolled_count = PICTURES * len({still.person for still in stills})
    task = progress.add_task("liveness", total=len(stills) - enrolled_count)
    photographs = liveness_of_stills(pipeline, liveness, stills, lambda: progress.advance(task))
    rule = LivenessPolicy(Policy.PASSIVE, liveness)
    videos = measure_videos(pipeline, rule, sorted((shared / VIDEOS).glob("*.mp4")))
    return {"networks": liveness.networks, "stills": photographs, "videos": videos}


def run(shared: Path, found: Mapping[str, Pipeline | None], liveness: Liveness) -> dict[str, Any]:
    """Measure all pipelines that are there."""
    result: dict[str, Any] = {"absent": [name for name, each in found.items() if each is None]}
    points: dict[str, Points] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for name, pipeline in found.items():
            if pipeline is not None:
                result[name] = measure(pipeline, shared, points, progress)
        production = found["production"]
        if production is not None and liveness.networks:
            result["liveness"] = measure_liveness(production, liveness, shared, progress)
    return result


def text(share: Mapping[str, Any]) -> str:
    """Return a share of a result for a table."""
    return str(Share(share["count"], share["of"]))


def covers(name: str, conditions: Mapping[str, Any]) -> Table:
    """Return what covers on the face cost, as a table."""
    columns = {
        "not found": "not_found",
        "gate refuses": "gate_refused",
        "below accept": "below_accept_shipped",
        "below card": "below_step_up_shipped",
        "below accept, factor 1": "below_accept_press",
    }
    table = Table(f"{name}, %, simulated", *columns, "n")
    for condition, row in conditions.items():
        cells = []
        for key in columns.values():
            low, high = row[key]["interval"]
            share = f"{row[key]['rate']:.1%}" if row[key]["of"] else "none"
            cells.append(f"{share}\n{low:.1%}..{high:.1%}".replace("%", ""))
        table.add_row(condition, *cells, str(row["below_accept_shipped"]["of"]))
    return table


def show(result: Mapping[str, Any]) -> None:
    """Print the tables."""
    console = Console()
    for name in ROUNDS:
        if name not in result:
            console.print(f"not measured, its files are absent: {name}")
            continue
        table = Table(f"{name}, 1,000 enrolled", "track", "first good frame", "card asked")
        for scenario, row in result[name]["passes"].items():
            title = f"{scenario} (accept {row['accept']:.3f}, card {row['step_up']:.3f})"
            table.add_section()
            table.add_row(title)
            for who, what in (("enrolled", "pass"), ("strangers", "pass as somebody")):
                part = row[who]
                shares = (text(part[key]) for key in ("track", "one_frame", "card_asked"))
                table.add_row(f"{who} {what}", *shares)
                table.add_row("", str(part["decisions"]))
        console.print(table)
        console.print(covers(name, result[name]["conditions"]))
    console.print_json(data=result.get("liveness", "no liveness networks"))
    console.print(result["machine"])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.face_approaches", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        with networks() as store:
            result = run(shared_folder(), pipelines(store), open_liveness(store))
    except StoreError as error:
        raise SystemExit(str(error)) from error
    result["machine"] = describe_machine()
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
