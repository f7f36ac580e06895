"""A real broker (mosquitto: MQTT 5, TLS, a password), another client of it, and a line to cut."""

import contextlib
import dataclasses
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.central.connectors.certificates import certificates
from tests.central.connectors.peer import DEADLINE_S, PATHS, Peer, eventually
from tests.conftest import skip_or_fail
from tests.serving import free_port

PASSWORD: Final = "a password of the broker"


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """A message. Attributes: content_type: of MQTT 5; empty where there is none."""

    topic: str
    payload: str
    retain: bool
    qos: int
    content_type: str


class Broker(Peer):
    """One mosquitto; ``stop`` and ``start`` keep its address and nothing else."""

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__()
        self._program, self.certificates = program, certificates(folder)
        passwords = folder / "passwords"
        for user in ("central", "other"):
            flags = ["-b"] if passwords.exists() else ["-b", "-c"]
            subprocess.run(["mosquitto_passwd", *flags, str(passwords), user, PASSWORD], check=True)
        passwords.chmod(0o644)
        self._settings = folder / "mosquitto.conf"
        files = self.certificates
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
            f"cafile {files.ca_file}\ncertfile {files.server_file}\n"
            f"keyfile {files.server_key_file}\npersistence false\n"
        )

    def start(self) -> None:
        self.run(self._program, "-c", str(self._settings))

    def settings(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of any type
        """Return what central is told about this broker."""
        settings = {
            "url": f"mqtts://localhost:{self.port}",
            "username": "central",
            "ca_certificate": self.certificates.ca,
            "language": "en",
            **more,
        }
        return {"settings": settings, "password": PASSWORD}


@contextlib.contextmanager
def running_broker(folder: Path) -> Iterator[Broker]:
    program = shutil.which("mosquitto", path=PATHS) or ""
    if not program:
        skip_or_fail("no mosquitto: install it (apt-get install mosquitto)")
    folder.chmod(0o755)
    for parent in folder.parents:
        if parent.stat().st_mode & 0o005 == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)  # it gives root up, and must get here
    broker = Broker(folder, program)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


class Other:
    """Another system at the broker: hears everything, in the order in which it came."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[Heard] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.username_pw_set("other", PASSWORD)
        context = ssl.create_default_context(cadata=broker.certificates.ca)
        self._client.tls_set_context(context)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("localhost", broker.port)
        self._client.loop_start()

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        content_type = getattr(message.properties, "ContentType", "")
        self.heard.append(
            Heard(
                message.topic,
                message.payload.decode(),
                message.retain,
                message.qos,
                content_type,
            )
        )

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        said = self._client.publish(topic, payload, qos=1, retain=retain)
        said.wait_for_publish(DEADLINE_S)

    def newest(self, topic: str) -> str | None:
        """Return the last payload of a topic; None where none came."""
        return next((m.payload for m in reversed(list(self.heard)) if m.topic == topic), None)

    def of(self, beginning: str) -> list[Heard]:
        return [message for message in list(self.heard) if message.topic.startswith(beginning)]

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected()

    def close(self) -> None:
        self._client.disconnect()
        eventually(lambda: self._client.socket() is None)
        self._client.loop_stop()


class Line:
    """A line to the broker that can be cut, as a power cut would: nobody says goodbye."""

    def __init__(self, far: int, *, port: int = 0) -> None:
        self._far = far
        self.port = port or free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._far))
                self._sockets += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()

    def cut(self) -> None:
        """Cut it for good."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
