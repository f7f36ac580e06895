"""Topics, and events as payloads. Pure.

Source: CloudEvents 1.0.2, "MQTT Protocol Binding", 3.2 (structured content mode, MQTT 5).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from central.connectors.settings import MqttSettings
from central.events.considered import without_candidates
from config.contract.events import Event

EVENT_CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
STATUS: Final = "status"
ONLINE, OFFLINE = "online", "offline"
HOLDERS: Final = frozenset({"holder_id", "holders", "host_id", "escort_id", "crop", "asked_by"})
"""Keys of events' data that say, or lead to, who it was."""


def base(settings: MqttSettings, site: str) -> str:
    """Return what all topics of a site begin with."""
    return f"{settings.prefix}/{site}"


def command_topic(settings: MqttSettings, site: str, access_point: str) -> str:
    """Return where an access point is commanded."""
    return f"{base(settings, site)}/access_point/{access_point}/open"


def is_wanted(settings: MqttSettings, event: Event) -> bool:
    """Return whether an event is to be told."""
    return event.event_class in settings.classes and (
        not settings.types or event.type.startswith(settings.types)
    )


def event_message(settings: MqttSettings, site: str, event: Event) -> tuple[str, bytes]:
    """Return topic and payload of an event.

    Nobody who was merely considered is ever in it, and only where the settings say so whose it is.
    """
    shown = without_candidates(event).model_dump(mode="json", by_alias=True)
    if not settings.has_holders:
        shown["data"] = _without_holders(shown["data"])
    kind = event.type.removeprefix("menshen.").replace(".", "/")
    topic = f"{base(settings, site)}/event/{event.event_class.value}/{kind}"
    return topic, json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


def _without_holders(value: Any) -> Any:  # noqa: ANN401 - JSON of any form
    if isinstance(value, Mapping):
        return {key: _without_holders(each) for key, each in value.items() if key not in HOLDERS}
    if isinstance(value, list):
        return [_without_holders(each) for each in value]
    return value
