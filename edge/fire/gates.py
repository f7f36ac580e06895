"""Every gate and relay of this node that a fire releases, and what each of them answered."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from uuid import UUID

from config.contract.access import DoorCommandOutcome
from config.contract.events import EventData
from config.contract.fire_events import FireReleaseAnswered
from drivers.base import Side
from edge.fire.book import FireBook
from edge.fire.fire import Fire
from edge.fire.places import Output
from edge.fire.releases import BOTH, NEITHER, Answer, Release, Told
from edge.fire.standing import Target


class Gates:
    """Of one node. All of it belongs to the event loop's thread."""

    def __init__(
        self,
        node: str,
        book: FireBook,
        *,
        tell: Callable[[EventData, str], None],
        on_change: Callable[[], None],
        keep: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a gate.

        Args:
            node: This one.
            book: Says what is to be released.
            tell: Records a fact about a subject.
            on_change: Called when a gate has answered.
            keep: Called when ``owed`` has changed.
            monotonic: The clock.
        """
        self._node, self._book, self._tell = node, book, tell
        self._on_change, self._monotonic = on_change, monotonic
        self._keep, self._kept_owed = keep, frozenset[str]()
        self._sides: dict[Release, Mapping[Side, Sequence[str]]] = {}
        self._outputs: dict[Release, Output] = {}
        self._devices: dict[Release, str] = {}
        self._holding: dict[Release, frozenset[UUID]] = {}
        self._told: dict[tuple[UUID, str], tuple[DoorCommandOutcome, float]] = {}

    def add_gate(
        self,
        device: str,
        tell: Told,
        points: Mapping[Side, Sequence[str]],
        *,
        is_current: Callable[[], bool],
    ) -> None:
        """Release a gate whenever one of its access points is to be."""
        release = self._add(device, f"gate {device}", tell, is_current)
        self._sides[release] = points

    def add_output(self, output: Output, tell: Told, *, is_current: Callable[[], bool]) -> None:
        """Close a relay, or open a barrier, whenever its zone is released."""
        release = self._add(output.device, f"output {output.name}", tell, is_current)
        self._outputs[release] = output

    def _add(self, device: str, name: str, tell: Told, is_current: Callable[[], bool]) -> Release:
        release = Release(
            name,
            tell,
            is_current=is_current,
            on_answer=self._answered,
            monotonic=self._monotonic,
        )
        self._devices[release] = device
        return release

    @property
    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What must run, by a name for the log."""
        return {f"release of {release.name}": release.run for release in self._devices}

    @property
    def targets(self) -> Mapping[Release, Target]:
        """What each release is for."""
        return {
            release: (device, self._outputs.get(release), self._points(release))
            for release, device in self._devices.items()
        }

    @property
    def owed(self) -> frozenset[str]:
        """Names of those that have not confirmed yet that they are closed again."""
        return frozenset(release.name for release in self._devices if release.is_owed)

    def owe(self, names: Iterable[str]) -> None:
        """Tell those that did not confirm before this start that they are closed again."""
        known = frozenset(names)
        for release in self._devices:
            if release.name in known:
                release.owe()

    def of_point(self, access_point: str) -> Release | None:
        """Return the release of an access point's gate."""
        return next((r for r in self._sides if access_point in self._points(r)), None)

    def follow(self) -> None:
        """Have every gate and relay do what the book says now; nothing is waited for."""
        for release, sides in self._sides.items():
            self._want(release, self._book.free(sides))
        for release, output in self._outputs.items():
            is_wanted = bool(self._book.releasing(output.name))
            self._want(release, BOTH if is_wanted else NEITHER)
        self._look_at_owed()

    def device_returned(self, device: str) -> None:
        """A gate or board is back: what it was to do is told again at once."""
        for release, name in self._devices.items():
            if name == device:
                release.wake()

    def _want(self, release: Release, sides: frozenset[Side]) -> None:
        holding = frozenset(f.fire_id for f in self._fires(self._points(release)))
        # Each fire has its own answer, although an earlier one has opened the gate.
        is_new = bool(holding - self._holding.get(release, frozenset()))
        self._holding[release] = holding
        release.want(sides, again=is_new and bool(sides))

    def _fires(self, points: Iterable[str]) -> list[Fire]:
        return [fire for point in points for fire in self._book.releasing(point)]

    def _points(self, release: Release) -> Sequence[str]:
        output = self._outputs.get(release)
        if output is not None:
            return [output.name]
        return [point for names in self._sides[release].values() for point in names]

    def _answered(self, release: Release, answer: Answer) -> None:
        """Record what a gate or relay answered, for each fire that it is released for."""
        for point in self._points(release):
            for fire in self._book.releasing(point):
                self._tell_answer(fire, point, release, answer)
        known = {fire.fire_id for fire in self._book.fires}
        self._told = {key: told for key, told in self._told.items() if key[0] in known}
        self._look_at_owed()
        self._on_change()

    def _look_at_owed(self) -> None:
        if (owed := self.owed) != self._kept_owed:
            self._kept_owed = owed
            self._keep()

    def _tell_answer(self, fire: Fire, point: str, release: Release, answer: Answer) -> None:
        key, output = (fire.fire_id, point), self._outputs.get(release)
        before, told_at_s = self._told.get(key, (None, answer.told_at_s))
        if before is answer.outcome:
            return
        self._told[key] = (answer.outcome, told_at_s)
        is_confirmed = answer.outcome is DoorCommandOutcome.CONFIRMED
        self._tell(
            FireReleaseAnswered(
                fire_id=fire.fire_id,
                zone=fire.zone,
                access_point=None if output else point,
                output=output.channel if output else None,
                device=self._devices[release],
                origin=fire.origin,
                heard="here" if fire.origin == self._node else "link",
                told_ms=_ms(told_at_s - fire.frame_at_s),
                acknowledged_ms=_after(answer.acknowledged_at_s, fire),
                confirmed_ms=_ms(answer.at_s - fire.frame_at_s) if is_confirmed else None,
                outcome=answer.outcome,
                attempts=answer.attempts,
                is_drill=fire.is_drill,
            ),
            self._devices[release] if output else point,
        )


def _after(at_s: float | None, fire: Fire) -> float | None:
    return None if at_s is None else _ms(at_s - fire.frame_at_s)


def _ms(duration_s: float) -> float:
    return round(max(0.0, duration_s) * 1000, 3)
