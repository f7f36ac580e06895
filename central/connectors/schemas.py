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
        is_connected: The line stands, as the settings are now, and the last attempt went well.
        has_password, has_client_key: They are kept encrypted and never shown again.
        trusted_until, client_until: When the first of the certificates that are trusted ends, and
            of ours; None where there is none.
        behind: Events, or entries of the audit log, that the other side has not got yet.
        failure: A code of ``alarms.sending.FAILURES``; empty where the last attempt went well.
    """

    name: Name
    is_connected: bool
    has_password: bool
    has_client_key: bool
    trusted_until: AwareDatetime | None
    client_until: AwareDatetime | None
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


class TriedConnector(BaseModel):
    """What a trial found.

    Attributes:
        failure: ``closed`` where the other side hung up on us after greeting us, else a code as of
            ``ConnectorState``; empty where it let us in.
        certificate_until: When the other side's certificate ends; None without TLS.
    """

    failure: str
    duration_ms: int
    certificate_until: AwareDatetime | None


class WantedMqtt(WantedSecrets):
    """An MQTT connector as it is to be."""

    settings: MqttSettings


class WantedSyslog(WantedSecrets):
    """A collector of the audit log as it is to be."""

    settings: SyslogSettings


class DoorsView(DoorGrant):
    """What a broker may command. Attributes: broker: Its address; empty where there is none."""

    broker: str
    prefix: str


class WantedDoors(BaseModel):
    """Access points that may be opened over the broker; none is none."""

    access_points: tuple[Slug, ...] = ()
