"""Why somebody looks: no picture, passage, candidate or export is shown to who does not say it.

The purpose is the header ``Menshen-Purpose`` or the parameter ``purpose``; what it refers to (a
case number, a few words) is ``Menshen-Reference`` or ``reference``, in a header percent-encoded.
``monitoring`` is the standing purpose of whoever watches the gates. It is good for the pictures
that the live console shows, and for nothing that looks back.
"""

import dataclasses
from typing import Annotated, Final, get_args
from urllib.parse import unquote

from fastapi import Header, Query

from central.audit.notes import Purpose
from central.problems import RefusedError

STANDING: Final[Purpose] = "monitoring"
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

    def __init__(self, *, is_live: bool = False) -> None:
        """Ask; ``is_live`` is for what whoever watches the gates sees by itself."""
        self.is_live = is_live

    def __call__(
        self,
        purpose: Annotated[str, Query(max_length=32)] = "",
        reference: Annotated[str, Query(max_length=REFERENCE_LENGTH_MAX)] = "",
        menshen_purpose: Annotated[str, Header(max_length=32)] = "",
        menshen_reference: Annotated[str, Header(max_length=9 * REFERENCE_LENGTH_MAX)] = "",
    ) -> Reason:
        """Return the reason."""
        wanted = purpose or menshen_purpose
        found = next((each for each in PURPOSES if each == wanted), None)
        if found is None or (found == STANDING and not self.is_live):
            known = ", ".join(each for each in PURPOSES if self.is_live or each != STANDING)
            raise RefusedError(
                422, "purpose_needed", f"say why, in Menshen-Purpose or ?purpose=, one of: {known}"
            )
        words = (reference or unquote(menshen_reference)).strip()[:REFERENCE_LENGTH_MAX]
        if found in WITH_REFERENCE and not words:
            raise RefusedError(
                422, "reference_needed", f"{found} needs a case number or words: &reference="
            )
        return Reason(found, words)
