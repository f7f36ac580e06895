"""A whole building's hardware, from its site file: every line with its devices, and the cameras.

Reads the tables ``bus``, ``device`` and ``camera`` of the file and nothing else of a site.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from drivers.registry import simulated_line, simulator_module
from drivers.simulation import SCHEMES, Simulation, Wiring, make_simulator, start_line

TRANSPORTS: Final = {scheme.removesuffix("://"): name for name, scheme in SCHEMES.items() if scheme}
"""A simulator's transport by the scheme of a bus's port."""
CAMERA: Final = "camera"


class SiteSimulation:
    """The hardware of one site file, until it is closed.

    Attributes:
        ports: What each bus's ``port`` must say to reach it, by bus.
        cameras: The URL of each camera.
    """

    def __init__(
        self,
        site_file: Path,
        folder: Path,
        *,
        photos: Sequence[str] = (),
        is_paced: bool = True,
        seed: int = 1,
    ) -> None:
        """Start it.

        Args:
            site_file: TOML; what stands in its ports decides the kind of wire, not the place.
            folder: For the links to serial ports, one per bus.
            photos: ``NAME=PATH`` of people for every camera.
            is_paced: Bytes take as long as at each bus's baud rate.
            seed: Of everything random.

        Raises:
            ValueError: The file is no site, or a device of it has no simulator; one line.
            OSError: The file cannot be read, or an address cannot be used.
        """
        try:
            site = tomllib.loads(site_file.read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"{site_file} is not TOML: {error}") from error
        self.ports: dict[str, str] = {}
        self.cameras: dict[str, str] = {}
        self._simulators: dict[str, Any] = {}
        self._owners: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self._stack = ExitStack()
        self._folder, self._is_paced, self._seed = folder, is_paced, seed
        try:
            for bus in _tables(site, "bus"):
                devices = [
                    device for device in _tables(site, "device") if device["bus"] == bus["id"]
                ]
                if devices:
                    self._start_bus(bus, devices)
            for camera in _tables(site, "camera"):
                self._start_camera(str(camera["id"]), photos)
        except BaseException:
            self.close()
            raise

    def state(self) -> dict[str, Any]:
        """Return the state of every device, by its id."""
        return {name: simulator.state() for name, simulator in self._simulators.items()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do something to the device that ``device`` names.

        Raises:
            ValueError: No such device or action, or an argument is wrong; one line.
        """
        device = str(arguments.get("device", ""))
        if device not in self._simulators:
            known = ", ".join(self._simulators)
            raise ValueError(f"no device {device!r}; give device: one of {known}")
        rest = {key: value for key, value in arguments.items() if key != "device"}
        owner = self._owners[device]
        if isinstance(owner, Simulation):
            return owner.act(name, rest)
        return dict(owner.act(self._simulators[device], name, rest))

    def set_fault(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Switch a fault of the line that ``bus`` names; see ``SimulatedLine.set_fault``.

        Raises:
            ValueError: No such bus or fault.
        """
        bus = str(arguments.get("bus", ""))
        if bus not in self._lines:
            raise ValueError(f"no bus {bus!r}; give bus: one of {', '.join(self._lines)}")
        return dict(self._lines[bus].set_fault(arguments))

    def close(self) -> None:
        """End everything; idempotent."""
        self._stack.close()

    def _start_bus(self, bus: Mapping[str, Any], devices: Sequence[Mapping[str, Any]]) -> None:
        name, port = str(bus["id"]), str(bus["port"])
        first = simulator_module(str(devices[0]["driver"])).Simulator
        transport = _transport(port, getattr(first, "TRANSPORTS", ("http",)))
        host, number = _address(port) if transport == "dial" else ("127.0.0.1", 0)
        baudrate = int(bus.get("baudrate", 9600))
        wiring = Wiring(
            transport=transport,
            host=host,
            port=number,
            link=self._folder / name,
            baudrate=baudrate,
            is_paced=self._is_paced,
            seed=self._seed,
        )
        if transport == "http":
            self._start_server(name, devices[0], wiring)
            return
        made = {str(device["id"]): self._make(device) for device in devices}
        line = simulated_line().SimulatedLine(
            *made.values(), baudrate=baudrate, is_paced=self._is_paced, seed=self._seed
        )
        self._stack.callback(line.stop)
        self.ports[name] = SCHEMES[transport] + start_line(line, transport, wiring)
        self._lines[name] = line
        self._simulators |= made
        self._owners |= dict.fromkeys(made, line)

    def _start_server(self, bus: str, device: Mapping[str, Any], wiring: Wiring) -> None:
        settings = _shared_settings(device)
        simulation = self._stack.enter_context(Simulation(str(device["driver"]), settings, wiring))
        self.ports[bus] = simulation.driver_port
        self._lines[bus] = simulation
        self._simulators[str(device["id"])] = simulation.simulator
        self._owners[str(device["id"])] = simulation

    def _make(self, device: Mapping[str, Any]) -> Any:  # noqa: ANN401 - by name
        return make_simulator(str(device["driver"]), _shared_settings(device), self._seed)

    def _start_camera(self, name: str, photos: Sequence[str]) -> None:
        wiring = Wiring(transport="http", seed=self._seed)
        settings = {"photo": list(photos)} if photos else {}
        simulation = self._stack.enter_context(Simulation(CAMERA, settings, wiring))
        self.cameras[name] = simulation.address
        self._simulators[name] = simulation.simulator
        self._owners[name] = self._lines[name] = simulation


def site_with_ports(site_file: Path, ports: Mapping[str, str], cameras: Mapping[str, str]) -> str:
    """Return the site file's text with other ports and camera addresses, else as it was."""
    parts = re.split(r"(?m)^(?=\[)", site_file.read_text("utf-8"))
    changed = []
    for part in parts:
        name = re.search(r'(?m)^id\s*=\s*"([^"]*)"', part)
        found = "" if name is None else name[1]
        if part.startswith("[[bus]]") and found in ports:
            part = _replaced(part, "port", ports[found])
        if part.startswith("[[camera]]") and found in cameras:
            part = _replaced(part, "url", cameras[found])
        changed.append(part)
    return "".join(changed)


def _replaced(part: str, key: str, value: str) -> str:
    return re.sub(rf'(?m)^{key}\s*=\s*"[^"]*"', lambda _: f'{key} = "{value}"', part, count=1)


def _tables(site: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the tables of a name.

    Raises:
        ValueError: They are none, or one lacks what it must say.
    """
    needed = {"bus": ("id", "port"), "device": ("id", "driver", "bus"), "camera": ("id",)}[name]
    tables = site.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{name} is no list of tables: write [[{name}]]")
    for table in tables:
        if missing := [key for key in needed if key not in table]:
            raise ValueError(f"a [[{name}]] lacks {', '.join(missing)}")
    return tables


def _shared_settings(device: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of a device that its simulator has too: addresses, maps, formats."""
    hints = simulator_module(str(device["driver"])).Simulator.Settings.__dataclass_fields__
    return {k: v for k, v in dict(device.get("settings", {})).items() if k in hints}


def _transport(port: str, offered: Sequence[str]) -> str:
    if port.startswith("${"):
        return offered[0]
    scheme, separator, _ = port.partition("://")
    return TRANSPORTS.get(scheme, "serial") if separator else "serial"


def _address(port: str) -> tuple[str, int]:
    """Return where the driver will listen; a place-holder is any port of this machine."""
    host, _, number = port.partition("://")[2].rpartition(":")
    return (host or "127.0.0.1", int(number)) if number.isdecimal() else ("127.0.0.1", 0)
