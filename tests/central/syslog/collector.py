"""A real collector: rsyslog, TLS by GnuTLS, which wants a client's certificate and writes lines."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.central.connectors.certificates import certificates
from tests.central.connectors.peer import PATHS, Peer
from tests.conftest import skip_or_fail

CONFIGURATION: Final = """
global(
  workDirectory="{folder}" maxMessageSize="64k"
  defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{cert}"
  defaultNetstreamDriverKeyFile="{key}"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
  streamDriver.authMode="x509/name" permittedPeer=["central"])
template(name="line" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="audit")
ruleset(name="audit") {{ action(type="omfile" file="{log}" template="line") }}
"""


class Collector(Peer):
    """One rsyslogd; ``stop`` and ``start`` keep its address and what it wrote."""

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__()
        self._program, self._folder = program, folder
        self.certificates = certificates(folder)
        self._log = folder / "audit.log"
        self._configuration = folder / "rsyslog.conf"
        self._configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                ca=self.certificates.ca_file,
                cert=self.certificates.server_file,
                key=self.certificates.server_key_file,
                log=self._log,
                port=self.port,
            )
        )

    def start(self) -> None:
        pid = self._folder / "rsyslogd.pid"
        pid.unlink(missing_ok=True)
        self.run(self._program, "-n", "-f", str(self._configuration), "-i", str(pid))

    def lines(self) -> list[dict[str, Any]]:
        """Return what it wrote; a line that a kill cut off is none."""
        found = list[dict[str, Any]]()
        if self._log.exists():
            for line in self._log.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(json.JSONDecodeError):
                    found.append(json.loads(line))
        return found

    def settings(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of any type
        """Return what central is told about this collector."""
        settings = {
            "host": "localhost",
            "port": self.port,
            "ca_certificate": self.certificates.ca,
            "client_certificate": self.certificates.client,
            **more,
        }
        return {"settings": settings, "client_key": self.certificates.client_key}


@contextlib.contextmanager
def running_collector(folder: Path) -> Iterator[Collector]:
    program = shutil.which("rsyslogd", path=PATHS) or ""
    if not program:
        skip_or_fail("no rsyslogd: install it (apt-get install rsyslog rsyslog-gnutls)")
    collector = Collector(folder, program)
    collector.start()
    try:
        yield collector
    finally:
        collector.kill()
