"""The classes of data, and what is due of them. Pure: the time and the site are arguments."""

import dataclasses
from datetime import datetime, timedelta
from typing import Final, Literal

from config.retention import Retention
from config.site import Policy, Site

Ending = Literal["age", "expiry", "leaving", "person", "account", "record"]
"""What ends it: its age, an expiry it carries, the person's leaving or erasure, the operator's
account; a record is kept as long as the site."""
OFTEN: Final = timedelta(minutes=1)
HOURLY: Final = timedelta(hours=1)
DAILY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DataClass:
    """One line of the table.

    Attributes:
        tables: At central; empty for what lies at terminals.
        setting: Where the site says how long: ``policy.NAME`` or ``retention.NAME``; empty where it
            has no say.
        every: How often a timer looks; None where none does, since something else ends it.
        is_personal: Whether it says anything of a person.
        files: At a terminal, patterns of file names in its state folder.
    """

    name: str
    tables: tuple[str, ...] = ()
    ending: Ending
    setting: str = ""
    every: timedelta | None = None
    is_personal: bool = True
    files: tuple[str, ...] = ()

    @property
    def place(self) -> Literal["central", "terminal"]:
        """Where it lies."""
        return "terminal" if self.files else "central"

    def kept(self, site: Site) -> timedelta | None:
        """Return how long it is kept, from what ``ending`` says; None where no timer ends it."""
        part, _, name = self.setting.partition(".")
        if part == "retention":
            return site.retention.of(name)
        if name.endswith("_days"):
            return timedelta(days=getattr(site.policy, name))
        if self.name == "crops":
            return max(_crop_lifetimes(site.policy))
        return timedelta() if self.ending == "expiry" else None

    def bounds_days(self) -> tuple[int | None, int | None]:
        """Return the fewest and the most days that the settings check lets pass."""
        part, _, name = self.setting.partition(".")
        if part == "retention":
            return Retention.bounds(name)
        return (180, None) if name == "audit_kept_days" else (None, 7) if name else (None, None)


def _crop_lifetimes(policy: Policy) -> list[timedelta]:
    hours = (
        policy.crop_lifetime_h,
        policy.doubtful_crop_lifetime_h,
        policy.stranger_crop_lifetime_h,
    )
    return [_HOUR * each for each in hours]


def _aged(name: str, *tables: str, every: timedelta = HOURLY) -> DataClass:
    setting = f"retention.{name}_days"
    return DataClass(name=name, tables=tables, ending="age", setting=setting, every=every)


def _expiring(name: str, *tables: str, setting: str = "") -> DataClass:
    return DataClass(name=name, tables=tables, ending="expiry", setting=setting, every=OFTEN)


def _left(name: str, *tables: str) -> DataClass:
    return DataClass(
        name=name,
        tables=tables,
        ending="leaving",
        setting=f"retention.{name}_days",
        every=OFTEN if name == "leaver_faces" else HOURLY,
    )


MEDIA_TABLES: Final = ("alarm_media", "alarm_media_events", "alarm_media_contents")
CLASSES: Final = (
    _expiring("crops", "blobs", setting="policy.crop_lifetime_h"),
    _aged("passages", "events", "event_conflicts", "forgiven", every=DAILY),
    _aged("candidates", "events", "event_conflicts", every=DAILY),
    _aged("alarms", "events", "event_conflicts", every=DAILY),
    _aged("device_events", "events", "event_conflicts", every=DAILY),
    DataClass(
        name="money",
        tables=(
            "events",
            "event_conflicts",
            "ledger_accounts",
            "ledger_transfers",
            "ledger_pendings",
            "canteen_charges",
            "canteen_lines",
            "canteen_reservations",
            "canteen_orders",
            "canteen_sessions",
            "canteen_exceptions",
            "canteen_debts",
            "canteen_accounts",
            "canteen_blocks",
            "canteen_blocks_lifted",
            "payment_orders",
            "payment_notices",
            "payment_bills",
            "payment_answers",
            "office_deeds",
            "office_moves",
            "office_grants",
            "office_confirmations",
            "office_day_closes",
            "office_drawers",
            "office_drawer_entries",
            "diner_disputes",
        ),
        ending="record",
    ),
    _aged("whereabouts", "area_facts"),
    _left("leaver_faces", "templates", "enrolment_pictures", "terminal_faces"),
    _left("leaver_records", "people", "cards", "temporary_codes", "confusable_pairs"),
    _aged("face_reviews", "face_reviews"),
    _aged("visitors", "visits"),
    _aged(
        "alarm_list",
        "alarms",
        "alarm_history",
        "alarm_counts",
        "alarm_floods",
        "alarm_deliveries",
        every=DAILY,
    ),
    _aged("handovers", "handovers", "shift_notes", every=DAILY),
    _aged("alarm_snapshots", *MEDIA_TABLES),
    _aged("alarm_clips", *MEDIA_TABLES),
    _aged("patrols", "patrol_rounds", "patrol_scans", "patrol_duties", every=DAILY),
    _aged(
        "roll_calls",
        "roll_calls",
        "roll_call_people",
        "roll_call_marks",
        "fire_people",
        every=DAILY,
    ),
    _aged("meals", "diner_meals", "diner_ratings", every=DAILY),
    _expiring("imports", "imports"),
    _expiring("outside_repeats", "outside_events"),
    _expiring("sessions", "sessions"),
    _expiring(
        "invitations", "invitations", "node_tokens", "api_tokens", "guard_desks", "diner_links"
    ),
    DataClass(
        name="audit_log",
        tables=("audit_log", "audit_anchors"),
        ending="age",
        setting="policy.audit_kept_days",
        every=DAILY,
    ),
    DataClass(name="consents", tables=("consents",), ending="person"),
    DataClass(
        name="deletion_proofs",
        tables=("face_deletions", "face_deletion_nodes", "erasures", "provider_leavers"),
        ending="record",
    ),
    DataClass(
        name="operators", tables=("users", "recovery_codes", "provider_accounts"), ending="account"
    ),
    DataClass(
        name="acts",
        tables=(
            "access_models",
            "lockdowns",
            "commands",
            "assistance_calls",
            "approvals",
            "countersignatures",
            "patrol_plans",
            "canteen_plans",
            "plan_versions",
            "fires",
            "fire_releases",
            "fire_tests",
            "fire_drills",
            "matrix_results",
            "duty_checks",
            "duty_plans",
            "duty_changes",
            "firmware_images",
            "rollouts",
            "rollout_boards",
        ),
        ending="record",
    ),
    DataClass(
        name="technical",
        tables=(
            "site_values",
            "nodes",
            "event_ranges",
            "event_losses",
            "units",
            "self_tests",
            "retention_runs",
            "consent_texts",
            "alarm_sources",
            "alarm_suppressions",
            "alarm_procedures",
            "alarm_settings",
            "connectors",
            "camera_recordings",
            "plan_drawings",
            "fire_points",
            "fire_panels",
            "fire_paths",
            "fire_sightings",
            "canteen_merchants",
            "canteen_tills",
            "boards",
            "identity_providers",
            "webhooks",
            "webhook_attempts",
            "outside_sources",
        ),
        ending="record",
        is_personal=False,
    ),
    DataClass(name="terminal_clips", files=("clips/*",), ending="record"),
    DataClass(name="terminal_patrol", files=("patrol-carriers.json",), ending="record"),
    DataClass(name="terminal_people", files=("replica.sqlite3",), ending="person"),
    DataClass(
        name="terminal_journal", files=("journal.sqlite3*", "commands.sqlite3"), ending="record"
    ),
    DataClass(
        name="terminal_whereabouts",
        files=("memory.sqlite3",),
        ending="age",
        setting="retention.whereabouts_days",
        every=HOURLY,
    ),
    DataClass(
        name="terminal_damaged_files",
        files=("*.damaged*",),
        ending="age",
        setting="retention.damaged_files_days",
        every=HOURLY,
    ),
)
"""The table. ``terminal_journal`` empties itself: a row goes when central holds it, a command a day
later; so does ``terminal_clips``, where what central did not get in time goes, too, and
``terminal_patrol``, which names nobody longer than a reader's ``guard_kept_min``."""


def data_class(name: str) -> DataClass:
    """Return a class by its name; KeyError where there is none."""
    return {each.name: each for each in CLASSES}[name]


def next_run(last_run_at: datetime | None, every: timedelta, *, now: datetime) -> datetime:
    """Return when a timer runs next: at once where it never ran, or its clock was set back."""
    if last_run_at is None or last_run_at > now:
        return now
    return last_run_at + every


def is_overdue(
    *, due_at: datetime | None, next_run_at: datetime | None, every: timedelta, now: datetime
) -> bool:
    """Return whether a timer is late: it did not run, or left what was due for two rounds.

    Args:
        due_at: When the oldest item was to be deleted; None where there is none.
        next_run_at: Of the timer.
        every: Of the timer.
        now: Aware UTC.
    """
    is_late = next_run_at is not None and now > next_run_at + every
    return is_late or (due_at is not None and now > due_at + 2 * every)
