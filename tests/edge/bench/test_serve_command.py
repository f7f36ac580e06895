import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from edge.bench.access import PREFIX

MENSHEN = Path(sys.executable).with_name("menshen")
DEADLINE_S = 120.0
"""Generous: the machine may be busy with other things."""


@contextlib.contextmanager
def serve(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command; what is left of it at the end is killed."""
    with subprocess.Popen(
        [MENSHEN, "device", "serve", "--json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def link_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    link: str = json.loads(process.stdout.readline())["bench"]
    return link


@contextlib.contextmanager
def client_of(link: str) -> Iterator[httpx.Client]:
    url, _, token = link.partition("/#token=")
    with httpx.Client(base_url=f"{url}{PREFIX}", timeout=DEADLINE_S) as client:
        assert client.post("/session", json={"token": token}).status_code == 204
        yield client


def test_everything_ends_at_ctrl_c() -> None:
    with serve("--port", "0") as process:
        with client_of(link_of(process)) as client:
            port = Path(client.post("/simulators", json={"driver": "rdm6300"}).json()["port"])
            client.post("/devices", json={"simulator": "rdm6300-1"})
            assert port.is_symlink()

        process.send_signal(signal.SIGINT)

        assert process.wait(DEADLINE_S) == 0
    assert not port.parent.exists()


def test_the_devices_of_a_site_file_are_offered(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[site]\nid = "demo"\nname = { en = "Demo" }\n[[node]]\nid = "gate-1"\n'
        '[[bus]]\nid = "line"\nnode = "gate-1"\nport = "/dev/ttyUSB0"\nbaudrate = 19200\n'
        '[[device]]\nid = "east"\ndriver = "speed_gate"\nbus = "line"\nsettings = { unit_id = 7 }\n'
    )

    site = str(tmp_path / "site.toml")
    with serve("--port", "0", "--site", site) as process, client_of(link_of(process)) as client:
        [device] = client.get("/catalogue").json()["site_devices"]

    assert (device["id"], device["port"], device["baudrate"]) == ("east", "/dev/ttyUSB0", 19200)
    assert device["settings"] == {"unit_id": "7"}


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]

        with serve("--port", str(number)) as process:
            _, said = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{number}: Address already in use" in said
    assert said.count("\n") == 1


def test_a_site_file_that_is_absent_is_said_in_one_line(tmp_path: Path) -> None:
    with serve("--site", str(tmp_path / "absent.toml")) as process:
        _, said = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 1
    assert "cannot read the site file" in said
