"""What connectors are set to. Addresses without TLS are good on this machine alone."""

from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from central.alarms.channels import Host
from central.webhooks import LOOPBACK, checked_host
from config.contract.events import EventClass
from config.contract.identifiers import Slug

Name = Literal["mqtt", "syslog"]
Certificates = Annotated[str, StringConstraints(max_length=50_000)]
"""PEM; empty where there is none."""
Level = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$")
]
"""One to four levels of a topic, without wildcards."""
PORTS: Final = {"mqtts": 8883, "mqtt": 1883}


class ConnectorSettings(BaseModel):
    """What all have.

    Attributes:
        is_on: Nothing is told otherwise.
        ca_certificate: Who must have signed the other side's certificate; empty: any public one.
        client_certificate: Ours, with its chain, where the other side wants one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_on: bool = True
    ca_certificate: Certificates = ""
    client_certificate: Certificates = ""


class MqttSettings(ConnectorSettings):
    """A broker that speaks MQTT 5.

    Attributes:
        url: ``mqtts://HOST[:PORT]``, or ``mqtt://`` on this machine.
        prefix: All topics are below ``PREFIX/SITE``.
        classes: Of the events that are told; none tells states alone.
        types: Of those events, these beginnings of types alone; none is all.
        has_holders: Events say whose they are (an identifier, never a name).
        discovery_prefix: Where Home Assistant looks; empty for no discovery.
        language: Of the names there.
    """

    name: Literal["mqtt"] = "mqtt"
    url: Annotated[str, StringConstraints(max_length=300)]
    username: Annotated[str, StringConstraints(max_length=200)] = ""
    prefix: Level = "menshen"
    classes: tuple[EventClass, ...] = (EventClass.FIRE, EventClass.ALARM, EventClass.ACCESS)
    types: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.]{1,100}$")], ...],
        Field(max_length=50),
    ] = ()
    has_holders: bool = False
    discovery_prefix: Level | Literal[""] = "homeassistant"
    language: Literal["zh-CN", "en"] = "zh-CN"

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.url)
        try:
            has_port = parts.port != 0
        except ValueError as error:
            raise ValueError("the port is 1..65535") from error
        is_local = parts.scheme == "mqtt" and parts.hostname in LOOPBACK
        if not (parts.hostname and has_port and (parts.scheme == "mqtts" or is_local)):
            raise ValueError("mqtts://..., or mqtt:// on this machine")
        if parts.username or parts.password or parts.path not in ("", "/") or parts.query:
            raise ValueError("the address is a host and a port, no more")
        checked_host(parts.hostname)
        return self

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by TLS."""
        return self.url.startswith("mqtts://")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or PORTS[parts.scheme]

    @property
    def broker(self) -> tuple[object, ...]:
        """Who is spoken to: somebody else gets no password that is kept."""
        return self.address, self.is_secure, self.ca_certificate

    @property
    def doorway(self) -> tuple[object, ...]:
        """Where commands come from: from elsewhere nobody has allowed any."""
        return *self.broker, self.prefix


class SyslogSettings(ConnectorSettings):
    """A collector of syslog over TLS that is told the audit log.

    Attributes:
        facility: RFC 5424, 6.2.1; 13 is *log audit*.
    """

    name: Literal["syslog"] = "syslog"
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 6514
    facility: Annotated[int, Field(ge=0, le=23)] = 13


class Secrets(BaseModel):
    """What is kept wrapped of a connector."""

    password: str = ""
    client_key: str = ""


class WantedSecrets(BaseModel):
    """New secrets. Attributes: None keeps what is there, empty removes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: Annotated[SecretStr, Field(max_length=1_000)] | None = None
    client_key: Annotated[SecretStr, Field(max_length=50_000)] | None = None

    def over(self, kept: Secrets) -> Secrets:
        """Return what is kept from now on."""
        wanted = {
            name: value.get_secret_value()
            for name in Secrets.model_fields
            if (value := getattr(self, name)) is not None
        }
        return kept.model_copy(update=wanted)


class DoorGrant(BaseModel):
    """Which access points another system may open, and in whose name.

    Attributes:
        user_id: Of the operator who allowed it; commands are theirs as long as they may.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_points: tuple[Slug, ...] = ()
    user_id: str = ""


MODELS: Final[dict[str, type[MqttSettings | SyslogSettings]]] = {
    "mqtt": MqttSettings,
    "syslog": SyslogSettings,
}


def parsed(name: str, body: str) -> Any:  # noqa: ANN401 - the model of the name
    """Return settings as they are kept."""
    return MODELS[name].model_validate_json(body)
