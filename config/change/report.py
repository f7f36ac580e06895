"""Everything that is said of a site file before it is taken into use, and whether it may be."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from config.change.comparison import Change, changes
from config.change.losses import Loss, Weight, losses
from config.doctor.findings import Finding, Level
from config.site import Site, SiteError, load_site

GROUP: Final = "menshen.site_doubts"
"""What each side knows of a site file that reads well: a function that takes the site."""
Doubts = Callable[[Site], Iterator[Finding]]


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        mistakes: A line each; with one of them, nothing else is known.
        changes: Against the file in use.
        losses: What people or data lose by it.
        warnings: What works as written and may not be meant.
        new_warnings: Those of them that are not true of the file in use, too.
        is_first: There is no file in use that could be compared with.
        accepts_losses: Somebody has said that they are meant.
    """

    mistakes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()
    new_warnings: tuple[str, ...] = ()
    is_first: bool = False
    accepts_losses: bool = False

    @property
    def may_be_applied(self) -> bool:
        """Whether it may be taken into use."""
        weights = {loss.weight for loss in self.losses}
        is_meant = self.accepts_losses or Weight.TO_ACCEPT not in weights
        return not self.mistakes and Weight.REFUSED not in weights and is_meant

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "may_be_applied": self.may_be_applied,
            "is_first": self.is_first,
            "mistakes": list(self.mistakes),
            "changes": [dataclasses.asdict(change) for change in self.changes],
            "losses": [dataclasses.asdict(loss) for loss in self.losses],
            "warnings": list(self.warnings),
            "new_warnings": list(self.new_warnings),
        }


def examine(file: Path, against: Path | None, *, accepts_losses: bool = False) -> Report:
    """Return what is to be said of a site file.

    Args:
        file: The new one.
        against: The one in use; None, or one that is not there, compares with nothing.
        accepts_losses: Somebody has said that losses are meant.
    """
    try:
        site = load_site(file)
    except SiteError as error:
        return Report(mistakes=tuple(str(error).splitlines()))
    found = list(_doubts(site))
    mistakes = tuple(str_of(each) for each in found if each.level is Level.PROBLEM)
    warnings = tuple(str_of(each) for each in found if each.level is Level.WARNING)
    if against is None or not against.exists():
        return Report(mistakes, warnings=warnings, new_warnings=warnings, is_first=True)
    try:
        used = load_site(against)
    except SiteError as error:
        said = f"what is lost cannot be said: {str(error).splitlines()[0]}"
        unknown = (Loss(Weight.TO_ACCEPT, said),)
        return Report(
            mistakes, (), unknown, warnings, warnings, is_first=True, accepts_losses=accepts_losses
        )
    known = {str_of(each) for each in _doubts(used)}
    return Report(
        mistakes,
        tuple(changes(used, site)),
        tuple(losses(used, site)),
        warnings,
        tuple(each for each in warnings if each not in known),
        accepts_losses=accepts_losses,
    )


def str_of(finding: Finding) -> str:
    """Return a finding as one line."""
    return f"{finding.check}: {finding.message}" + (
        f" ({finding.advice})" if finding.advice else ""
    )


def lines_of(report: Report) -> Sequence[str]:
    """Return it for people."""
    if report.mistakes:
        return report.mistakes
    if report.is_first:
        said = ["there is no site file in use that it could be compared with"]
    else:
        said = [str(change) for change in report.changes] or ["nothing changes"]
    marks = {Weight.NOTED: "note", Weight.TO_ACCEPT: "LOSS", Weight.REFUSED: "REFUSED"}
    said += [f"{marks[loss.weight]}: {loss.message}" for loss in report.losses]
    new = set(report.new_warnings)
    said += [f"warning{'' if each in new else ' as before'}: {each}" for each in report.warnings]
    if not report.may_be_applied:
        refused = any(loss.weight is Weight.REFUSED for loss in report.losses)
        said.append(
            "it may not be applied"
            + ("" if refused else ": --accept-losses says that every LOSS is meant")
        )
    return said


def _doubts(site: Site) -> Iterator[Finding]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        doubts: Doubts = point.load()
        yield from doubts(site)
