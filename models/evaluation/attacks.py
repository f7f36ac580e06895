"""Error rates of liveness on a folder: ``live/``, and a folder for each kind of attack.

A picture is one presentation, looked at once; so is a short film, which is looked at ten times a
second as a gate does, until the passive policy knows what follows or its time is up. What a gate
lets pass, sends to the card reader, or refuses is counted for each kind.

Source: terms of ISO/IEC 30107-3 (edition unconfirmed): APCER, BPCER, non-response.
"""

import dataclasses
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from models.evaluation.folder import (
    EvaluationError,
    OnProgress,
    contents,
    entries,
    is_folder,
    is_picture,
    read_picture,
    shrunk,
)
from models.evaluation.notes import below, counted
from models.evaluation.statistics import Interval, wilson_interval
from models.face.picture import PictureError
from models.face.types import Box, Face, Image, Pipeline
from models.liveness import STILL_LIMITS, Liveness, LivenessLook, judge
from models.liveness.liveness import ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE
from models.liveness.policy import Outcome, Policy, outcome

LIVE: Final = "live"
FILM_SUFFIXES: Final = frozenset({".mp4", ".m4v", ".avi", ".mov", ".mkv", ".webm"})
LOOKS_PER_S: Final = 10
LOOK_S_MAX: Final = 1.5
"""So long a gate looks again before it asks for a card."""
WAIT_S_MAX: Final = 10.0
"""A film that shows no face so long shows none."""
FRAMES_PER_S: Final = 30.0
"""Of films that do not say."""
FACE_SIZE_PX_MIN: Final = 80
AV_LOG_QUIET: Final = "-8"
PAIR: Final = (ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE)
FEW: Final = 100
"""Attacks of one kind; with fewer, none that passed does not mean few."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Presentations:
    """What became of one kind; every interval is Wilson's, 95 %.

    Attributes:
        passed: Taken for live.
        stepped_up: Asked for a card, because the signals left a doubt.
        refused: Taken for an attack.
        no_face: Non-responses: no face was found. They are in no rate.
        unreadable: Files that are no usable pictures or films, with the reason.
    """

    passed: int = 0
    stepped_up: int = 0
    refused: int = 0
    no_face: int = 0
    unreadable: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def n(self) -> int:
        """Presentations that were judged."""
        return self.passed + self.stepped_up + self.refused

    def share(self, count: int) -> float | None:
        """Return a count as a share of those that were judged; None where none was."""
        return count / self.n if self.n else None

    def interval(self, count: int) -> Interval | None:
        """Return the interval of that share."""
        return wilson_interval(count, self.n)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttackReport:
    """All figures of one run.

    Attributes:
        live: Of living people; None where the folder has none.
        attacks: By kind, at least one of both.
        networks: Liveness networks that looked.
        notes: What was left out or cannot be said, each one line.
    """

    pipeline: str
    live: Presentations | None
    attacks: Mapping[str, Presentations]
    networks: tuple[str, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the document that other programs read."""
        live = self.live or Presentations()
        every = {**({LIVE: live} if self.live else {}), **self.attacks}
        kinds = self.attacks.items()
        shares = [kind.share(kind.passed) for kind in self.attacks.values()]
        return {
            "apcer": {name: kind.share(kind.passed) for name, kind in kinds},
            "bpcer": live.share(live.refused),
            "n": {name: kind.n for name, kind in every.items()},
            "apcer_interval": {name: kind.interval(kind.passed) for name, kind in kinds},
            "apcer_worst": max((share for share in shares if share is not None), default=None),
            "bpcer_interval": live.interval(live.refused),
            "step_up": {name: kind.share(kind.stepped_up) for name, kind in every.items()},
            "refused": {name: kind.share(kind.refused) for name, kind in every.items()},
            "no_face": {name: kind.no_face for name, kind in every.items()},
            "unreadable": {name: len(kind.unreadable) for name, kind in every.items()},
            "pipeline": self.pipeline,
            "networks": self.networks,
            "policy": Policy.PASSIVE.value,
            "protocol": PROTOCOL,
            "notes": self.notes,
        }


PROTOCOL: Final = (
    "APCER: share of attacks taken for live; BPCER: share of living people taken for an attack; "
    "a doubt asks for a card and is neither (step_up). One presentation = one picture, looked at "
    f"once, or one film, looked at {LOOKS_PER_S} times a second for up to {LOOK_S_MAX} s from the "
    "first face on; largest face; presentations without a face are in no rate (no_face). "
    "Intervals: Wilson, 95 %."
)


def evaluate_attacks(
    folder: Path, pipeline: Pipeline, liveness: Liveness, *, on_progress: OnProgress
) -> AttackReport:
    """Measure liveness on a folder that holds ``live/`` and a folder for each kind of attack.

    Args:
        folder: Of pictures and films.
        pipeline: Which finds the faces.
        liveness: With the networks that a gate would use, at least one of the anti-spoof pair.
        on_progress: Is called with the count of files that are done, and of all.

    Raises:
        EvaluationError: Nothing can be measured.
    """
    _silence()
    found = entries(folder)
    kinds = {path.name: files for path in found if is_folder(path) and (files := _files(path))}
    if not kinds:
        raise EvaluationError(
            f"{folder} holds no folder with pictures or films: it needs {LIVE}/ with living "
            "people, and a folder for each kind of attack"
        )
    total, done = sum(map(len, kinds.values())), 0
    counts = dict[str, Presentations]()
    for name, files in kinds.items():
        before = done

        def show(count: int, before: int = before) -> None:
            on_progress(before + count, total)

        counts[_shown(name)] = _count(files, folder, pipeline, liveness, show)
        done += len(files)
    if all(not kind.n and not kind.no_face for kind in counts.values()):
        name, why = next((k, v) for kind in counts.values() for k, v in kind.unreadable.items())
        raise EvaluationError(f"none of {total} files in {folder} can be read; {name}: {why}")
    live = next((name for name in counts if name.casefold() == LIVE), None)
    stray_count = sum(is_picture(path) or _is_film(path) for path in found)
    return AttackReport(
        pipeline=pipeline.name,
        live=None if live is None else counts[live],
        attacks={name: kind for name, kind in counts.items() if name != live},
        networks=liveness.networks,
        notes=tuple(_notes(counts, live, stray_count, liveness)),
    )


def _silence() -> None:
    """Keep FFmpeg from telling of damaged films in its own way; it asks once, at its first film."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", AV_LOG_QUIET)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def _shown(name: str) -> str:
    return below(Path(name), Path())


def _files(folder: Path) -> list[Path]:
    found = contents(folder)
    return sorted([*found.pictures, *(path for path in found.others if _is_film(path))])


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in FILM_SUFFIXES


def _count(
    files: Sequence[Path],
    folder: Path,
    pipeline: Pipeline,
    liveness: Liveness,
    on_progress: Callable[[int], None],
) -> Presentations:
    outcomes, unreadable, no_face = list[Outcome](), dict[str, str](), 0
    for index, path in enumerate(files):
        on_progress(index)
        try:
            what = present(path, pipeline, liveness)
        except PictureError as error:
            unreadable[below(path, folder)] = str(error)
            continue
        if what is None:
            no_face += 1
        else:
            outcomes.append(what)
    on_progress(len(files))
    return Presentations(
        passed=outcomes.count(Outcome.PASS),
        stepped_up=outcomes.count(Outcome.STEP_UP),
        refused=outcomes.count(Outcome.REFUSE),
        no_face=no_face,
        unreadable=unreadable,
    )


def present(path: Path, pipeline: Pipeline, liveness: Liveness) -> Outcome | None:
    """Return what the passive policy makes of one picture or film; None where no face is found.

    Raises:
        PictureError: The file cannot be used.
    """
    if _is_film(path):
        return _watched(_film(path), pipeline, liveness)
    image = read_picture(path)
    face = _largest(pipeline, image)
    if face is None:
        return None
    judgement = judge([liveness.look(image, face, captured_at_s=0.0)], limits=STILL_LIMITS)
    return outcome(Policy.PASSIVE, judgement, can_look_again=False)


def _watched(
    frames: Iterator[tuple[float, Image]], pipeline: Pipeline, liveness: Liveness
) -> Outcome | None:
    """Look at one face of a film as a gate does."""
    looks, judgement = list[LivenessLook](), None
    for at_s, image in frames:
        if at_s - (looks[0].captured_at_s if looks else 0) > (LOOK_S_MAX if looks else WAIT_S_MAX):
            break
        near = looks[-1].box if looks else None
        face = _largest(pipeline, image) if near is None else _nearest(pipeline, image, near)
        if face is None:
            continue
        looks.append(liveness.look(image, face, captured_at_s=at_s, earlier=looks))
        judgement = judge(looks, before=judgement)
        what = outcome(Policy.PASSIVE, judgement)
        if what is not Outcome.LOOK_AGAIN:
            return what
    return outcome(Policy.PASSIVE, judgement, can_look_again=False) if looks else None


def _film(path: Path) -> Iterator[tuple[float, Image]]:
    """Yield frames of a film with their times in it, ``LOOKS_PER_S`` of each second.

    Raises:
        PictureError: It holds no frame that can be read.
    """
    film = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        rate = film.get(cv2.CAP_PROP_FPS)
        rate = rate if math.isfinite(rate) and 1 <= rate <= 1000 else FRAMES_PER_S
        next_s, index = 0.0, 0
        while film.grab():
            at_s = index / rate
            index += 1
            if at_s < next_s - 1e-6:
                continue
            is_there, frame = film.retrieve()
            if is_there:
                next_s = at_s + 1 / LOOKS_PER_S
                yield at_s, shrunk(np.asarray(frame, np.uint8))
        if not index:
            raise PictureError("the film cannot be read: use MP4 (H.264) or AVI (MJPEG)")
    finally:
        film.release()


def _largest(pipeline: Pipeline, image: Image) -> Face | None:
    return next(iter(pipeline.detect(image, face_size_px_min=FACE_SIZE_PX_MIN)), None)


def _nearest(pipeline: Pipeline, image: Image, box: Box) -> Face | None:
    """Return the face that is where one was before; None where none overlaps it."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    for face in pipeline.detect(image, face_size_px_min=FACE_SIZE_PX_MIN):
        if face.box.left <= x < face.box.right and face.box.top <= y < face.box.bottom:
            return face
    return None


def _notes(
    counts: Mapping[str, Presentations], live: str | None, stray_count: int, liveness: Liveness
) -> Iterator[str]:
    if live is None:
        yield f"no folder {LIVE}: there is no BPCER without living people"
    if not counts.keys() - {live}:
        yield "no folder of attacks: there is no APCER without a kind of attack"
    if stray_count:
        yield f"{counted(stray_count, 'file')} in no kind's folder, left out"
    for name, kind in counts.items():
        if kind.no_face:
            yield f"{name}: no face found in {kind.no_face} of {kind.n + kind.no_face}, in no rate"
        if kind.unreadable:
            file, why = next(iter(kind.unreadable.items()))
            yield f"{counted(len(kind.unreadable), 'file')} unreadable, in no rate; {file}: {why}"
        if kind.n and not kind.passed and name != live and kind.n < FEW:
            bound = (kind.interval(0) or (0.0, 1.0))[1]
            yield f"{name}: none of {kind.n} passed, yet up to {100 * bound:.0f} % may (95 %)"
    if missing := [name for name in PAIR if name in liveness.missing]:
        yield f"judged without {missing[0]}, which makes it weaker: see `menshen models list`"
