"""Drivers and simulators by name.

In the tree a driver is found by its module's name, so a new one needs no edit; outside the tree by
the entry-point groups ``menshen.drivers`` and ``menshen.simulators`` (a module with a class
``Simulator``), so a new one needs no fork.
"""

import dataclasses
import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar, get_type_hints

from drivers.base import Driver
from drivers.bus import Bus
from drivers.presence import first_answer_s

ENTRY_POINT_GROUP: Final = "menshen.drivers"
SIMULATOR_GROUP: Final = "menshen.simulators"
_drivers: dict[str, "DriverClass"] = {}


class DriverClass(Protocol):
    """A driver's class: made from a bus and its own settings."""

    Settings: type

    def __call__(self, bus: Bus, settings: Any) -> Driver:  # noqa: ANN401 - each has its own
        """Make a driver."""
        ...


_Class = TypeVar("_Class", bound=type)


def register(name: str) -> Callable[[_Class], _Class]:
    """Register a driver's class under its module's name."""

    def add(driver_class: _Class) -> _Class:
        _drivers[name] = driver_class  # type: ignore[assignment]  # the conformance test checks it
        return driver_class

    return add


def names() -> list[str]:
    """Return the names of all drivers."""
    package = import_module("drivers")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            import_module(f"drivers.{module.name}")
    for point in entry_points(group=ENTRY_POINT_GROUP):
        point.load()
    return sorted(_drivers)


def driver_class(name: str) -> DriverClass:
    """Return a driver's class.

    Raises:
        ValueError: No such driver; the message names those that there are.
    """
    if name not in _drivers and name.isidentifier() and find_spec(f"drivers.{name}") is not None:
        import_module(f"drivers.{name}")
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        point.load()
    if name not in _drivers:
        raise ValueError(f"no driver {name!r}; there are: {', '.join(names())}")
    return _drivers[name]


def create(name: str, bus: Bus, settings: Mapping[str, object]) -> Driver:
    """Make a driver.

    Args:
        name: Of the driver.
        bus: The line that it is on.
        settings: From the site file.

    Raises:
        ValueError: No such driver, or a setting is wrong; the message is one line.
    """
    found = driver_class(name)
    return found(bus, make_settings(name, found.Settings, settings))


def first_answer_time_s(name: str, settings: Mapping[str, object]) -> float:
    """Return how long such a device may take until it is heard first; see ``presence``.

    Raises:
        ValueError: See ``create``.
    """
    return first_answer_s(make_settings(name, driver_class(name).Settings, settings))


def make_settings(name: str, settings_class: type, given: Mapping[str, object]) -> object:
    """Return settings checked against their class: names, types, and what the class itself checks.

    Raises:
        ValueError: The message is one line that names the setting.
    """
    hints = get_type_hints(settings_class)
    known = {field.name: hints[field.name] for field in dataclasses.fields(settings_class)}
    for setting, value in given.items():
        if setting not in known:
            raise ValueError(f"{name} has no setting {setting!r}; it has: {', '.join(known)}")
        wanted = known[setting]
        is_number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
        if isinstance(wanted, type) and not is_number and type(value) is not wanted:
            raise ValueError(f"{name}: {setting} is {wanted.__name__}, not {value!r}")
    made: object = settings_class(**given)
    return made


def simulator_module(name: str) -> ModuleType:
    """Return the module of a simulator.

    Raises:
        ValueError: No such simulator; the message names those that there are.
    """
    path = f"drivers.simulators.{name}"
    # Only the one that is wanted: another may need libraries that take long to load.
    if name.isidentifier() and find_spec(path) is not None:
        module = import_module(path)
        if hasattr(module, "Simulator"):
            return module
    for point in entry_points(group=SIMULATOR_GROUP, name=name):
        return import_module(point.module)
    raise ValueError(f"no simulator {name!r}; there are: {', '.join(simulator_names())}")


def simulated_line() -> ModuleType:
    """Return the module of the simulated line, which gives every station its faults."""
    return import_module("drivers.simulators.line")


def fault_proxy() -> ModuleType:
    """Return the module of the proxy that gives HTTP devices the line's faults."""
    return import_module("drivers.simulators.proxy")


def simulator_names() -> list[str]:
    """Return the names of all simulators: the modules that have a class ``Simulator``."""
    package = import_module("drivers.simulators")
    modules = [
        f"drivers.simulators.{module.name}" for module in pkgutil.iter_modules(package.__path__)
    ]
    found = [
        name.rpartition(".")[2] for name in modules if hasattr(import_module(name), "Simulator")
    ]
    return sorted({*found, *(point.name for point in entry_points(group=SIMULATOR_GROUP))})
