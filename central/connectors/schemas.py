"""Connectors over HTTP."""

from pydantic import AwareDatetime, BaseModel

from central.connectors.settings import (
    DoorGrant,
    MqttSettings,
    Name,
    SyslogSettings,
    WantedSecrets,
)
from config.contract.identifiers import Slug


class ConnectorState(BaseModel):
    """How telling goes.

    Attributes:
        has_password, has_client_key: They are kept encrypted and never shown again.
        behind: Events, or entries of the audit log, that the other side has not got yet.
        failure: A code of ``alarms.sending.FAILURES``; empty where the last attempt went well.
    """

    name: Name
    has_password: bool
    has_client_key: bool
    behind: int
    failure: str
    failing_since: AwareDatetime | None
    last_delivered_at: AwareDatetime | None


class ConnectorList(BaseModel):
    """What is set up; None where nothing is. Attributes: doors: What a broker may command."""

    mqtt: MqttSettings | None
    syslog: SyslogSettings | None
    doors: DoorGrant
    states: list[ConnectorState]


class WantedMqtt(WantedSecrets):
    """An MQTT connector as it is to be."""

    settings: MqttSettings


class WantedSyslog(WantedSecrets):
    """A collector of the audit log as it is to be."""

    settings: SyslogSettings


class WantedDoors(BaseModel):
    """Access points that may be opened over the broker; none is none."""

    access_points: tuple[Slug, ...] = ()
