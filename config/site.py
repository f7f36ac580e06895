"""The installed site: nodes, lines, devices, cameras and access points, read from one TOML file.

Edge and centre read the same file. A mistake in it is one line that names the place and says what
is wanted. To see an example: ``config/example.toml``.
"""

import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from config.cameras import CameraEntry, Video
from config.contract.access import CropClass, Direction
from config.contract.identifiers import Frozen, Slug
from config.contract.operators import ADMINISTRATIVE, Role
from config.retention import Retention
from config.site_alarms import PanicButtonEntry, SounderEntry, alarm_problems
from config.site_board import BoardRules
from config.site_canteen import MerchantEntry, TillEntry, canteen_problems
from config.site_fire import (
    FireInputEntry,
    FireWarning,
    FireZoneEntry,
    fire_problems,
    fire_warnings,
)
from config.site_patrol import (
    CheckpointEntry,
    PatrolReaderEntry,
    PatrolSettings,
    patrol_problems,
)
from config.site_readers import PointReader, reader_problems
from config.site_time import SiteTime

HOST_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"


class SiteError(Exception):
    """The site file cannot be used; the message says where and why, a line each."""


class SiteIdentity(Frozen):
    """The site.

    Attributes:
        name: By language.
        time_zone: IANA name, for schedules and pages.
        host: What nodes and browsers call it where one central serves many sites; left out: its
            identifier before the name of that central.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str]
    time_zone: str = "Asia/Shanghai"
    host: Annotated[str, StringConstraints(pattern=HOST_PATTERN, max_length=253)] | None = None


CoverPolicy = Literal["ask", "card", "ignore"]
"""What a gate does about something that hides a face; see ``Recognition.masks``."""


class Recognition(Frozen):
    """How faces are recognised at this site, on every node alike.

    Attributes:
        pipeline: ``builtin`` needs no download; ``production`` needs its files on every node.
        strangers: Share of strangers who may be taken for somebody enrolled, a person with all
            ``tries`` counted once.
        tries: Attempts of one stranger that ``strangers`` allows for.
        step_up_strangers: Share of strangers who may be asked for a card as if they were somebody.
        same_group_factor: How much more often the people who come here are taken for each other
            than press photographs; None takes the network's measured one. 1 is for people as mixed
            as in the press.
        face_size_px_min: Smaller faces are people who are not at the gate yet.
        masks: ``ask``: whoever is not recognised with one is asked to take it off, and looked at
            again then. ``card``: a face that is seen to have one does not pass without a card.
            ``ignore``: nobody looks for it.
        dark_glasses: The same.
        caps: ``ask`` or ``ignore``; dark hair over the forehead is not told from one.
        sun_behind: As masks, when a bright ground leaves the face dark: people are asked to come
            closer.
    """

    pipeline: Literal["builtin", "production"] = "builtin"
    strangers: Annotated[float, Field(gt=0, le=0.05)] = 0.001
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    step_up_strangers: Annotated[float, Field(gt=0, lt=1)] = 0.05
    same_group_factor: Annotated[float, Field(ge=1, le=1000)] | None = None
    face_size_px_min: Annotated[int, Field(ge=80, le=600)] = 110
    masks: CoverPolicy = "ask"
    dark_glasses: CoverPolicy = "ask"
    caps: Literal["ask", "ignore"] = "ask"
    sun_behind: CoverPolicy = "ask"

    @property
    def false_positive_rate(self) -> float:
        """Of one attempt over the whole gallery: tries may all miss independently, so they add."""
        return self.strangers / self.tries


class Policy(Frozen):
    """What the site wants where both answers can be right.

    Attributes:
        journal_unwritable: Let people through although it cannot be recorded, or refuse them.
        keep_stranger_crops: Send pictures of people who were refused to central, too.
        crop_lifetime_h: How long central keeps the picture of a person admitted.
        keep_enrolment_pictures: Keep the faces that people were enrolled by, encrypted, at central
            alone, so that nobody must come again when the network changes. Switched off again, they
            are deleted at central's next start.
        doubtful_crop_lifetime_h: The same for people who were asked for a card; 0 keeps none.
        stranger_crop_lifetime_h: The same for other people who were refused; 0 keeps none.
        replica_age_h_max: A terminal that central has not confirmed for longer alarms, and
            ``replica_outdated`` holds there.
        replica_outdated: ``second_credential``: who has two shows two. ``profiles``: only those of
            ``replica_outdated_profiles`` pass. ``continue``: the alarm alone. No exit is asked.
        terminal_keys: What opens the keys on a terminal's disk. ``sealed``: its TPM or a credential
            of its service, where it has one; it starts with central down. ``release``: central
            alone, at each start; until then a terminal lets people out and knows nobody.
        node_key_days: Terminals change keys that are older, each in its five minutes of the day;
            0, as shipped, where an operator asks alone. A copy of a terminal's disk is worth
            nothing after the next change, and neither is a spare image of it.
        audit_kept_days: How long the audit log is kept, at least the law's 180 days.
        has_separate_administrators: Nobody is system and security administrator at once, as MLPS
            level 3 wants it. Who was ``administrator`` is ``security_administrator`` from central's
            next start on, and names a system administrator.
        four_eyes: Deeds that wait until a second operator has approved them; none as shipped, since
            a site with one administrator could never do them.
        fire_begins_roll_call: A fire that is confirmed begins a roll-call at central, if it hears
            of it at once.
        fire_test_months: A cell of the cause-and-effect matrix counts as untested again after so
            long.
        meals_until: Wall clock until which meals of the next day can be registered and cancelled.
        second_factor_roles: Whose operators need a second factor.
        status_interval_s: How often a terminal says how it is where nothing changes; silent for
            three times as long, it is lost. A city of thousands of terminals wants 20 or 30.
        disk_free_mb_min: A terminal with less room on its disk alarms, and stops growing.
        card_endurance_tb: What the terminals' card endures by its maker, in TB written; left
            out, no terminal says how many years it lasts.
        second_factor_grace_h: So long after it was made, an account works without one; then it
            shows nothing but its own page, where one is set up.
    """

    journal_unwritable: Literal["grant", "deny"] = "deny"
    keep_stranger_crops: bool = False
    crop_lifetime_h: Annotated[int, Field(ge=1, le=168)] = 24
    keep_enrolment_pictures: bool = False
    doubtful_crop_lifetime_h: Annotated[int, Field(ge=0, le=168)] = 24
    stranger_crop_lifetime_h: Annotated[int, Field(ge=0, le=168)] = 24
    replica_age_h_max: Annotated[int, Field(ge=1, le=8760)] = 72
    replica_outdated: Literal["continue", "second_credential", "profiles"] = "second_credential"
    replica_outdated_profiles: tuple[Slug, ...] = ()
    terminal_keys: Literal["sealed", "release"] = "sealed"
    node_key_days: Annotated[int, Field(ge=0, le=3650)] = 0
    audit_kept_days: Annotated[int, Field(ge=180, le=36_500)] = 730
    has_separate_administrators: bool = False
    four_eyes: tuple[Literal["key_rotation"], ...] = ()
    fire_begins_roll_call: bool = False
    fire_test_months: Annotated[int, Field(ge=1, le=60)] = 12
    meals_until: time = time(20)
    status_interval_s: Annotated[int, Field(ge=5, le=60)] = 5
    disk_free_mb_min: Annotated[int, Field(ge=20, le=100_000)] = 300
    card_endurance_tb: Annotated[float, Field(gt=0, le=100_000)] | None = None
    second_factor_roles: tuple[Role, ...] = ADMINISTRATIVE
    second_factor_grace_h: Annotated[int, Field(ge=0, le=720)] = 24

    @model_validator(mode="after")
    def _check_outdated(self) -> Self:
        if (self.replica_outdated == "profiles") != bool(self.replica_outdated_profiles):
            raise ValueError(
                "replica_outdated_profiles names who passes under replica_outdated = 'profiles',"
                " and belongs there alone"
            )
        return self

    def crop_lifetime(self, kind: CropClass) -> timedelta:
        """Return how long the pictures of a kind are kept; nothing where none is."""
        if kind is CropClass.ADMITTED:
            return timedelta(hours=self.crop_lifetime_h)
        is_doubtful = kind is CropClass.DOUBTFUL
        hours = self.doubtful_crop_lifetime_h if is_doubtful else self.stranger_crop_lifetime_h
        return timedelta(hours=hours if self.keep_stranger_crops else 0)


class Node(Frozen):
    """One terminal.

    Attributes:
        kiosk_port: Loopback port of its own page; 0 picks a free one.
        link: ``HOST:PORT`` where the other terminals reach it by UDP (the site link); all terminals
            have one, or none has.
    """

    id: Slug
    kiosk_port: Annotated[int, Field(ge=0, le=65535)] = 8180
    link: Annotated[str, StringConstraints(pattern=r"^[^\s:]+:[0-9]{1,5}$")] | None = None

    @property
    def link_address(self) -> tuple[str, int] | None:
        """Host and port of ``link``."""
        if self.link is None:
            return None
        host, _, port = self.link.rpartition(":")
        return host, int(port)


class BusEntry(Frozen):
    """One line.

    Attributes:
        port: A path (by-id is best), ``COM3``, ``socket://HOST:PORT``, or any other of
            ``drivers.transport.open_transport``; ``http://HOST:PORT`` of a device with a web API.
        reply_time_s_max: The slowest device's longest time from request to reply.
    """

    id: Slug
    node: Slug
    port: str
    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    reply_time_s_max: Annotated[float, Field(gt=0, le=10)] = 0.5


class DeviceEntry(Frozen):
    """One device on a line.

    Attributes:
        id: Names the place, not the piece of hardware: a device that is swapped keeps it.
        settings: The driver's own.
        zone: Where it stands, as people there call it.
        first_answer_s: So long after the start of the terminal's program the device is awaited and
            not told lost, for one that starts slowly; left out: as long as its own time-outs take.
    """

    id: Slug
    driver: str
    bus: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    zone: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    first_answer_s: Annotated[float, Field(ge=3, le=100)] | None = None


class Contact(Frozen):
    """A dry contact. Attributes: device: that reports it. input: 0-based, closed when pressed."""

    device: Slug
    input: Annotated[int, Field(ge=0, le=255)]


class Assistance(Frozen):
    """How people at the gates ask for somebody to come.

    Attributes:
        has_button: The terminals' screens have a button for it.
        ask: Whom to ask, or which telephone to call, while nobody can be rung from a terminal.
    """

    has_button: bool = True
    ask: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)


class AccessPointEntry(Frozen):
    """One direction through one gate.

    Attributes:
        free_egress: Leaving needs nobody's recognition: the gate's exit side is set free.
        liveness: Whether a photograph is told from a face: ``off``, ``passive`` (a doubt looks
            again, then asks for a card), ``passive_step_up`` (asks at once), ``challenge`` (turn
            your head, blink). Without its networks a card is asked for, never nothing.
        passage_timeout_s: A granted person who has not passed by then has not passed.
        assistance: A button beside the gate that rings for assistance, as the screen's does.
        readers: Where people hold cards and codes to pass here.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    node: Slug
    device: Slug
    direction: Direction = Direction.IN
    camera: Slug | None = None
    free_egress: bool = False
    liveness: Literal["off", "passive", "passive_step_up", "challenge"] = "passive"
    passage_timeout_s: Annotated[float, Field(gt=0, le=60)] = 8.0
    assistance: Contact | None = None
    readers: tuple[PointReader, ...] = ()


class Site(Frozen):
    """The whole file."""

    site: SiteIdentity
    recognition: Recognition = Recognition()
    policy: Policy = Policy()
    time: SiteTime = SiteTime()
    retention: Retention = Retention()
    assistance: Assistance = Assistance()
    video: Video = Video()
    patrol: PatrolSettings = PatrolSettings()
    boards: BoardRules = BoardRules()
    node: tuple[Node, ...] = ()
    bus: tuple[BusEntry, ...] = ()
    device: tuple[DeviceEntry, ...] = ()
    camera: tuple[CameraEntry, ...] = ()
    access_point: tuple[AccessPointEntry, ...] = ()
    checkpoint: tuple[CheckpointEntry, ...] = ()
    fire_zone: tuple[FireZoneEntry, ...] = ()
    fire_input: tuple[FireInputEntry, ...] = ()
    patrol_reader: tuple[PatrolReaderEntry, ...] = ()
    sounder: tuple[SounderEntry, ...] = ()
    panic_button: tuple[PanicButtonEntry, ...] = ()
    merchant: tuple[MerchantEntry, ...] = ()
    till: tuple[TillEntry, ...] = ()

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        nodes, buses = {n.id for n in self.node}, {b.id: b.node for b in self.bus}
        devices = {d.id: buses.get(d.bus) for d in self.device}
        cameras = {c.id: c.node for c in self.camera}
        problems = self._repeated()
        if 0 < sum(n.link is not None for n in self.node) < len(self.node):
            without = ", ".join(n.id for n in self.node if n.link is None)
            problems.append(f"node: all have a link (HOST:PORT), or none has; without: {without}")
        for table, entries in (
            ("bus", self.bus),
            ("camera", self.camera),
            ("access_point", self.access_point),
        ):
            problems += [
                f"{table} {e.id!r} names no node of this file: {e.node!r}"
                for e in entries
                if e.node not in nodes
            ]
        for device in self.device:
            if device.bus not in buses:
                problems.append(f"device {device.id!r} names no bus of this file: {device.bus!r}")
        for point in self.access_point:
            where = f"access_point {point.id!r}"
            if devices.get(point.device) != point.node:
                problems.append(f"{where} needs a device on its own node, not {point.device!r}")
            if point.camera is not None and cameras.get(point.camera) != point.node:
                problems.append(f"{where} needs a camera on its own node, not {point.camera!r}")
            if point.assistance is not None and devices.get(point.assistance.device) != point.node:
                problems.append(
                    f"{where}: assistance needs a device on its own node,"
                    f" not {point.assistance.device!r}"
                )
            if point.free_egress and point.direction is not Direction.OUT:
                problems.append(f"{where}: free_egress is for direction 'out'")
        problems += reader_problems(
            [(p.id, p.node, p.readers) for p in self.access_point], devices=devices
        )
        problems += fire_problems(
            self.fire_zone,
            self.fire_input,
            devices=devices,
            points=[p.id for p in self.access_point],
        )
        problems += [
            f"camera {c.id!r} needs a ptz device on its own node, not {c.ptz!r}"
            for c in self.camera
            if c.ptz is not None and devices.get(c.ptz) != c.node
        ]
        problems += patrol_problems(
            self.patrol,
            self.checkpoint,
            self.patrol_reader,
            devices=devices,
            points={p.id: p.node for p in self.access_point},
            gates=frozenset(p.device for p in self.access_point),
        )
        problems += canteen_problems(
            self.merchant,
            self.till,
            nodes=frozenset(nodes),
            devices=devices,
            cameras=cameras,
            points={p.id: p.node for p in self.access_point},
        )
        problems += alarm_problems(self.sounder, self.panic_button, devices=devices)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def fire_warnings(self) -> tuple[FireWarning, ...]:
        """What works as written and may not be what is wanted; of the whole site."""
        buses = {b.id: b.node for b in self.bus}
        return tuple(
            fire_warnings(
                self.fire_zone,
                self.fire_input,
                nodes={d.id: buses.get(d.bus) for d in self.device},
                linked=len(self.node) > 1 and all(n.link is not None for n in self.node),
                points={p.id: p.node for p in self.access_point},
            )
        )

    def _repeated(self) -> list[str]:
        tables: dict[str, list[str]] = {
            "node": [e.id for e in self.node],
            "bus": [e.id for e in self.bus],
            "device": [e.id for e in self.device],
            "camera": [e.id for e in self.camera],
            "access_point": [e.id for e in self.access_point],
            "checkpoint": [e.id for e in self.checkpoint],
            "fire_zone": [e.id for e in self.fire_zone],
            "patrol_reader": [e.device for e in self.patrol_reader],
            "sounder": [e.id for e in self.sounder],
            "panic_button": [e.id for e in self.panic_button],
            "merchant": [e.id for e in self.merchant],
            "till": [e.id for e in self.till],
        }
        return [
            f"{table} {name!r} stands twice"
            for table, names in tables.items()
            for name in sorted(set(names))
            if names.count(name) > 1
        ]

    def for_node(self, node_id: str) -> "Site":
        """Return this site with only what stands at one node.

        Raises:
            SiteError: No such node.
        """
        if node_id not in {n.id for n in self.node}:
            known = ", ".join(n.id for n in self.node) or "none"
            raise SiteError(f"this site has no node {node_id!r}; it has: {known}")
        buses = tuple(b for b in self.bus if b.node == node_id)
        devices = tuple(d for d in self.device if d.bus in {b.id for b in buses})
        here = {device.id for device in devices}
        points = {p.id for p in self.access_point if p.node == node_id}
        return self.model_copy(
            update={
                "node": tuple(n for n in self.node if n.id == node_id),
                "bus": buses,
                "device": devices,
                "camera": tuple(c for c in self.camera if c.node == node_id),
                "access_point": tuple(p for p in self.access_point if p.node == node_id),
                # A tag on a wall may be read by a reader of any node.
                "checkpoint": tuple(
                    c
                    for c in self.checkpoint
                    if (c.device is None or c.device in here)
                    and (c.access_point is None or c.access_point in points)
                ),
                "patrol_reader": tuple(r for r in self.patrol_reader if r.device in here),
                "sounder": tuple(s for s in self.sounder if s.node == node_id),
                "panic_button": tuple(b for b in self.panic_button if b.device in here),
                "till": tuple(t for t in self.till if t.node == node_id),
            }
        )


def load_site(path: Path) -> Site:
    """Read a site file.

    Raises:
        SiteError: It is absent, no TOML, or not a site; the message has one line per mistake.
    """
    try:
        return Site.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SiteError(f"cannot read the site file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        lines = [
            f"{path}: {_place(e['loc'])}{e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SiteError("\n".join(lines)) from error


def _place(location: tuple[int | str, ...]) -> str:
    return f"{'.'.join(str(part) for part in location)}: " if location else ""
