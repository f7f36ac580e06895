"""Random sites and random histories, small and crowded, so that rules meet each other often."""

import random
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import config
from config.contract.access import CredentialKind, Direction
from config.contract.access_model import AccessModel
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.visitor_code import VisitorCode
from tests.system.access_model import history as h

IN, OUT = Direction.IN, Direction.OUT
PLACES: Final = (
    h.Place("north", IN, "d1"),
    h.Place("north-exit", OUT, "d1"),
    h.Place("south", IN, "d2"),
    h.Place("south-exit", OUT, "d2", free_egress=True),
    h.Place("lab", IN, "d3"),
    h.Place("lab-exit", OUT, "d3"),
    h.Place("vault", IN, "d4"),
    h.Place("vault-exit", OUT, "d4"),
    h.Place("stairs", IN, "d5"),
    h.Place("plain", IN, "d6"),
)
LEADS: Final[dict[str, tuple[str | None, str | None]]] = {
    "north": (None, "hall"),
    "north-exit": ("hall", None),
    "south": (None, "hall"),
    "south-exit": ("hall", None),
    "lab": ("hall", "lab"),
    "lab-exit": ("lab", "hall"),
    "vault": ("lab", "vault"),
    "vault-exit": ("vault", "lab"),
    "stairs": ("lab", "hall"),
}
ENTRANCES: Final = ("north", "south", "lab", "vault", "plain")
AREAS: Final = ("hall", "lab", "vault")
NEW_HIRE: Final = str(UUID(int=4))
"""Somebody known who has a code besides."""
PEOPLE: Final = ("anna", "ben", "cleo", "dan", "eva", "finn")
REQUIREMENTS: Final = (
    [["card"], ["face"]],
    [["face", "card"], ["card", "pin"]],
    [["card", "pin"]],
    [["qr"], ["card"]],
    [["qr", "pin"], ["face", "card", "pin"]],
)
BEGIN: Final = datetime(2026, 9, 17, tzinfo=UTC)
"""Three weeks follow, with a holiday, make-up workdays and special days in them."""
CALENDAR: Final = tomllib.loads(
    (Path(config.__file__).parent / "calendars" / "cn.toml").read_text(encoding="utf-8")
)
SCHEDULES: Final[list[dict[str, Any]]] = [
    {
        "id": "office",
        "intervals": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "18:00"}
        ],
        "special": [{"special_days": "open-day", "hours": [{"start": "10:00", "end": "16:00"}]}],
    },
    {
        "id": "night",
        "intervals": [
            {"days": ["mon", "wed", "fri", "sun", "holiday"], "start": "20:00", "end": "07:00"}
        ],
        "special": [{"special_days": "closed"}],
    },
    {
        "id": "always",
        "observes_holidays": False,
        "intervals": [
            {
                "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                "start": "00:00",
                "end": "24:00",
            }
        ],
    },
]
SPECIAL_DAYS: Final[list[dict[str, Any]]] = [
    {"id": "open-day", "dates": ["2026-09-19", "2026-10-01"]},
    {"id": "closed", "dates": ["2026-09-23", "2026-09-30"]},
]
FACES: Final[tuple[h.How, ...]] = (
    *("sure",) * 7, "twin", "weak", "stranger", "attack", "unsure"
)  # fmt: skip
PINS: Final[tuple[h.How, ...]] = ("right", "right", "right", "duress", "wrong")
PAUSES_S: Final = (1, 1, 2, 3, 4, 5, 6, 10, 15, 20, 21, 30, 31, 59, 60, 90, 120)
LONG_PAUSES_S: Final = (299, 300, 301, 600, 1800, 3600, 7200, 6 * 3600, 86400)


def make_site(rng: random.Random) -> h.Site:
    """Return a site with random rules at fixed places."""
    model = AccessModel.model_validate(_Model(rng).document())
    names = [*PEOPLE, *([NEW_HIRE] if rng.random() < 0.8 else [])]
    people = tuple(_human(rng, name) for name in names)
    degraded = rng.choice(["continue", "second_credential", "profiles"])
    named = ("staff",) if degraded == "profiles" else ()
    return h.Site(
        model, PLACES, people, _codes(rng), zone="Asia/Shanghai", degraded=degraded, named=named
    )


def make_history(rng: random.Random, site: h.Site) -> list[h.Step]:
    """Return what happens at a site one day."""
    return list(_Story(rng, site).steps())


class _Model:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def document(self) -> dict[str, Any]:
        """Return a model's document. Each kind of rule is absent often, so that others speak."""
        rng, chance = self._rng, self._chance
        levels = [
            {"id": "red", "priority": 9, "admits": ["staff"]},
            {"id": "amber", "priority": 5, "points": ["lab", "vault"]},
            {"id": "open", "priority": rng.choice([3, 7, 10]), "effect": "open",
             "groups": ["doors"]},
        ]  # fmt: skip
        traps = [["north", "lab"], ["lab", "vault", "plain"]]
        return {
            "version": 1,
            "calendar": CALENDAR if chance(0.9) else None,
            "special_days": SPECIAL_DAYS,
            "schedules": SCHEDULES,
            "groups": [{"id": "doors", "points": ["north", "south"]}],
            "profiles": [self._profile(name) for name in ("staff", "cleaners", "visitors")],
            "areas": [self._area(name) for name in AREAS],
            "points": [self._point(place) for place in PLACES if chance(0.9)],
            "interlocks": [
                {"id": f"trap-{n}", "points": points}
                for n, points in enumerate(traps)
                if chance(0.2)
            ],
            "temporary_rules": [self._temporary(n) for n in range(rng.choice([0, 0, 1, 2]))],
            "lockdown_levels": levels,
            "fire_zones": [{"id": "all"}, {"id": "low", "points": ["north", "lab"]}],
            "refusals_max": rng.choice([2, 3, 5]),
        }

    def _profile(self, name: str) -> dict[str, Any]:
        permissions = [self._permission() for _ in range(self._rng.choice([1, 2, 2, 3]))]
        return {"id": name, "permissions": permissions}

    def _permission(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "points": self._rng.sample(ENTRANCES, k=self._rng.randint(1, 4)),
            "schedule": self._rng.choice([None, None, "office", "night", "always"]),
        }
        if self._chance(0.15):
            made["require"] = {"any_of": self._rng.choice(REQUIREMENTS)}
        elif self._chance(0.3):
            made["groups"] = ["doors"]
        return made

    def _area(self, name: str) -> dict[str, Any]:
        made: dict[str, Any] = {"id": name, "passback": self._passback()}
        if self._chance(0.35):
            made["occupancy_max"] = self._rng.randint(1, 3)
        if self._chance(0.15):
            made["first_person_in"] = {"resets_at_h": self._rng.choice([0, 4])}
        return made

    def _passback(self) -> dict[str, Any]:
        mode = self._rng.choice(["off", "off", "soft", "hard", "timed"])
        return {"mode": mode, "forgotten_after_min": 5 if mode == "timed" else None}

    def _point(self, place: h.Place) -> dict[str, Any]:
        leads_from, leads_to = LEADS.get(place.id, (None, None))
        made: dict[str, Any] = {"id": place.id, "open_time_s_max": self._rng.choice([5, 30])}
        if self._chance(0.9):
            made |= {"from_area": leads_from, "to_area": leads_to}
        if self._chance(0.4):
            made |= {"access_time_s": 5, "extended_access_time_s": 15}
        if place.direction is OUT or place.id == "stairs":
            soft = {"passback": {"mode": "soft"}} if self._chance(0.1) else {}
            return made | {"is_egress": place.id == "stairs"} | soft
        if self._chance(0.3):
            made["credentials"] = [
                {
                    "schedule": self._rng.choice([None, "office", "night"]),
                    "require": {"any_of": self._rng.choice(REQUIREMENTS)},
                }
                for _ in range(self._rng.randint(1, 2))
            ]
        if self._chance(0.15):
            made["two_person"] = {"within_s": self._rng.choice([20, 30])}
        if self._chance(0.1):
            made["passback"] = self._passback()
        return made | {"is_escort_free": self._chance(0.3)}

    def _temporary(self, number: int) -> dict[str, Any]:
        effect = self._rng.choice(["permit", "permit", "refuse", "require"])
        begins = BEGIN + timedelta(hours=self._rng.randint(0, 400))
        made: dict[str, Any] = {
            "id": f"t{number}",
            "effect": effect,
            "points": self._rng.sample(ENTRANCES, k=self._rng.randint(1, 5)),
            "valid_from": begins,
            "valid_until": begins + timedelta(hours=self._rng.randint(1, 300)),
            "holders": self._rng.choice([(), ("anna",), ("ben", "cleo")]),
        }
        if effect == "require":
            made["require"] = {"any_of": self._rng.choice(REQUIREMENTS)}
        return made


def _human(rng: random.Random, name: str) -> h.Human:
    kinds = [CredentialKind.FACE, CredentialKind.CARD, CredentialKind.PIN]
    moment = BEGIN + timedelta(hours=rng.randint(0, 500))
    return h.Human(
        id=name,
        is_active=rng.random() < 0.97,
        valid_from=moment if rng.random() < 0.05 else None,
        valid_until=moment if rng.random() < 0.05 else None,
        access_points=tuple(rng.sample(ENTRANCES, k=4)) if rng.random() < 0.1 else None,
        profiles=None
        if rng.random() < 0.4
        else tuple(rng.sample(["staff", "cleaners", "visitors", "gone"], k=rng.randint(1, 3))),
        kinds=None if rng.random() < 0.6 else tuple(rng.sample(kinds, k=rng.randint(1, 3))),
        has_twin=rng.random() < 0.1,
        needs_escort=rng.random() < 0.12,
        may_escort=rng.random() < 0.4,
        is_first_person=rng.random() < 0.25,
        is_passback_exempt=rng.random() < 0.1,
        is_slow=rng.random() < 0.2,
    )


def _codes(rng: random.Random) -> tuple[VisitorCode, ...]:
    """Two visitors with one-time codes, one who comes many times, and a new hire."""
    return tuple(
        VisitorCode(
            holder_id=UUID(int=number),
            nonce=f"{number:016x}",
            valid_from=(start := BEGIN + timedelta(hours=rng.randint(-24, 100))),
            valid_until=start + timedelta(hours=rng.randint(24, 500)),
            points=tuple(rng.sample(ENTRANCES, k=rng.randint(2, 5))),
            is_one_time=number != 3,
            stands_alone=number != 4,
            needs_escort=rng.random() < 0.3,
        )
        for number in (1, 2, 3, 4)
    )


class _Story:
    """A few people around one or two doors, so that their attempts meet."""

    def __init__(self, rng: random.Random, site: h.Site) -> None:
        self._rng, self._site = rng, site
        self._now = BEGIN + timedelta(
            minutes=rng.choice([rng.randint(0, 21 * 1440), rng.randint(0, 42) * 720])
        )
        self._cast = rng.sample(PEOPLE, k=rng.randint(2, 4))
        self._stage = rng.sample(ENTRANCES, k=rng.randint(1, 3))
        self._shows: list[tuple[int, str]] = []
        self._last: h.Show | None = None
        self._told = 0

    def steps(self) -> Iterator[h.Step]:
        """Yield the steps in the order of time."""
        for number in range(self._rng.randint(6, 22)):
            is_long = self._rng.random() < 0.04
            pause_s = self._rng.choice(LONG_PAUSES_S if is_long else PAUSES_S)
            self._now += timedelta(seconds=pause_s)
            step = self._step()
            if isinstance(step, h.Show):
                self._shows.append((number, step.place))
                self._last = step
            yield step

    def _step(self) -> h.Step:
        kind = self._rng.random()
        if kind < 0.55:
            return self._show()
        if kind < 0.80 and self._shows:
            return self._outcome()
        return self._rng.choice(
            [self._move_door, self._move_door, self._operator, self._tell, self._tick]
        )()

    def _place(self) -> str:
        if self._rng.random() < 0.8:
            return self._rng.choice(self._stage)
        return self._rng.choice(PLACES).id

    def _show(self) -> h.Show:
        rng, place = self._rng, self._place()
        by = rng.choice(self._cast)
        last = self._last
        if last is not None and rng.random() < 0.4:
            # The same person shows another credential, or somebody else comes right behind.
            place = last.place
            if rng.random() < 0.7:
                shown = None if last.code is None else self._site.codes[last.code]
                by = last.by or (by if shown is None else str(shown.holder_id))
        kind = rng.random()
        if kind < 0.42:
            return h.Show(self._now, place, CredentialKind.CARD, by if kind > 0.02 else None)
        if kind < 0.66:
            face: h.How = rng.choice(FACES)
            return h.Show(self._now, place, CredentialKind.FACE, by, how=face)
        if kind < 0.84:
            pin: h.How = rng.choice(PINS)
            return h.Show(self._now, place, CredentialKind.PIN, by, how=pin)
        if kind < 0.98:
            code = rng.choice([0, 0, 0, 1, 2, 2, 3, None])
            return h.Show(self._now, place, CredentialKind.QR, code=code)
        return h.Show(self._now, place, CredentialKind.NONE)

    def _outcome(self) -> h.Step:
        """The gate says what became of somebody, mostly of the last one."""
        number, place = self._rng.choice(self._shows[-2:])
        kind = self._rng.random()
        if kind < 0.75:
            return h.Pass(self._now, place, number)
        if kind < 0.85:
            return h.NotPass(self._now, number)
        if kind < 0.95:
            return h.Pass(self._now, place, None)
        return h.WrongWay(self._now, place)

    def _move_door(self) -> h.MoveDoor:
        is_near = self._rng.random() < 0.8
        place = self._rng.choice([p for p in PLACES if not is_near or p.id in self._stage])
        return h.MoveDoor(self._now, place.door, self._rng.random() < 0.55)

    def _tick(self) -> h.Tick:
        return h.Tick(self._now)

    def _operator(self) -> h.Step:
        rng, is_active = self._rng, self._rng.random() < 0.6
        match rng.randint(0, 6):
            case 0:
                return h.SetFire(self._now, rng.choice(["all", "low", "unheard"]), is_active)
            case 1 | 2:
                return h.SetLevel(self._now, rng.choice(["red", "amber", "open"]), is_active)
            case 3:
                return h.Forgive(self._now, rng.choice([*self._cast, None]))
            case 4:
                return h.ForgiveRefusals(self._now, rng.choice(self._stage))
            case 5:
                return h.SetAge(self._now, is_active)
            case _:
                return h.SetLink(self._now, rng.random() < 0.7)

    def _tell(self) -> h.Tell:
        """Facts of another node; some come late, some twice."""
        facts = tuple(self._fact() for _ in range(self._rng.randint(1, 3)))
        return h.Tell(self._now, facts + facts[:1])

    def _fact(self) -> AreaFact | UnnamedCount | AreasForgiven | CodeUsed:
        rng, self._told = self._rng, self._told + 1
        at = self._now - timedelta(seconds=rng.choice([0.5, 2.5, 30.5, 400.5, 86400.5]))
        node, sequence = rng.choice(["n0", "n2"]), self._told
        kind = rng.random()
        if kind < 0.75:
            return AreaFact(
                holder_id=rng.choice(self._cast),
                area=rng.choice([None, *AREAS]),
                at=at,
                node=node,
                sequence=sequence,
                is_forgiven=rng.random() < 0.1,
                is_first_person=rng.random() < 0.3,
            )
        if kind < 0.85:
            return UnnamedCount(area=rng.choice(AREAS), count=rng.randint(-1, 2), at=at, node=node,
                                sequence=sequence)  # fmt: skip
        if kind < 0.9:
            return AreasForgiven(at=at, node=node, sequence=sequence)
        code = rng.choice(self._site.codes[:2])
        return CodeUsed(
            nonce=code.nonce, valid_until=code.valid_until, at=at, node=node, sequence=sequence
        )
