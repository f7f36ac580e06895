"""What is kept of fires over a restart, made of the rules and back. Pure."""

from datetime import datetime, timedelta

from config.contract.fire_events import FirePoint
from edge.fire.book import FireBook
from edge.fire.fire import Fire
from edge.fire.signals import Signals
from edge.fire.store import Closed, FireMemory, KeptFire, Standing


def kept(
    book: FireBook,
    signals: Signals,
    *,
    now: datetime,
    now_s: float,
    owed: frozenset[str] = frozenset(),
) -> FireMemory:
    """Return what is to be kept now."""
    standing = [f for f in book.fires if f.is_active or book.is_open_for_some(f)]
    return FireMemory(
        standing=Standing(fires=tuple(_kept(f, now, now_s) for f in standing)),
        closed=Closed(
            fires=tuple(_kept(f, now, now_s) for f in book.fires if f not in standing),
            closed={f.fire_id: dict(f.closed) for f in book.fires if f.closed},
            tests=tuple(signals.tests),
            owed=owed,
        ),
    )


def restore(
    memory: FireMemory, book: FireBook, signals: Signals, *, now: datetime, now_s: float
) -> None:
    """Go on with what was kept; a test whose time is over is none."""
    for each in (*memory.closed.fires, *memory.standing.fires):
        fire = _restored(each, now, now_s)
        fire.closed = dict(memory.closed.closed.get(each.fire_id, {}))
        book.restore(fire)
    for test in memory.closed.tests:
        if now < test.until:
            signals.begin_test(test)


def until_of(fire: Fire, *, now: datetime, now_s: float) -> datetime | None:
    """Return when a drill ends, by this node's wall clock."""
    return None if fire.until_s is None else now + timedelta(seconds=fire.until_s - now_s)


def _kept(fire: Fire, now: datetime, now_s: float) -> KeptFire:
    return KeptFire(
        fire_id=fire.fire_id,
        zone=fire.zone,
        origin=fire.origin,
        confirmed_by=fire.confirmed_by,
        since=fire.since,
        revision=fire.revision,
        growth=fire.growth,
        is_active=fire.is_active,
        is_drill=fire.is_drill,
        has_release=fire.has_release,
        is_own=fire.is_own,
        is_local=fire.is_local,
        points=tuple(FirePoint(device=d, point=p) for d, p in sorted(fire.points)),
        until=until_of(fire, now=now, now_s=now_s),
    )


def _restored(each: KeptFire, now: datetime, now_s: float) -> Fire:
    age_s = max(0.0, (now - each.since).total_seconds())
    left_s = None if each.until is None else max(0.0, (each.until - now).total_seconds())
    return Fire(
        fire_id=each.fire_id,
        zone=each.zone,
        origin=each.origin,
        confirmed_by=each.confirmed_by,
        since=each.since,
        frame_at_s=now_s - age_s,
        revision=each.revision,
        growth=each.growth,
        is_active=each.is_active,
        # Until its panel, or its origin, has been heard again.
        is_current=each.is_drill,
        is_evident=not each.is_own or each.is_drill,
        is_drill=each.is_drill,
        has_release=each.has_release,
        is_own=each.is_own,
        is_local=each.is_local,
        points={(p.device, p.point) for p in each.points},
        until_s=None if left_s is None else now_s + left_s,
    )
