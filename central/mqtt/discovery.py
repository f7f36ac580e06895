"""How Home Assistant finds a site: one message for each access point, and one for the site. Pure.

Source: Home Assistant, "MQTT", sections "Device discovery payload" and "Discovery topic";
    binary_sensor, sensor and button of its MQTT integration.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from central.connectors.settings import MqttSettings
from central.mqtt.messages import OFFLINE, ONLINE, STATUS, base, command_topic
from central.mqtt.states import PRIORITIES
from config.site import AccessPointEntry, Site

_NAMES: Final = {
    "door": {"en": "Door", "zh-CN": "门"},
    "forced_open": {"en": "Forced open", "zh-CN": "强行开启"},
    "held_open": {"en": "Held open", "zh-CN": "门未关"},
    "tamper": {"en": "Tamper", "zh-CN": "防拆"},
    "gate_fault": {"en": "Fault", "zh-CN": "故障"},
    "open": {"en": "Open", "zh-CN": "开门"},
    "fire": {"en": "Fire", "zh-CN": "火警"},
    "alarms": {"en": "Alarms of priority {}", "zh-CN": "{} 级报警"},
    "unacknowledged": {"en": "Alarms nobody acknowledged", "zh-CN": "未确认报警"},
    "area": {"en": "People in {}", "zh-CN": "{} 在内人数"},
    "node": {"en": "Terminal {}", "zh-CN": "终端 {}"},
}
_CLASSES: Final = {
    "forced_open": "safety", "held_open": "problem", "tamper": "tamper", "gate_fault": "problem",
}  # fmt: skip


def discovery(
    settings: MqttSettings,
    site: Site,
    *,
    areas: Iterable[str],
    doors: Collection[str] = (),
) -> dict[str, str]:
    """Return the messages by their topics; none where discovery is off.

    Args:
        settings: Of the connector.
        site: The site file.
        areas: Of the access model.
        doors: Access points that may be commanded; no other has a button.
    """
    if not settings.discovery_prefix:
        return {}
    named = _Named(settings, site)
    devices = {f"{named.id}_site": named.of_the_site(areas)}
    for point in site.access_point:
        found = named.of_a_point(point, can_open=point.id in doors)
        devices[f"{named.id}_{point.id}"] = found
    return {
        f"{settings.discovery_prefix}/device/{name}/config": json.dumps(
            found, ensure_ascii=False, separators=(",", ":")
        )
        for name, found in devices.items()
    }


class _Named:
    def __init__(self, settings: MqttSettings, site: Site) -> None:
        self._settings, self._site = settings, site
        self.id, self._base = f"menshen_{site.site.id}", base(settings, site.site.id)

    def of_a_point(self, point: AccessPointEntry, *, can_open: bool) -> dict[str, Any]:
        topic = f"{self._base}/access_point/{point.id}"
        unique = f"{self.id}_{point.id}"
        state = "'OFF' if value_json.door == 'closed' else 'ON'"
        components: dict[str, Any] = {
            "door": {
                "platform": "binary_sensor",
                "unique_id": f"{unique}_door",
                "name": self._said("door"),
                "device_class": "door",
                "state_topic": topic,
                "value_template": (
                    f"{{{{ 'None' if value_json.door == 'unknown' else {state} }}}}"
                ),
                "json_attributes_topic": topic,
            }
        }
        for kind, device_class in _CLASSES.items():
            components[kind] = {
                "platform": "binary_sensor",
                "unique_id": f"{unique}_{kind}",
                "name": self._said(kind),
                "device_class": device_class,
                "state_topic": topic,
                "value_template": f"{{{{ 'ON' if value_json.{kind} else 'OFF' }}}}",
            }
        if can_open:
            components["open"] = {
                "platform": "button",
                "unique_id": f"{unique}_open",
                "name": self._said("open"),
                "command_topic": command_topic(self._settings, self._site.site.id, point.id),
                "payload_press": "PRESS",
                "qos": 0,
                "retain": False,
            }
        name = point.name.get(self._settings.language) or point.id
        return self._message(unique, name, components, via=f"{self.id}_site")

    def of_the_site(self, areas: Iterable[str]) -> dict[str, Any]:
        alarms, fire = f"{self._base}/alarms", f"{self._base}/fire"
        components: dict[str, Any] = {
            "fire": {
                "platform": "binary_sensor",
                "unique_id": f"{self.id}_fire",
                "name": self._said("fire"),
                "device_class": "safety",
                "state_topic": fire,
                "value_template": "{{ 'ON' if value_json.is_on else 'OFF' }}",
                "json_attributes_topic": fire,
            },
            "unacknowledged": self._count(
                "unacknowledged", self._said("unacknowledged"), alarms, "unacknowledged"
            ),
        }
        for each in PRIORITIES:
            name = self._said("alarms").format(each)
            key = f"priority_{each}"
            components[key] = self._count(key, name, alarms, key)
        for area in areas:
            name, topic = self._said("area").format(area), f"{self._base}/area/{area}"
            components[f"area_{area}"] = self._count(f"area_{area}", name, topic, "count")
        for node in self._site.node:
            components[f"node_{node.id}"] = {
                "platform": "binary_sensor",
                "unique_id": f"{self.id}_node_{node.id}",
                "name": self._said("node").format(node.id),
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": f"{self._base}/node/{node.id}",
                "payload_on": ONLINE,
                "payload_off": OFFLINE,
            }
        names = self._site.site.name
        name = names.get(self._settings.language) or self._site.site.id
        return self._message(f"{self.id}_site", name, components)

    def _count(self, key: str, name: str, topic: str, field: str) -> dict[str, Any]:
        return {
            "platform": "sensor",
            "unique_id": f"{self.id}_{key}",
            "name": name,
            "state_class": "measurement",
            "state_topic": topic,
            "value_template": f"{{{{ value_json.{field} }}}}",
        }

    def _message(
        self, unique: str, name: str, components: Mapping[str, Any], *, via: str | None = None
    ) -> dict[str, Any]:
        device = {"identifiers": [unique], "name": name, "manufacturer": "Menshen"}
        if via is not None:
            device["via_device"] = via
        return {
            "device": device,
            "origin": {"name": "Menshen", "sw_version": version("menshen")},
            "availability_topic": f"{self._base}/{STATUS}",
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "components": components,
        }

    def _said(self, key: str) -> str:
        return _NAMES[key][self._settings.language]
