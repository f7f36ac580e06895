"""What Home Assistant is told, against the schema of its MQTT integration.

Source: Home Assistant, ``homeassistant/components/mqtt``: ``schemas.py`` (DEVICE_DISCOVERY_SCHEMA,
    MQTT_ENTITY_DEVICE_INFO_SCHEMA, MQTT_ORIGIN_INFO_SCHEMA, COMPONENT_CONFIG_SCHEMA) and the keys
    that ``binary_sensor.py``, ``sensor.py`` and ``button.py`` take; whole keys, no abbreviations.
"""

import json
from typing import Any, Final

import pytest

from central.connectors.settings import MqttSettings
from central.mqtt.discovery import discovery
from tests.central.bench import SITE

SETTINGS: Final = MqttSettings(url="mqtts://broker.example.org", language="en")
MESSAGE: Final = {
    "device", "origin", "components",
    "availability_topic", "payload_available", "payload_not_available",
}  # fmt: skip
DEVICE: Final = {"identifiers", "name", "manufacturer", "via_device"}
ENTITY: Final = {"platform", "unique_id", "name", "device_class", "entity_category"}
PLATFORMS: Final = {
    "binary_sensor": ENTITY
    | {"state_topic", "value_template", "json_attributes_topic", "payload_on", "payload_off"},
    "sensor": ENTITY | {"state_topic", "value_template", "state_class"},
    "button": ENTITY | {"command_topic", "payload_press", "qos", "retain"},
}
REQUIRED: Final = {
    "binary_sensor": "state_topic", "sensor": "state_topic", "button": "command_topic",
}  # fmt: skip
CLASSES: Final = {"door", "safety", "problem", "tamper", "connectivity"}


def made(doors: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    found = discovery(SETTINGS, SITE, areas=["office"], doors=doors)
    return {topic: json.loads(text) for topic, text in found.items()}


@pytest.mark.parametrize("doors", [(), ("lane",)], ids=["without-commands", "with-commands"])
def test_messages_have_the_keys_that_are_taken_and_those_that_are_required(
    doors: tuple[str, ...],
) -> None:
    messages = made(doors)

    assert set(messages) == {
        "homeassistant/device/menshen_test_site/config",
        "homeassistant/device/menshen_test_lane/config",
    }
    for message in messages.values():
        assert set(message) == MESSAGE
        assert set(message["device"]) <= DEVICE
        assert message["device"]["identifiers"]
        assert message["origin"]["name"]
        for component in message["components"].values():
            platform = component["platform"]
            assert set(component) <= PLATFORMS[platform]
            assert {"unique_id", REQUIRED[platform]} <= set(component)
            assert component.get("device_class", "door") in CLASSES


def test_every_entity_has_a_name_of_its_own() -> None:
    ids = [
        c["unique_id"]
        for message in made(("lane",)).values()
        for c in message["components"].values()
    ]

    assert len(ids) == len(set(ids))


def test_without_consent_nothing_can_be_commanded() -> None:
    assert "command_topic" not in json.dumps(made())
    assert json.dumps(made(("lane",))).count("command_topic") == 1
