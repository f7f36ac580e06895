"""What is said about retention."""

from pydantic import AwareDatetime, BaseModel

from central.retention.classes import Ending


class RetentionLine(BaseModel):
    """One class of data and its timer.

    Attributes:
        name: Stable word, ``data_class.NAME`` in the dictionaries.
        node: The terminal where it lies; None at central.
        ending: What ends it.
        kept_h: Hours from then on; None where no timer ends it.
        setting: Where the site file says so; empty where it has no say.
        minimum_days: Fewest days that the settings check lets pass; None where there is no such.
        maximum_days: Most days.
        oldest_at: Since when the oldest item counts; for what carries its expiry, that.
        due_at: When the oldest item is deleted.
        last_run_at: Of the timer; None where it never ran, or nothing is known of it.
        next_run_at: Of the timer.
        last_deleted_at: When something was last deleted.
        last_count: How much then.
        deleted_count: At central since its tables were made, at a terminal since its start.
        is_overdue: The timer did not run, or left what was due.
    """

    name: str
    node: str | None
    ending: Ending
    kept_h: float | None
    setting: str
    minimum_days: int | None
    maximum_days: int | None
    oldest_at: AwareDatetime | None
    due_at: AwareDatetime | None
    last_run_at: AwareDatetime | None
    next_run_at: AwareDatetime | None
    last_deleted_at: AwareDatetime | None
    last_count: int
    deleted_count: int
    is_overdue: bool


class RetentionView(BaseModel):
    """The table. Attributes: overdue_count: lines whose timer is late."""

    items: list[RetentionLine]
    overdue_count: int
