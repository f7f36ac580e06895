"""The slow reference: every answer is worked out anew from the whole history so far.

Nothing is remembered but what happened and what was answered. Each rule is one method that reads
like its line in ``docs/access.md``; ``used`` collects the rules that decided something.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.access_terms import (
    LockdownEffect,
    LockdownLevel,
    PassbackMode,
    Permission,
    PointRules,
    Selection,
    TemporaryEffect,
    TemporaryRule,
)
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.schedules import DayKind, Schedule
from config.contract.visitor_code import VisitorCode
from tests.system.access_model import history as h

FACE, CARD, PIN, QR = (
    CredentialKind.FACE,
    CredentialKind.CARD,
    CredentialKind.PIN,
    CredentialKind.QR,
)
STEP_UPS = {
    "doubtful_face", "weak_face", "liveness_unsure", "credential_needed", "too_many_refusals",
    "escort_needed", "awaiting_second_person",
}  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Area = AreaFact | AreasForgiven | UnnamedCount


class Walk:
    """A person on their way in: who, on which code, and what they are."""

    def __init__(self, who: str | None, human: h.Human | None, code: VisitorCode | None) -> None:
        self.who, self.human, self.code = who, human, code


class Answer:
    """One step with its outcome, and what the reference needs to know of it later."""

    def __init__(self, number: int, step: h.Step) -> None:
        self.number, self.step, self.outcome = number, step, h.Outcome()
        self.shown_by: str | None = None
        self.human: h.Human | None = None
        self.code: VisitorCode | None = None
        self.walks: list[Walk] = []
        self.passed: tuple[int, Walk] | None = None
        self.told: list[Area] = []
        self.used_codes: list[CodeUsed] = []


class Reference:
    """The rules at one site."""

    def __init__(self, site: h.Site) -> None:
        self.site, self.model = site, site.model
        self.zone = ZoneInfo(site.zone)
        self.used: set[str] = set()
        self.past: list[Answer] = []

    def run(self, steps: Sequence[h.Step]) -> tuple[list[h.Outcome], h.Ending]:
        """Return what each step leads to, and what stands at the end."""
        self.past = []
        for number, step in enumerate(steps):
            answer = Answer(number, step)
            answer.outcome = self.answer(answer)
            self.past.append(answer)
        return [answer.outcome for answer in self.past], self.ending()

    def answer(self, a: Answer) -> h.Outcome:
        """Return what one step leads to."""
        step = a.step
        match step:
            case h.Show():
                return self.show(a, step)
            case h.Pass():
                return h.Outcome(facts=_sorted(self.passed(a, step)))
            case h.WrongWay():
                facts = self.count_unnamed(a, self.rules(step.place), step.at, -1)
                if not self.is_open(step.place):
                    self.used.add("wrong_way")
                    facts.append(("WrongWayPassage", step.place))
                return h.Outcome(facts=_sorted(facts))
            case h.MoveDoor():
                return h.Outcome(facts=tuple(self.move_door(step)))
            case h.Tick():
                return h.Outcome(facts=_sorted(self.held_doors(step.at)))
            case h.Forgive():
                return h.Outcome(facts=(self.forgive(a, step),))
            case h.Tell():
                a.told = [fact for fact in step.facts if not isinstance(fact, CodeUsed)]
                a.used_codes = [fact for fact in step.facts if isinstance(fact, CodeUsed)]
        return h.Outcome()

    def ending(self) -> h.Ending:
        """Return what stands at the end."""
        areas = [area.id for area in self.model.areas]
        return h.Ending(
            inside=tuple((area, tuple(sorted(self.people_in(area)))) for area in areas),
            counts=tuple((area, self.count(area)) for area in areas),
            open_doors=tuple(
                sorted({p.door for p in self.site.places if self.is_door_open(p.door)})
            ),
        )

    # ---- the site

    def place(self, name: str) -> h.Place:
        """Return an access point of the site file."""
        return next(place for place in self.site.places if place.id == name)

    def rules(self, name: str) -> PointRules:
        """Return what the model says of an access point."""
        return next((p for p in self.model.points if p.id == name), PointRules(id=name))

    def is_egress(self, name: str) -> bool:
        """Every point that leads out, and every one marked so."""
        return self.place(name).direction is Direction.OUT or self.rules(name).is_egress

    def covers(self, selection: Selection, name: str) -> bool:
        """Return whether a selection names a point, itself or by a group."""
        if name in selection.points:
            return True
        return any(g.id in selection.groups and name in g.points for g in self.model.groups)

    # ---- time

    def schedule_holds(self, name: str | None, now: datetime) -> bool:
        """Intervals of this day, and those of the day before that run over midnight."""
        if name is None:
            return True
        schedule = next(s for s in self.model.schedules if s.id == name)
        local = now.astimezone(self.zone)
        clock = f"{local.hour:02}:{local.minute:02}"
        for start, end in self.hours(schedule, local.date()):
            if start < end and start <= clock < end:
                return True
            if start > end and clock >= start:
                return True
        for start, end in self.hours(schedule, local.date() - timedelta(days=1)):
            if start > end and clock < end:
                self.used.add("over_midnight")
                return True
        return False

    def hours(self, schedule: Schedule, day: date) -> list[tuple[str, str]]:
        """Return the hours of a day: special days, then holidays, then the week."""
        for special in schedule.special:
            days = next(d for d in self.model.special_days if d.id == special.special_days)
            if day in days.dates:
                self.used.add("special_days")
                return [(hours.start, hours.end) for hours in special.hours]
        kind = DayKind(DAYS[day.weekday()])
        if schedule.observes_holidays and self.model.calendar is not None:
            for year in self.model.calendar.years:
                for worked in year.makeup_workdays:
                    if worked.date == day:
                        self.used.add("makeup_workday")
                        kind = worked.follows
                for holiday in year.holidays:
                    if holiday.first <= day <= holiday.last:
                        self.used.add("holiday")
                        kind = DayKind.HOLIDAY
        return [(i.start, i.end) for i in schedule.intervals if kind in i.days]

    # ---- what is active

    def active(self, kind: type[h.SetLevel] | type[h.SetFire]) -> set[str]:
        """Return the levels or zones that were set and not ended."""
        found = set[str]()
        for a in self.past:
            if isinstance(a.step, kind):
                name = a.step.level if isinstance(a.step, h.SetLevel) else a.step.zone
                found = found | {name} if a.step.is_active else found - {name}
        return found

    def level(self, name: str) -> LockdownLevel | None:
        """Return the strongest active level at a point."""
        active = self.active(h.SetLevel)
        here = [
            level for level in self.model.lockdown_levels
            if level.id in active and (level.is_empty or self.covers(level, name))
        ]  # fmt: skip
        return max(here, key=lambda level: level.priority, default=None)

    def is_on_fire(self, name: str) -> bool:
        """A zone with no points is all of them; so is one that the model lacks."""
        for zone_id in self.active(h.SetFire):
            zone = next((z for z in self.model.fire_zones if z.id == zone_id), None)
            if zone is None or zone.is_empty or self.covers(zone, name):
                return True
        return False

    def is_open(self, name: str) -> bool:
        """Return whether a fire or a level opens a point to all."""
        level = self.level(name)
        return self.is_on_fire(name) or (level is not None and level.effect is LockdownEffect.OPEN)

    # ---- showing

    def show(self, a: Answer, step: h.Show) -> h.Outcome:
        """Decide."""
        refusal, who = self.what_is_shown(step)
        a.human = next((human for human in self.site.people if human.id == who), None)
        a.code = self.code_in_play(step, who)
        shown = self.site.codes[step.code] if step.what is QR and step.code is not None else None
        if a.human is None and shown is not None and shown.stands_alone:
            a.human = h.Human(
                id=str(shown.holder_id),
                access_points=shown.points,
                needs_escort=shown.needs_escort,
            )
        a.shown_by = None if a.human is None else a.human.id
        duress: list[h.Told] = []
        if step.what is PIN and refusal is None and step.how == "duress":
            self.used.add("duress")
            duress = [("DuressDetected", str(who), step.place)]
        override = self.override(step)
        if override:
            return self.overridden(a, step, override, duress)
        why, asks = self.refused(a, step, refusal)
        facts = list(duress)
        if a.human is not None and why in ("", "passback"):
            facts += self.passback_told(a.human, step)
        if why:
            is_nameless = a.human is None or (
                why in {"doubtful_face", "weak_face", "liveness_unsure", "presentation_attack"}
                or why in {"unknown_face", "unknown_card", "unknown_code"}
            )
            if why not in STEP_UPS:
                facts += self.repeated(step)
            self.used.add(why)
            holder = None if is_nameless else a.shown_by
            return h.Outcome(why, holder, asks=asks, facts=_sorted(facts))
        return self.granted(a, step, facts)

    def what_is_shown(self, step: h.Show) -> tuple[DenialReason | None, str | None]:
        """Return what speaks against it by itself, and who is meant."""
        match step.what:
            case CredentialKind.CARD:
                return (DenialReason.UNKNOWN_CARD if step.by is None else None), step.by
            case CredentialKind.PIN:
                expected = self.expected(step)
                is_known = any(human.id == expected for human in self.site.people)
                if not is_known or expected != step.by or step.how == "wrong":
                    return DenialReason.WRONG_PIN, expected
                return None, expected
            case CredentialKind.QR:
                if step.code is None:
                    return DenialReason.UNKNOWN_CODE, None
                return None, str(self.site.codes[step.code].holder_id)
            case CredentialKind.FACE:
                return self.face_shown(step)
        return None, None

    def face_shown(self, step: h.Show) -> tuple[DenialReason | None, str | None]:
        """A face that fits the one who has shown something else here just now is theirs."""
        refusals = {
            "stranger": DenialReason.UNKNOWN_FACE,
            "weak": DenialReason.WEAK_FACE,
            "attack": DenialReason.PRESENTATION_ATTACK,
            "unsure": DenialReason.LIVENESS_UNSURE,
            "twin": DenialReason.DOUBTFUL_FACE,
        }
        is_known = any(human.id == step.by for human in self.site.people)
        if is_known and step.how in ("sure", "twin") and self.expected(step) == step.by:
            if step.how == "twin":
                self.used.add("one_to_one")
            return None, step.by
        refusal = refusals.get(step.how)
        return refusal, (step.by if refusal is None else None)

    def expected(self, step: h.Show) -> str | None:
        """Return who has shown a credential here last that waits for another."""
        newest: tuple[datetime, str] | None = None
        for human_id in {a.shown_by for a in self.past if a.shown_by is not None}:
            at = self.proof(step, human_id)[1]
            if at is not None and (newest is None or (at, human_id) > newest):
                newest = (at, human_id)
        return None if newest is None else newest[1]

    def proof(
        self, step: h.Show, who: str
    ) -> tuple[set[CredentialKind], datetime | None, VisitorCode | None]:
        """Return what somebody has shown here that waits, when last, and the one-time code."""
        kinds, at, code = set[CredentialKind](), None, None
        for a in self.past:
            if not isinstance(a.step, h.Show) or a.step.place != step.place:
                continue
            is_over = at is not None and a.step.at - at > self.seconds(self.model.combine_within_s)
            if is_over:
                kinds, at, code = set(), None, None
            if a.outcome.verdict == "granted" and who in (a.outcome.holder, *a.outcome.companions):
                kinds, at, code = set(), None, None
            if a.shown_by == who and a.outcome.verdict in (
                "credential_needed",
                "too_many_refusals",
            ):
                kinds, at = kinds | {a.step.what}, a.step.at
                code = self.one_time(a.step) or code
        if at is not None and step.at - at > self.seconds(self.model.combine_within_s):
            return set(), None, None
        return kinds, at, code

    def one_time(self, step: h.Show) -> VisitorCode | None:
        """Return the one-time code of a step."""
        if step.what is not QR or step.code is None:
            return None
        code = self.site.codes[step.code]
        return code if code.is_one_time else None

    def code_in_play(self, step: h.Show, who: str | None) -> VisitorCode | None:
        """Return the one-time code that a grant would be on."""
        if step.what is QR:
            return self.one_time(step) or (self.proof(step, who)[2] if who else None)
        return None if who is None else self.proof(step, who)[2]

    # ---- no rule is asked

    def override(self, step: h.Show) -> str:
        """The way out, a fire, a level that opens."""
        level = self.level(step.place)
        if self.is_egress(step.place) or step.what is CredentialKind.NONE:
            return "egress"
        if self.is_on_fire(step.place):
            return "fire"
        is_opened = level is not None and level.effect is LockdownEffect.OPEN
        return "lockdown_open" if is_opened else ""

    def overridden(self, a: Answer, step: h.Show, override: str, duress: list[h.Told]) -> h.Outcome:
        """Everybody passes; what anti-passback finds on the way out is recorded."""
        self.used.add(override)
        a.walks = [Walk(a.shown_by, a.human, None)]
        facts = list(duress)
        if override == "egress" and a.human is not None:
            told = self.passback_told(a.human, step)
            if told:
                self.used.add("passback_recorded_on_exit")
            facts += told
        return h.Outcome(
            "granted",
            a.shown_by,
            override=override,
            access_time_s=None if a.human is None else self.access_time(step, a.human, []),
            facts=_sorted(facts),
        )

    # ---- what refuses

    def refused(
        self, a: Answer, step: h.Show, refusal: DenialReason | None
    ) -> tuple[str, tuple[str, ...]]:
        """Return the first reason, and what is asked for with it; empty when there is none."""
        human = a.human
        if human is None:
            unknown = {FACE: "unknown_face", CARD: "unknown_card", PIN: "wrong_pin"}
            return (
                unknown.get(step.what, "unknown_code") if refusal is None else refusal.value
            ), ()
        for rule in (
            self.locked_down, self.not_standing, self.code_not_good, self.closed_for_now,
            self.not_permitted, self.not_named, self.first_person_needed, self.passback_refused,
            self.area_full, self.interlocked,
        ):  # fmt: skip
            if why := rule(human, step):
                return why, ()
        if refusal is not None:
            return refusal.value, ()
        if step.what is FACE and human.has_twin and not self.proof(step, human.id)[0]:
            return "doubtful_face", ()
        for demand in (self.credentials_missing, self.second_missing, self.second_while_old):
            why, asks = demand(human, step)
            if why:
                return why, asks
        return self.company_missing(human, step), ()

    def locked_down(self, human: h.Human, step: h.Show) -> str:
        """A locking level lets its profiles in, nobody else."""
        level = self.level(step.place)
        if level is None or level.effect is LockdownEffect.OPEN:
            return ""
        if any(profile in level.admits for profile in human.profiles or ()):
            self.used.add("lockdown_admits")
            return ""
        return "lockdown"

    def not_standing(self, human: h.Human, step: h.Show) -> str:
        """Active, and within the validity dates; the last instant is over."""
        if not human.is_active:
            return "holder_inactive"
        if human.valid_from is not None and step.at < human.valid_from:
            return "not_yet_valid"
        if human.valid_until is not None and step.at >= human.valid_until:
            return "no_longer_valid"
        return ""

    def code_not_good(self, human: h.Human, step: h.Show) -> str:
        """In its time, at its points, once; elsewhere than at home only with the link."""
        code = self.proof(step, human.id)[2]
        if step.what is QR and step.code is not None:
            code = self.site.codes[step.code]
        if code is None:
            return ""
        if step.at < code.valid_from:
            return "not_yet_valid"
        if step.at >= code.valid_until:
            return "no_longer_valid"
        if step.place not in code.points:
            return "not_permitted_here"
        if not code.is_one_time:
            self.used.add("code_many_times")
            return ""
        if self.is_code_taken(code.nonce, step.at):
            return "code_used"
        link = [a.step.is_up for a in self.past if isinstance(a.step, h.SetLink)]
        if step.place != code.points[0] and not (link and link[-1]):
            return "code_not_here"
        return ""

    def is_code_taken(self, nonce: str, now: datetime) -> bool:
        """Used here, used elsewhere as told and not over since, or on its way in."""
        ticks = [a.step.at for a in self.past if isinstance(a.step, h.Tick)]
        for number, a in enumerate(self.past):
            for used in a.used_codes:
                later = any(t >= used.valid_until for t in ticks if t >= self.past[number].step.at)
                if used.nonce == nonce and not later:
                    return True
        return any(w.code is not None and w.code.nonce == nonce for _, w in self.on_the_way(now))

    def closed_for_now(self, human: h.Human, step: h.Show) -> str:
        """A temporary refusal beats everything that permits."""
        found = self.temporary(TemporaryEffect.REFUSE, human, step)
        return "closed_for_now" if found else ""

    def temporary(
        self, effect: TemporaryEffect, human: h.Human, step: h.Show
    ) -> list[TemporaryRule]:
        """Return the temporary rules that concern somebody now."""
        return [
            rule
            for rule in self.model.temporary_rules
            if rule.effect is effect
            and self.covers(rule, step.place)
            and rule.valid_from <= step.at < rule.valid_until
            and (not rule.holders or human.id in rule.holders)
        ]

    def not_permitted(self, human: h.Human, step: h.Show) -> str:
        """Permitted by a temporary rule; otherwise by points, then by profiles and schedules."""
        if self.temporary(TemporaryEffect.PERMIT, human, step):
            self.used.add("temporary_permit")
            return ""
        if human.access_points is not None and step.place not in human.access_points:
            return "not_permitted_here"
        if human.profiles is None:
            return ""
        entries = list(self.permissions(human, step.place))
        if not entries:
            return "not_permitted_here"
        if not any(self.schedule_holds(p.schedule, step.at) for p in entries):
            return "out_of_schedule"
        self.used.add("profile")
        return ""

    def permissions(self, human: h.Human, place: str) -> Iterator[Permission]:
        """Yield what a person's profiles say of a point."""
        for profile in self.model.profiles:
            if profile.id in (human.profiles or ()):
                for permission in profile.permissions:
                    if self.covers(permission, place):
                        yield permission

    def first_person_needed(self, human: h.Human, step: h.Show) -> str:
        """Somebody who may open the area has entered it since the day began."""
        entered = self.rules(step.place).to_area
        area = next((x for x in self.model.areas if x.id == entered), None)
        if area is None or area.first_person_in is None or human.is_first_person:
            return ""
        local = step.at.astimezone(self.zone)
        began = local.replace(
            hour=area.first_person_in.resets_at_h, minute=0, second=0, microsecond=0
        )
        began = began if began <= local else began - timedelta(days=1)
        for a in self.past:
            for fact in a.told:
                if not isinstance(fact, AreaFact) or not fact.is_first_person:
                    continue
                if fact.area == area.id and began <= fact.at < began + timedelta(days=1):
                    self.used.add("first_person_has_come")
                    return ""
        return "first_person_needed"

    def passback_refused(self, human: h.Human, step: h.Show) -> str:
        """Hard and timed anti-passback refuse."""
        mode = self.passback_mode(human, step)
        if mode in (PassbackMode.HARD, PassbackMode.TIMED):
            self.used.add(f"passback_{mode.value}")
            return "passback"
        return ""

    def passback_mode(self, human: h.Human, step: h.Show) -> PassbackMode | None:
        """Return the mode under which passing would be a passback; None when it would be none."""
        rules = self.rules(step.place)
        name = rules.to_area
        if self.is_egress(step.place):
            name = rules.from_area or rules.to_area
        area = next((x for x in self.model.areas if x.id == name), None)
        setting = rules.passback or (None if area is None else area.passback)
        if setting is None or setting.mode is PassbackMode.OFF:
            return None
        if human.is_passback_exempt:
            self.used.add("passback_exempt")
            return None
        known = self.whereabouts(human.id)
        if known is None or known.area == rules.from_area:
            return None
        if setting.mode is PassbackMode.TIMED:
            minutes = timedelta(minutes=setting.forgotten_after_min or 0)
            if step.at - known.at >= minutes:
                self.used.add("passback_timed_over")
                return None
        return setting.mode

    def passback_told(self, human: h.Human, step: h.Show) -> list[h.Told]:
        """Return the passback as it is recorded."""
        mode, known = self.passback_mode(human, step), self.whereabouts(human.id)
        if mode is None or known is None:
            return []
        if mode is PassbackMode.SOFT and not self.is_egress(step.place):
            self.used.add("passback_soft")
        is_enforced = mode is not PassbackMode.SOFT and not self.is_egress(step.place)
        return [("PassbackDetected", human.id, step.place, known.area, mode, is_enforced)]

    def area_full(self, human: h.Human, step: h.Show) -> str:
        """Those inside, those on their way in, and this party, each counted once."""
        entered = self.rules(step.place).to_area
        area = next((x for x in self.model.areas if x.id == entered), None)
        if area is None or area.occupancy_max is None:
            return ""
        inside = self.people_in(area.id)
        coming = [human.id, *(w.who for w in self.company(human, step) if w.who)]
        extra = [who for who in coming if who not in inside]
        for place, walk in self.on_the_way(step.at):
            is_other = walk.who not in inside and walk.who not in coming
            if self.rules(place).to_area == area.id and is_other:
                extra.append(walk.who or "")
        return "area_full" if self.count(area.id) + len(extra) > area.occupancy_max else ""

    def interlocked(self, human: h.Human, step: h.Show) -> str:
        """Another door of the group is open, or somebody was let through it."""
        del human
        own = self.place(step.place).door
        for group in self.model.interlocks:
            for name in group.points if step.place in group.points else ():
                door = next((p.door for p in self.site.places if p.id == name), name)
                ways = {self.place(place).door for place, _ in self.on_the_way(step.at)}
                if door != own and (self.is_door_open(door) or door in ways):
                    return "interlock"
        return ""

    # ---- what asks for more

    def credentials_missing(self, human: h.Human, step: h.Show) -> tuple[str, tuple[str, ...]]:
        """Of each requirement one combination has to be complete."""
        proven = self.proof(step, human.id)[0] | {step.what}
        could_show = {FACE, CARD, PIN, QR} if human.kinds is None else {*human.kinds, QR}
        for combinations in self.requirements(human, step):
            if any(set(combination) <= proven for combination in combinations):
                continue
            self.used.add("combination")
            best: set[CredentialKind] | None = None
            for combination in combinations:
                missing = set(combination) - proven
                if missing <= could_show and (best is None or len(missing) < len(best)):
                    best = missing
            if best is None:
                return "wrong_credential", ()
            return "credential_needed", tuple(sorted(kind.value for kind in best))
        return "", ()

    def requirements(
        self, human: h.Human, step: h.Show
    ) -> Iterator[list[tuple[CredentialKind, ...]]]:
        """Yield what the point, the profiles and temporary rules want."""
        for rule in self.rules(step.place).credentials:
            if self.schedule_holds(rule.schedule, step.at):
                yield list(rule.require.any_of)
                break
        else:
            yield [(FACE,), (CARD,), (QR,)]
        now = [
            permission
            for permission in self.permissions(human, step.place)
            if self.schedule_holds(permission.schedule, step.at)
        ]
        if now and all(permission.require is not None for permission in now):
            self.used.add("profile_requires")
            yield [
                combination
                for permission in now
                if permission.require is not None
                for combination in permission.require.any_of
            ]
        for temporary in self.temporary(TemporaryEffect.REQUIRE, human, step):
            self.used.add("temporary_require")
            assert temporary.require is not None
            yield list(temporary.require.any_of)

    def second_missing(self, human: h.Human, step: h.Show) -> tuple[str, tuple[str, ...]]:
        """After too many refusals two kinds have to be shown, by who has two."""
        if self.refusals(step.place, step.at) < self.model.refusals_max:
            return "", ()
        proven = self.proof(step, human.id)[0] | {step.what}
        if len(proven) > 1:
            self.used.add("second_credential_given")
            return "", ()
        could_show = {FACE, CARD, PIN} if human.kinds is None else {*human.kinds}
        asks = {kind for kind in could_show if kind in (FACE, CARD, PIN)} - proven
        if not asks:
            return "", ()
        return "too_many_refusals", tuple(sorted(kind.value for kind in asks))

    def is_old(self) -> bool:
        """Return whether what the terminal knows is too old."""
        ages = [a.step.is_old for a in self.past if isinstance(a.step, h.SetAge)]
        return bool(ages) and ages[-1]

    def not_named(self, human: h.Human, step: h.Show) -> str:
        """While it is too old, only holders of named profiles pass, where the site says so."""
        if not self.is_old() or self.site.degraded != "profiles":
            return ""
        if any(profile in self.site.named for profile in human.profiles or ()):
            self.used.add("named_while_outdated")
            return ""
        return "replica_outdated"

    def second_while_old(self, human: h.Human, step: h.Show) -> tuple[str, tuple[str, ...]]:
        """While it is too old, who is known to have two credentials shows two."""
        if not self.is_old() or self.site.degraded != "second_credential":
            return "", ()
        proven = self.proof(step, human.id)[0] | {step.what}
        if len(proven) > 1:
            self.used.add("second_while_outdated")
            return "", ()
        asks = {kind for kind in human.kinds or () if kind in (FACE, CARD, PIN)} - proven
        if not asks:
            return "", ()
        return "credential_needed", tuple(sorted(kind.value for kind in asks))

    def refusals(self, place: str, now: datetime) -> int:
        """Return how many were refused at a point in the last five minutes."""
        count = 0
        for a in self.past:
            if isinstance(a.step, h.ForgiveRefusals) and a.step.place == place:
                count = 0
            if isinstance(a.step, h.Show) and a.step.place == place:
                is_refusal = a.outcome.verdict not in ("granted", *STEP_UPS)
                count += is_refusal and now - a.step.at < timedelta(minutes=5)
        return count

    def repeated(self, step: h.Show) -> list[h.Told]:
        """Return the alarm with the refusal that is one too many."""
        count = self.refusals(step.place, step.at) + 1
        if count != self.model.refusals_max:
            return []
        self.used.add("refusals_repeated")
        return [("RefusalsRepeated", step.place, count)]

    def is_escorted(self, human: h.Human, place: str) -> bool:
        """Return whether somebody needs an escort here."""
        return human.needs_escort and not self.rules(place).is_escort_free

    def company_missing(self, human: h.Human, step: h.Show) -> str:
        """An escort for those who need one, a second person for all others."""
        if self.is_escorted(human, step.place):
            within = self.seconds(self.model.escort_within_s)
            recent = [a for a in self.past if step.at - a.step.at <= within]
            if any(self.was_escort(a, step.place) for a in recent):
                self.used.add("follows_escort")
                return ""
            return "escort_needed"
        is_needed = self.rules(step.place).two_person is not None
        return "awaiting_second_person" if is_needed and not self.second(human, step) else ""

    def was_escort(self, a: Answer, place: str) -> bool:
        """Return whether a step let an escort in, by the rules and since the last lockdown."""
        if not isinstance(a.step, h.Show) or a.step.place != place or a.outcome.override:
            return False
        if any(isinstance(b.step, h.SetLevel) for b in self.past[a.number :]):
            return False
        return any(w.human is not None and w.human.may_escort for w in a.walks)

    def second(self, human: h.Human, step: h.Show) -> list[Walk]:
        """Return the one who has waited longest for a second person."""
        rule = self.rules(step.place).two_person
        if rule is None:
            return []
        waiting = self.waiting("awaiting_second_person", human, step, rule.within_s)
        return waiting[:1]

    def company(self, human: h.Human, step: h.Show) -> list[Walk]:
        """Return who passes along, unless their one-time code is taken meanwhile."""
        if self.is_escorted(human, step.place):
            return []
        found = self.second(human, step)
        if human.may_escort:
            within_s = self.model.escort_within_s
            found = found + self.waiting("escort_needed", human, step, within_s)
        return [w for w in found if w.code is None or not self.is_code_taken(w.code.nonce, step.at)]

    def waiting(self, why: str, human: h.Human, step: h.Show, within_s: float) -> list[Walk]:
        """Return those whose last answer here was to wait, and who are not let in since."""
        found: dict[str, tuple[datetime, Walk]] = {}
        for a in self.past:
            if isinstance(a.step, h.SetLevel):
                found = {}
            if not isinstance(a.step, h.Show) or a.step.place != step.place:
                continue
            if a.outcome.verdict == why and a.human is not None:
                found.pop(a.human.id, None)
                found[a.human.id] = (a.step.at, Walk(a.human.id, a.human, a.code))
            if a.outcome.verdict == "granted":
                for who in (a.outcome.holder, *a.outcome.companions):
                    found.pop(who or "", None)
        return [
            walk
            for who, (at, walk) in found.items()
            if who != human.id and step.at - at <= self.seconds(within_s)
        ]

    def granted(self, a: Answer, step: h.Show, facts: list[h.Told]) -> h.Outcome:
        """Let somebody in, with their company."""
        assert a.human is not None
        company = self.company(a.human, step)
        if company:
            self.used.add("company")
        a.walks = [Walk(a.human.id, a.human, a.code), *company]
        self.used.add(f"granted_{step.what.value}")
        return h.Outcome(
            "granted",
            a.human.id,
            companions=tuple(w.who for w in company if w.who is not None),
            access_time_s=self.access_time(step, a.human, company),
            facts=_sorted(facts),
        )

    def access_time(self, step: h.Show, human: h.Human, company: list[Walk]) -> float | None:
        """People who need more time get the longer time of the point."""
        rules = self.rules(step.place)
        company = company or self.company(human, step)
        is_slow = human.is_slow or any(w.human is not None and w.human.is_slow for w in company)
        if is_slow and rules.extended_access_time_s is not None:
            self.used.add("extended_access_time")
            return rules.extended_access_time_s
        return rules.access_time_s

    # ---- passing

    def on_the_way(self, now: datetime) -> list[tuple[str, Walk]]:
        """Return who was let through in the last 90 seconds and has not passed, and where."""
        return [(place, walk) for _, place, walk in self.grants(now)]

    def grants(self, now: datetime) -> list[tuple[int, str, Walk]]:
        """Return the same with the step that granted it."""
        found = []
        for a in self.past:
            if not isinstance(a.step, h.Show) or now - a.step.at >= timedelta(seconds=90):
                continue
            over = any(
                isinstance(b.step, h.NotPass) and b.step.grant == a.number for b in self.past
            )
            passed = sum(b.passed is not None and b.passed[0] == a.number for b in self.past)
            if not over:
                found += [(a.number, a.step.place, walk) for walk in a.walks[passed:]]
        return found

    def passed(self, a: Answer, step: h.Pass) -> list[h.Told]:
        """Presence moves with a passage; a code is used by it."""
        rules, is_egress = self.rules(step.place), self.is_egress(step.place)
        open_grants = self.grants(step.at)
        if step.grant is not None:
            mine = [(number, walk) for number, _, walk in open_grants if number == step.grant]
        elif is_egress:
            mine = [(number, walk) for number, place, walk in open_grants if place == step.place]
        else:
            mine = []
        if not mine:
            return self.passed_ungranted(a, step)
        number, walk = mine[0]
        a.passed = (number, walk)
        facts: list[h.Told] = []
        if walk.who is None:
            facts += self.count_unnamed(a, rules, step.at, 1)
        elif rules.from_area is not None or rules.to_area is not None:
            is_first = walk.human is not None and walk.human.is_first_person
            fact = AreaFact(
                holder_id=walk.who,
                area=rules.to_area,
                at=self.after_known(walk.who, step.at),
                node=h.NODE,
                sequence=len(self.past) + 1,
                is_first_person=is_first and rules.to_area is not None,
            )
            a.told.append(fact)
            facts.append(("area", walk.who, fact.area, False, fact.is_first_person))
        if walk.code is not None:
            self.used.add("code_used_up")
            a.used_codes.append(
                CodeUsed(
                    at=step.at, node=h.NODE, sequence=1, nonce=walk.code.nonce,
                    valid_until=walk.code.valid_until,
                )
            )  # fmt: skip
            facts += [("code used", walk.code.nonce)]
            facts += [("VisitorArrived", str(walk.code.holder_id), step.place)]
        return facts

    def passed_ungranted(self, a: Answer, step: h.Pass) -> list[h.Told]:
        """Tailgating, if right behind another; nothing to tell where everybody may pass."""
        facts = self.count_unnamed(a, self.rules(step.place), step.at, 1)
        before = [
            b for b in self.past
            if b.passed is not None and isinstance(b.step, h.Pass) and b.step.place == step.place
        ]  # fmt: skip
        last = before[-1].passed if before else None
        is_granted = step.grant is not None and (last is None or last[0] != step.grant)
        if is_granted or self.is_egress(step.place) or self.is_open(step.place):
            return facts
        if last is not None and step.at - before[-1].step.at <= timedelta(seconds=5):
            self.used.add("tailgating")
            return [*facts, ("TailgatingDetected", step.place, last[0])]
        self.used.add("unauthorised_passage")
        return [*facts, ("UnauthorisedPassage", step.place)]

    def count_unnamed(
        self, a: Answer, rules: PointRules, at: datetime, change: int
    ) -> list[h.Told]:
        """Somebody without a name went from one area to the other."""
        facts: list[h.Told] = []
        for area, step in ((rules.from_area, -change), (rules.to_area, change)):
            if area is not None:
                count = self.unnamed(h.NODE, area) + step
                a.told.append(
                    UnnamedCount(
                        area=area, count=count, at=at, node=h.NODE, sequence=len(self.past) + 1
                    )
                )
                facts.append(("unnamed", area, count))
        return facts

    def forgive(self, a: Answer, step: h.Forgive) -> h.Told:
        """Where somebody is, or everybody, is not known from now on."""
        self.used.add("forgiven")
        sequence = len(self.past) + 1
        if step.who is None:
            a.told.append(AreasForgiven(at=step.at, node=h.NODE, sequence=sequence))
            return ("all forgiven",)
        at = self.after_known(step.who, step.at)
        a.told.append(
            AreaFact(holder_id=step.who, is_forgiven=True, at=at, node=h.NODE, sequence=sequence)
        )
        return ("area", step.who, None, True, False)

    # ---- areas

    def told(self) -> list[Area]:
        """Return every telling there was, in the order of what they tell."""
        found = [fact for a in self.past for fact in a.told]
        return sorted(found, key=lambda f: (f.at, f.node, f.sequence, f.model_dump_json()))

    def whereabouts(self, who: str) -> AreaFact | None:
        """The last telling of somebody, unless it is forgiven."""
        last: AreaFact | None = None
        forgiven: datetime | None = None
        for fact in self.told():
            if isinstance(fact, AreasForgiven):
                forgiven = fact.at
            elif isinstance(fact, AreaFact) and fact.holder_id == who:
                last = fact
        if last is None or last.is_forgiven or (forgiven is not None and last.at <= forgiven):
            return None
        return last

    def after_known(self, who: str, at: datetime) -> datetime:
        """What is seen here now is later than what was known before."""
        known = self.whereabouts(who)
        return at if known is None or known.at < at else known.at + timedelta(microseconds=1)

    def people_in(self, area: str) -> set[str]:
        """Return who is in an area."""
        everybody = {fact.holder_id for fact in self.told() if isinstance(fact, AreaFact)}
        found = set[str]()
        for who in everybody:
            known = self.whereabouts(who)
            if known is not None and known.area == area:
                found.add(who)
        return found

    def unnamed(self, node: str, area: str) -> int:
        """Return a node's last count of people without a name, 0 if forgiven since."""
        last, forgiven = None, None
        for fact in self.told():
            if isinstance(fact, AreasForgiven):
                forgiven = fact.at
            elif isinstance(fact, UnnamedCount) and (fact.node, fact.area) == (node, area):
                last = fact
        if last is None or (forgiven is not None and last.at <= forgiven):
            return 0
        return last.count

    def count(self, area: str) -> int:
        """Return how many are in an area."""
        nodes = {fact.node for fact in self.told() if isinstance(fact, UnnamedCount)}
        return max(0, len(self.people_in(area)) + sum(self.unnamed(n, area) for n in nodes))

    # ---- doors

    def is_door_open(self, door: str) -> bool:
        """Return whether a door is open."""
        moves = [a.step for a in self.past if isinstance(a.step, h.MoveDoor)]
        return next((m.is_open for m in reversed(moves) if m.door == door), False)

    def opened(self, door: str) -> Answer | None:
        """Return the step that opened a door which is open still."""
        found: Answer | None = None
        for a in self.past:
            if isinstance(a.step, h.MoveDoor) and a.step.door == door:
                found = (found or a) if a.step.is_open else None
        return found

    def move_door(self, step: h.MoveDoor) -> list[h.Told]:
        """A door that nobody was let through is forced, once."""
        before = self.opened(step.door)
        if step.is_open:
            places = [p for p in self.site.places if p.door == step.door]
            ways = {self.place(place).door for place, _ in self.on_the_way(step.at)}
            is_free = any(p.free_egress or self.is_open(p.id) for p in places)
            if before is not None or is_free or step.door in ways:
                return []
            self.used.add("door_forced")
            return [("DoorForcedOpen", step.door)]
        if before is None:
            return []
        alarms = [
            a for a in self.past[before.number :]
            for fact in a.outcome.facts
            if fact in (("DoorForcedOpen", step.door), ("DoorOpenTooLong", step.door))
        ]  # fmt: skip
        return [("DoorSecured", step.door)] if alarms else []

    def held_doors(self, now: datetime) -> list[h.Told]:
        """A door that is open longer than its points allow is told once."""
        facts: list[h.Told] = []
        for door in {p.door for p in self.site.places}:
            since = self.opened(door)
            places = [p for p in self.site.places if p.door == door]
            limit = max(self.rules(p.id).open_time_s_max for p in places)
            if since is None or now - since.step.at <= self.seconds(limit):
                continue
            told = any(
                ("DoorOpenTooLong", door) in a.outcome.facts for a in self.past[since.number :]
            )
            if not told and not any(self.is_open(p.id) for p in places):
                self.used.add("door_open_too_long")
                facts.append(("DoorOpenTooLong", door))
        return facts

    def seconds(self, count: float) -> timedelta:
        """Return a duration."""
        return timedelta(seconds=count)


def _sorted(facts: Sequence[h.Told]) -> tuple[h.Told, ...]:
    return tuple(sorted(facts, key=repr))
