"""What the bench says over its API: the shapes that its page reads. No behaviour."""

from typing import Literal

from pydantic import Field, JsonValue

from config.contract.identifiers import Frozen

Words = dict[str, str | int | float | bool]
"""Settings as a form or a program gives them; texts become what the setting is."""


class SettingView(Frozen):
    """One setting of a driver or simulator, for a form.

    Attributes:
        default: As text; empty where there is none.
        choices: Empty where any text will do.
        is_secret: Not to be shown while it is typed.
    """

    name: str
    type: Literal["int", "float", "bool", "text", "list"]
    default: str
    is_required: bool
    choices: tuple[str, ...] = ()
    is_secret: bool = False


class DriverView(Frozen):
    """A driver that can be chosen."""

    driver: str
    settings: tuple[SettingView, ...]


class SimulatorKindView(Frozen):
    """A simulator that can be started. Attributes: baudrate: what it speaks on a serial line."""

    driver: str
    kind: str
    transports: tuple[str, ...]
    baudrate: int
    settings: tuple[SettingView, ...]


class FaultView(Frozen):
    """What can go wrong on a simulated line."""

    kind: str
    text: str
    probability: float
    is_survivable: bool


class SiteDeviceView(Frozen):
    """A device of the site file, to be opened as it stands there."""

    id: str
    driver: str
    port: str
    baudrate: int
    parity: str
    stopbits: int
    settings: dict[str, str]


class PortView(Frozen):
    """A serial port of this machine. Attributes: likely: what is probably on it."""

    name: str
    likely: str


class CatalogueView(Frozen):
    """Everything there is to choose from."""

    drivers: tuple[DriverView, ...]
    simulators: tuple[SimulatorKindView, ...]
    faults: tuple[FaultView, ...]
    ports: tuple[PortView, ...]
    site_devices: tuple[SiteDeviceView, ...]


class SimulatorView(Frozen):
    """A running simulator.

    Attributes:
        port: What a driver opens to reach it.
        driver_settings: Of its driver, that fit it; as text.
        actions: What a hand can do: arguments with an example value each.
        faults: Those that are on, with their probability.
        is_unplugged: Its cable is pulled until it is plugged in again.
    """

    id: str
    driver: str
    kind: str
    transport: str
    port: str
    baudrate: int
    driver_settings: dict[str, str]
    actions: dict[str, dict[str, JsonValue]]
    state: dict[str, JsonValue]
    faults: dict[str, float]
    is_unplugged: bool


class ObservationView(Frozen):
    """The newest of a kind that a driver has reported.

    Attributes:
        kind: Name of the observation's class.
        place: Which of several: its channel, door, point, quantity, side or reader.
        values: The others of its fields, as JSON values.
        at_ms: Wall clock.
    """

    kind: str
    place: dict[str, JsonValue]
    values: dict[str, JsonValue]
    at_ms: int


class UnitView(Frozen):
    """What became of the exchanges with one unit; see ``drivers.turns.UnitCounts``."""

    unit: str
    answered: int
    timed_out: int
    noise: int
    late: int
    dropped_bytes: int
    latency_counts: tuple[int, ...]


class FrameView(Frozen):
    """One frame, or bytes that are none. Attributes: sequence: from 1, rising."""

    sequence: int
    at_ms: int
    is_sent: bool | None
    hex: str
    text: str
    is_noise: bool
    latency_ms: float | None


class DeviceView(Frozen):
    """A device that is open.

    Attributes:
        state: ``lost`` while its driver raises: no value is current then.
        since_ms: When it came into this state; wall clock.
        problem: What the driver says, one line.
        error_count: How often it has raised.
        simulator: Whose port this is, if it is one of ours.
        test: The newest test of it.
    """

    id: str
    driver: str
    port: str
    baudrate: int
    parity: str
    stopbits: int
    settings: dict[str, JsonValue]
    state: Literal["starting", "present", "lost", "testing", "failed"]
    since_ms: int
    problem: str
    error_count: int
    observations: tuple[ObservationView, ...]
    units: tuple[UnitView, ...]
    latency_bounds_ms: tuple[int, ...]
    simulator: str | None
    test: str | None


class StepView(Frozen):
    """One step of a test; see ``drivers.conformance.report.Step``."""

    name: str
    passed: bool
    sent: str
    received: str
    finding: str
    is_skipped: bool


class TestView(Frozen):
    """A conformance test, running or done.

    Attributes:
        passed: None while it runs, or when it was stopped.
        problem: Why it ended without a report, one line.
    """

    id: str
    device: str
    driver: str
    port: str
    state: Literal["running", "done", "stopped"]
    passed: bool | None
    began_at_ms: int
    steps: tuple[StepView, ...]
    findings: tuple[str, ...]
    problem: str


class BenchView(Frozen):
    """Everything that runs. Attributes: frames: the newest, by device."""

    now_ms: int
    simulators: tuple[SimulatorView, ...]
    devices: tuple[DeviceView, ...]
    tests: tuple[TestView, ...]
    frames: dict[str, tuple[FrameView, ...]]


class SimulatorOrder(Frozen):
    """Start a simulator.

    Attributes:
        transport: Empty is its first.
        baudrate: Who opens its serial port with another one gets garbage; None takes all.
        is_paced: Bytes take as long as on a real line of its baud rate.
    """

    driver: str
    transport: str = ""
    settings: Words = Field(default_factory=dict)
    baudrate: int | None = Field(None, ge=300, le=921_600)
    is_paced: bool = False
    seed: int = 1


class ActionOrder(Frozen):
    """Let a hand do something; what is not given has the example's value."""

    arguments: Words = Field(default_factory=dict)


class FaultOrder(Frozen):
    """Switch a fault. Attributes: probability: None is always; ``unplug``: until switched off."""

    on: bool = True
    probability: float | None = Field(None, ge=0, le=1)


class DeviceOrder(Frozen):
    """Open a device.

    Attributes:
        port: As of ``menshen device test``; not needed with a simulator.
        simulator: One that runs here: its port, its driver's settings and its baud rate are taken
            where nothing else is said.
    """

    driver: str = ""
    port: str = ""
    simulator: str | None = None
    baudrate: int | None = Field(None, ge=300, le=921_600)
    parity: str = "N"
    stopbits: int = Field(1, ge=1, le=2)
    settings: Words = Field(default_factory=dict)


class TestOrder(Frozen):
    """Test a device. Attributes: commands: try what moves something or opens a door, too."""

    commands: bool = False


class Problem(Frozen):
    """A refusal (RFC 9457). Attributes: code: for programs; detail: one line for people."""

    title: str
    status: int
    code: str
    detail: str
