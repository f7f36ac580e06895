"""How long a site keeps what it holds of people: a limit for each class of data.

Bounds are refused when the site file is read: a minimum where the law demands a record, a maximum
where it demands forgetting (PIPL art. 19 and 47: no longer than the purpose needs).
"""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from config.contract.identifiers import Frozen


class Retention(Frozen):
    """Days. What has an hourly limit or one of the audit log stands in ``policy``.

    Attributes:
        passages_days: Decisions, passages and their conflicts at central.
        candidates_days: Who was only considered in a decision; erased from the decision.
        alarms_days: Alarms and fire; at least half a year (Cybersecurity Law, art. 21).
        device_events_days: What devices and terminals say of themselves.
        whereabouts_days: In which area somebody was last seen, at central and at terminals.
        visitors_days: A visitor's name, from the end of the visit.
        alarm_list_days: What became of each alarm and who saw to it, with the counts of metrics.
        handovers_days: What shifts told each other.
        roll_calls_days: Who was missing and who was safe in an evacuation.
        patrols_days: Which guard was where when, and what became of each round.
        meals_days: Which meals somebody meant to eat, and how they were.
        leaver_faces_days: Templates and enrolment pictures of somebody who left; 0 is at once.
        leaver_records_days: The name and everything else of somebody who left.
        face_reviews_days: An enrolment that waits for a second person, its template included.
        alarm_snapshots_days: Pictures that alarms were given.
        alarm_clips_days: The seconds before and after an alarm.
        damaged_files_days: Files that a terminal set aside because it could not read them.
    """

    passages_days: Annotated[int, Field(ge=30, le=1095)] = 180
    candidates_days: Annotated[int, Field(ge=1, le=180)] = 30
    alarms_days: Annotated[int, Field(ge=180, le=3650)] = 730
    device_events_days: Annotated[int, Field(ge=7, le=1095)] = 180
    whereabouts_days: Annotated[int, Field(ge=1, le=90)] = 30
    visitors_days: Annotated[int, Field(ge=1, le=180)] = 30
    alarm_list_days: Annotated[int, Field(ge=180, le=3650)] = 730
    handovers_days: Annotated[int, Field(ge=30, le=1095)] = 365
    roll_calls_days: Annotated[int, Field(ge=30, le=1095)] = 365
    patrols_days: Annotated[int, Field(ge=30, le=1095)] = 365
    meals_days: Annotated[int, Field(ge=7, le=365)] = 90
    leaver_faces_days: Annotated[int, Field(ge=0, le=30)] = 7
    leaver_records_days: Annotated[int, Field(ge=30, le=1095)] = 180
    face_reviews_days: Annotated[int, Field(ge=1, le=90)] = 30
    alarm_snapshots_days: Annotated[int, Field(ge=1, le=365)] = 90
    alarm_clips_days: Annotated[int, Field(ge=1, le=365)] = 30
    damaged_files_days: Annotated[int, Field(ge=1, le=90)] = 30

    def of(self, setting: str) -> timedelta:
        """Return the limit that a setting names."""
        return timedelta(days=getattr(self, setting))

    @classmethod
    def bounds(cls, setting: str) -> tuple[int, int]:
        """Return the fewest and the most days that a setting may have."""
        found = {type(item).__name__: item for item in cls.model_fields[setting].metadata}
        return found["Ge"].ge, found["Le"].le
