"""From looks at one face to a judgement: live, an attack, or unsure.

No signal decides alone. *Live* asks for enough looks, the anti-spoof networks on the side of life
and no surroundings that travel with the face. *Attack* asks for two pieces of evidence that agree
over enough looks: both networks, or one of them and the surroundings. Whatever lies between is
*unsure*, and so is what the networks could not see well: a doubt of the machine is nobody's guilt.
"""

import dataclasses
import math
from collections.abc import Sequence
from statistics import median
from typing import Final

from models.liveness.motion import cohesion
from models.liveness.types import Judgement, LivenessLook, Verdict

UNKNOWN: Final = 0.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is demanded; the defaults were chosen on the material named in ``docs/recognition.md``.

    Attributes:
        look_count_min, duration_s_min: Both are needed before anything but *unsure* is said.
        face_px_min: Smaller side of the face; smaller ones are not judged.
        brightness_min, brightness_max: Mean grey of the face, 0..255, that can be judged.
        contrast_min: Standard deviation of its grey.
        live_min: Score from which on a face is live; 0..1.
        attack_max: Score up to which it is an attack; 0..1.
        hysteresis: By how much the score must pass a limit the other way to take a verdict back.
        against_max: A network speaks against life below this share.
        travelling_min: Surroundings with at least this cohesion move with the face.
        blink_weight, turn_weight, cohesion_weight: What each adds at most, in log-odds.
        turn_full: Change of ``turn`` that counts in full; half of it counts half.
        yaw_full_deg: The same for the head pose network.
    """

    look_count_min: int = 3
    duration_s_min: float = 0.3
    face_px_min: float = 56.0
    brightness_min: float = 35.0
    brightness_max: float = 230.0
    contrast_min: float = 12.0
    live_min: float = 0.6
    attack_max: float = 0.25
    hysteresis: float = 0.1
    against_max: float = 0.5
    travelling_min: float = 0.7
    blink_weight: float = 0.8
    turn_weight: float = 0.8
    cohesion_weight: float = 2.0
    turn_full: float = 0.2
    yaw_full_deg: float = 20.0


def judge(
    looks: Sequence[LivenessLook],
    *,
    limits: Limits = Limits(),
    before: Judgement | None = None,
) -> Judgement:
    """Add up the looks at one face.

    Args:
        looks: Of one track, oldest first; any number.
        limits: What is demanded.
        before: The judgement on the same track until now. A verdict once given is taken back only
            when the score passes its limit by ``limits.hysteresis`` the other way.
    """
    if not any(_shares(look) for look in looks):
        reason = "no network" if looks else "not looked yet"
        return Judgement(Verdict.UNSURE, UNKNOWN, _signals(looks), reason)
    usable = [look for look in looks if _fault(look, limits) is None]
    if len(usable) * 2 < len(looks) or not usable:
        fault = next(f for look in reversed(looks) if (f := _fault(look, limits)) is not None)
        return Judgement(Verdict.UNSURE, UNKNOWN, _signals(looks), fault)
    signals = _signals(usable)
    score = _score(signals, limits)
    duration_s = usable[-1].captured_at_s - usable[0].captured_at_s
    if len(usable) < limits.look_count_min or duration_s < limits.duration_s_min:
        return Judgement(Verdict.UNSURE, score, signals, f"only {len(usable)} looks so far")
    return _decided(usable, signals, score, limits, before)


def _decided(
    looks: Sequence[LivenessLook],
    signals: dict[str, float],
    score: float,
    limits: Limits,
    before: Judgement | None,
) -> Judgement:
    held = None if before is None else before.verdict
    live_min = limits.live_min - (limits.hysteresis if held is Verdict.LIVE else 0)
    attack_max = limits.attack_max + (limits.hysteresis if held is Verdict.ATTACK else 0)
    travels = signals.get("cohesion", UNKNOWN) >= limits.travelling_min
    against = _evidence_against(looks, limits) + travels
    if score >= live_min and not travels:
        return Judgement(Verdict.LIVE, score, signals, "the signals agree on a living face")
    if score <= attack_max and against >= 2:
        reason = "surroundings move with the face" if travels else "both networks see a picture"
        return Judgement(Verdict.ATTACK, score, signals, reason)
    reason = "surroundings move with the face" if travels else "the signals leave a doubt"
    return Judgement(Verdict.UNSURE, score, signals, reason)


def _fault(look: LivenessLook, limits: Limits) -> str | None:
    """Return why a look cannot be judged."""
    if not _shares(look):
        return "no network"
    if min(look.box.width, look.box.height) < limits.face_px_min:
        return "face too small"
    if look.brightness < limits.brightness_min:
        return "too dark"
    if look.brightness > limits.brightness_max:
        return "too bright"
    if look.contrast < limits.contrast_min:
        return "too little contrast"
    return None


def _shares(look: LivenessLook) -> list[float]:
    return [share for share in (look.live_near, look.live_wide) if share is not None]


def _evidence_against(looks: Sequence[LivenessLook], limits: Limits) -> int:
    """Return how many networks see a picture in most of the looks."""
    return sum(
        bool(shares) and median(shares) < limits.against_max
        for shares in (
            [look.live_near for look in looks if look.live_near is not None],
            [look.live_wide for look in looks if look.live_wide is not None],
        )
    )


def _signals(looks: Sequence[LivenessLook]) -> dict[str, float]:
    """Return what can be said, by name."""
    if not looks:
        return {}
    measured: dict[str, list[float | None]] = {
        "live_near": [look.live_near for look in looks],
        "live_wide": [look.live_wide for look in looks],
        "live_pair": [sum(s) / len(s) if (s := _shares(look)) else None for look in looks],
        "brightness": [look.brightness for look in looks],
        "face_px": [min(look.box.width, look.box.height) for look in looks],
    }
    signals = {name: median(k) for name, v in measured.items() if (k := _known(v))}
    if turns := _known([look.turn for look in looks]):
        signals["turn_range"] = max(turns) - min(turns)
    if yaws := _known([look.pose.yaw if look.pose else None for look in looks]):
        signals["yaw_range_deg"] = max(yaws) - min(yaws)
    if openings := _known([look.eye_aspect_ratio for look in looks]):
        signals["blinks"] = float(blink_count(openings))
    if (travelling := cohesion(looks)) is not None:
        signals["cohesion"] = travelling
    return signals


def _score(signals: dict[str, float], limits: Limits) -> float:
    """Return the score, from the networks' share and what the track adds in log-odds."""
    share = min(max(signals["live_pair"], 0.02), 0.98)
    odds = math.log(share / (1 - share))
    odds += limits.blink_weight * min(signals.get("blinks", 0.0), 1.0)
    turned = max(
        signals.get("turn_range", 0.0) / limits.turn_full,
        signals.get("yaw_range_deg", 0.0) / limits.yaw_full_deg,
    )
    odds += limits.turn_weight * min(turned, 1.0)
    odds -= limits.cohesion_weight * (2 * signals.get("cohesion", UNKNOWN) - 1)
    return 1 / (1 + math.exp(-odds))


EYE_SHUT_SHARE: Final = 0.6
"""An eye is shut below this share of its own usual opening; people's eyes differ too much for one
limit in absolute terms."""
EYE_OPEN_SHARE: Final = 0.8


def blink_count(openings: Sequence[float]) -> int:
    """Return how often the eyes shut and opened again.

    Args:
        openings: Eye aspect ratios of one track, oldest first. At least five frames a second are
            needed to see most blinks.
    """
    if len(openings) < 3:
        return 0
    usual = sorted(openings)[int(0.75 * (len(openings) - 1))]
    count, was_open, is_shut = 0, False, False
    for opening in openings:
        if opening <= EYE_SHUT_SHARE * usual:
            is_shut = was_open
        elif opening >= EYE_OPEN_SHARE * usual:
            count += is_shut
            was_open, is_shut = True, False
    return count


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
