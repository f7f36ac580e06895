"""Why somebody looks: no picture, passage, person or export is shown to who does not say it.

The purpose is the header ``Menshen-Purpose`` or the parameter ``purpose``; what it refers to (a
case number, a few words) is ``Menshen-Reference`` or ``reference``, in a header percent-encoded.
Three purposes are standing. Two of them a page says for whoever works on it all day:
``monitoring``, of whoever watches the gates, is good for pictures that the live console shows and
for finding a person there; ``personnel``, of the personnel office, for people and their consents.
The third, ``integration``, a program says that was set up to be told of events. None is good for
anything else that looks back, nor for one person's whole file.
"""

import dataclasses
from typing import Annotated, Final, get_args
from urllib.parse import unquote

from fastapi import Header, Query

from central.audit.notes import Purpose
from central.problems import RefusedError

MONITORING: Final[Purpose] = "monitoring"
PERSONNEL: Final[Purpose] = "personnel"
INTEGRATION: Final[Purpose] = "integration"
STANDING: Final[frozenset[Purpose]] = frozenset({MONITORING, PERSONNEL, INTEGRATION})
PURPOSES: Final[tuple[Purpose, ...]] = tuple(each for each in get_args(Purpose) if each)
WITH_REFERENCE: Final[frozenset[Purpose]] = frozenset({"investigation", "maintenance"})
"""Purposes that mean nothing without a case number, or without words."""
REFERENCE_LENGTH_MAX: Final = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody looks. Attributes: reference: a case number or a few words; may be empty."""

    purpose: Purpose
    reference: str

    @property
    def detail(self) -> dict[str, str]:
        """What the audit log holds beside the purpose."""
        return {"reference": self.reference} if self.reference else {}


class Purposeful:
    """A dependency: why the operator looks; refuses with 422 who does not say it."""

    def __init__(self, *standing: Purpose) -> None:
        """Ask; ``standing`` are the standing purposes that are reason enough here."""
        self.standing = frozenset(standing)
        self.accepted = tuple(p for p in PURPOSES if p not in STANDING or p in self.standing)

    def __call__(
        self,
        purpose: Annotated[str, Query(max_length=32)] = "",
        reference: Annotated[str, Query(max_length=REFERENCE_LENGTH_MAX)] = "",
        menshen_purpose: Annotated[str, Header(max_length=32)] = "",
        menshen_reference: Annotated[str, Header(max_length=9 * REFERENCE_LENGTH_MAX)] = "",
    ) -> Reason:
        """Return the reason."""
        wanted = purpose or menshen_purpose
        found = next((each for each in self.accepted if each == wanted), None)
        if found is None:
            known = ", ".join(self.accepted)
            raise RefusedError(
                422, "purpose_needed", f"say why, in Menshen-Purpose or ?purpose=, one of: {known}"
            )
        words = (reference or unquote(menshen_reference)).strip()[:REFERENCE_LENGTH_MAX]
        if found in WITH_REFERENCE and not words:
            raise RefusedError(
                422, "reference_needed", f"{found} needs a case number or words: &reference="
            )
        return Reason(found, words)
