"""Whether a wanted access model can be put in force, with a line per mistake."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from central.access import repository
from central.database import Transaction
from central.services import Services
from config.contract.access_check import site_problems, warnings
from config.contract.access_lines import Line
from config.contract.access_model import AccessModel, AccessModelError, parse_access_model
from config.contract.nodes import AccessRecord


class UnusableModelError(Exception):
    """The model is refused. Attributes: lines: one per mistake."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Refuse with a line per mistake."""
        super().__init__("\n".join(lines))
        self.lines = list(lines)


async def usable_model(
    transaction: Transaction, services: Services, document: dict[str, Any], *, version: int
) -> AccessModel:
    """Return a model that every node of the site can use.

    Args:
        transaction: Any.
        services: For the site as it is installed.
        document: The model as it was sent; its own version does not count.
        version: What it will be.

    Raises:
        UnusableModelError: It is none, or the site cannot use it.
    """
    try:
        model = parse_access_model({**document, "version": version})
    except AccessModelError as error:
        raise UnusableModelError(error.lines) from error
    lines = [
        *problems_at_site(model, services),
        *_unreadable(model),
        *await _missed(transaction, model),
    ]
    if lines:
        raise UnusableModelError(lines)
    return model


def problems_at_site(model: AccessModel, services: Services) -> list[Line]:
    """Return what is wrong with a model at the site as it is installed now."""
    return site_problems(model, services.settings.site.access_point)


async def warnings_of(
    transaction: Transaction, services: Services, model: AccessModel
) -> list[Line]:
    """Return what an administrator should know although the model can be used."""
    zone = ZoneInfo(services.settings.site.site.time_zone)
    profiles = {profile.id for profile in model.profiles}
    lacking = dict[str, int]()
    for person in await repository.profiled_people(transaction):
        for name in set(person.profiles) - profiles:
            lacking[name] = lacking.get(name, 0) + 1
    return [
        *warnings(model, today=services.now().astimezone(zone).date()),
        *(
            Line.say("profile_gone", count=count, name=name)
            for name, count in sorted(lacking.items())
        ),
    ]


async def _missed(transaction: Transaction, model: AccessModel) -> list[Line]:
    """Return what is in use and would be gone, and what is named and is not there."""
    levels = {level.id for level in model.lockdown_levels}
    found = [
        Line.say("level_is_on", level=lockdown.level)
        for lockdown in await repository.active_lockdowns(transaction)
        if lockdown.level not in levels
    ]
    for rule in model.temporary_rules:
        unknown = await repository.unknown_holders(transaction, set(rule.holders))
        found += [
            Line.say("rule_of_nobody", rule=rule.id, name=holder_id)
            for holder_id in sorted(unknown)
        ]
    return found


def _unreadable(model: AccessModel) -> list[Line]:
    """Return why a node could not read the model: one bad record would stop its whole replica."""
    record = AccessRecord(version=model.version, model=model)
    try:
        read = AccessRecord.model_validate_json(record.model_dump_json(by_alias=True))
    except (ValidationError, ValueError):
        return [Line.say("unreadable")]
    return [] if read == record else [Line.say("read_otherwise")]
