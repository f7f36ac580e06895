"""Alarms in the site file: sounders that need no browser, and panic buttons."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from config.contract.identifiers import Frozen, Slug


class SounderEntry(Frozen):
    """A siren or lamp on a relay.

    Attributes:
        device: A board with relays, on the same node.
        channel: 0-based; closed while it sounds.
        kind: For the pages alone: both are relays.
        priority: It sounds for alarms of this priority and more urgent ones.
        level: From which escalation on; 0 is at once.
        own: What the node sounds it for by itself, with central dead or not; ``neighbour_lost`` is
            another node that it does not hear any more.
        own_s: For how long then, unless somebody acknowledges it earlier.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    node: Slug
    device: Slug
    channel: Annotated[int, Field(ge=0, le=255)]
    kind: Literal["sounder", "lamp"] = "sounder"
    priority: Annotated[int, Field(ge=1, le=4)] = 1
    level: Annotated[int, Field(ge=0, le=9)] = 1
    own: tuple[Literal["fire", "panic", "neighbour_lost"], ...] = ("fire", "panic")
    own_s: Annotated[int, Field(ge=10, le=3600)] = 300


class PanicButtonEntry(Frozen):
    """A button that somebody in danger presses.

    Attributes:
        device: A board with contacts.
        input: 0-based.
        opens: The contact opens when it is pressed, so that a cut wire is an alarm, too.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    device: Slug
    input: Annotated[int, Field(ge=0, le=255)]
    opens: bool = False


def alarm_problems(
    sounders: Iterable[SounderEntry],
    buttons: Iterable[PanicButtonEntry],
    *,
    devices: Mapping[str, str | None],
) -> Iterator[str]:
    """Return what names nothing of the file, or the same twice, a line each.

    Args:
        sounders: Of the file.
        buttons: Of the file.
        devices: The node of each device.
    """
    used = dict[tuple[str, int], str]()
    for sounder in sounders:
        where = f"sounder {sounder.id!r}"
        if devices.get(sounder.device) != sounder.node:
            yield f"{where} needs a device on its own node, not {sounder.device!r}"
        other = used.setdefault((sounder.device, sounder.channel), sounder.id)
        if other != sounder.id:
            yield f"{where} has the relay of sounder {other!r}"
    contacts = dict[tuple[str, int], str]()
    for button in buttons:
        where = f"panic_button {button.id!r}"
        if button.device not in devices:
            yield f"{where} names no device of this file: {button.device!r}"
        other = contacts.setdefault((button.device, button.input), button.id)
        if other != button.id:
            yield f"{where} has the contact of panic_button {other!r}"
