"""What the bench offers: forms made from the settings of drivers and simulators."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from config.site import Site
from drivers.ports import ports
from drivers.redaction import redacted_settings
from drivers.registry import (
    driver_class,
    make_settings,
    names,
    simulated_line,
    simulator_module,
    simulator_names,
)
from edge.bench.line_options import driver_settings
from edge.bench.views import (
    CatalogueView,
    DriverView,
    FaultView,
    PortView,
    SettingView,
    SimulatorKindView,
    SiteDeviceView,
    Words,
)

_TYPES: Final[Mapping[object, Literal["int", "float", "bool"]]] = {
    int: "int",
    float: "float",
    bool: "bool",
}


def catalogue(site: Site | None) -> CatalogueView:
    """Return everything there is to choose from; imports every driver, takes a second.

    Args:
        site: Its devices are offered, too.
    """
    return CatalogueView(
        drivers=tuple(
            DriverView(driver=name, settings=settings_of(driver_class(name).Settings))
            for name in names()
        ),
        simulators=tuple(_simulator(name) for name in simulator_names()),
        faults=tuple(
            FaultView(
                kind=kind,
                text=fault.text,
                probability=fault.probability,
                is_survivable=fault.is_survivable,
            )
            for kind, fault in simulated_line().FAULTS.items()
        ),
        ports=(),
        site_devices=() if site is None else _devices_of(site),
    )


def serial_ports() -> tuple[PortView, ...]:
    """Return the serial ports of this machine now."""
    return tuple(PortView(name=port.name, likely=port.likely) for port in ports())


def settings_of(settings_class: type) -> tuple[SettingView, ...]:
    """Return the fields of a form for a settings class."""
    hints = get_type_hints(settings_class)
    return tuple(_setting(field, hints[field.name]) for field in dataclasses.fields(settings_class))


def checked_settings(driver: str, given: Mapping[str, object]) -> dict[str, Any]:
    """Return a driver's settings in their types.

    Args:
        driver: Its name.
        given: Values, or texts of them. An empty text is as if it were not given.

    Raises:
        ValueError: No such driver or setting, a value that does not fit, or one that is missing.
    """
    fields = {field.name: field for field in settings_of(driver_class(driver).Settings)}
    words = [f"{name}={as_text(value)}" for name, value in _filled(given, fields)]
    settings = driver_settings(driver, words)
    if missing := [n for n, f in fields.items() if f.is_required and n not in settings]:
        raise ValueError(f"{driver} needs the setting {' and '.join(missing)}")
    make_settings(driver, driver_class(driver).Settings, settings)
    return settings


def checked_simulator_settings(simulator: str, given: Words) -> dict[str, Any]:
    """Return what ``drivers.simulation`` takes: of a setting with several values a list.

    Raises:
        ValueError: No such simulator.
    """
    fields = {f.name: f for f in settings_of(simulator_module(simulator).Simulator.Settings)}
    return {
        name: value.split(",") if isinstance(value, str) and _is_several(fields, name) else value
        for name, value in _filled(given, fields)
    }


def as_text(value: object) -> str:
    """Return a setting's value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(as_text(one) for one in value)
    return str(getattr(value, "value", value))


def _filled(
    given: Mapping[str, object], fields: Mapping[str, SettingView]
) -> list[tuple[str, object]]:
    """Return what is given; an empty text only where there is no default to be cleared."""
    return [
        (name, value)
        for name, value in given.items()
        if value != "" or (name in fields and fields[name].default and fields[name].type == "text")
    ]


def _is_several(fields: Mapping[str, SettingView], name: str) -> bool:
    return name in fields and fields[name].type == "list"


def _setting(field: "dataclasses.Field[Any]", hint: object) -> SettingView:
    if get_origin(hint) in (Union, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    is_required = default is dataclasses.MISSING
    choices: tuple[str, ...] = ()
    if get_origin(hint) is Literal:
        choices = tuple(as_text(choice) for choice in get_args(hint))
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        choices = tuple(as_text(choice) for choice in hint)
    is_several = get_origin(hint) in (tuple, list, Sequence)
    return SettingView(
        name=field.name,
        type="list" if is_several else _TYPES.get(hint, "text"),
        default="" if is_required or default is None else as_text(default),
        is_required=is_required,
        choices=choices,
        is_secret=redacted_settings({field.name: "x"}) != {field.name: "x"}
        and not field.name.endswith("_file"),
    )


def _simulator(name: str) -> SimulatorKindView:
    simulator = simulator_module(name).Simulator
    return SimulatorKindView(
        driver=name,
        kind=getattr(simulator, "KIND", name),
        transports=tuple(getattr(simulator, "TRANSPORTS", ("http",))),
        baudrate=getattr(simulator, "BAUDRATE", 9600),
        settings=settings_of(simulator.Settings),
    )


def _devices_of(site: Site) -> tuple[SiteDeviceView, ...]:
    buses = {bus.id: bus for bus in site.bus}
    return tuple(
        SiteDeviceView(
            id=device.id,
            driver=device.driver,
            port=buses[device.bus].port,
            baudrate=buses[device.bus].baudrate,
            parity=buses[device.bus].parity,
            stopbits=buses[device.bus].stopbits,
            settings={name: as_text(value) for name, value in device.settings.items()},
        )
        for device in site.device
    )
