"""A camera's head in simulated time: it moves until it is told to stop, or to its limits."""

import dataclasses

PAN_DEGREES_PER_S, TILT_DEGREES_PER_S, ZOOM_STEPS_PER_S = 60.0, 40.0, 4000.0
TILT_MAX, ZOOM_MAX = 90.0, 16384.0


@dataclasses.dataclass
class Head:
    """Attributes: pan: 0..360 degrees. tilt: 0..90. zoom: 0..16384. speeds: each -1..1."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    speeds: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ignored_stops: int = 0
    presets: dict[int, tuple[float, float, float]] = dataclasses.field(default_factory=dict)

    def drive(self, pan: float, tilt: float, zoom: float) -> None:
        """Take speeds; a stop may get lost."""
        is_stop = not (pan or tilt or zoom)
        if is_stop and self.ignored_stops:
            self.ignored_stops -= 1
            return
        self.speeds = (pan, tilt, zoom)

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        pan, tilt, zoom = self.speeds
        self.pan = (self.pan + pan * PAN_DEGREES_PER_S * dt_s) % 360
        self.tilt = min(TILT_MAX, max(0.0, self.tilt + tilt * TILT_DEGREES_PER_S * dt_s))
        self.zoom = min(ZOOM_MAX, max(0.0, self.zoom + zoom * ZOOM_STEPS_PER_S * dt_s))

    @property
    def is_moving(self) -> bool:
        """Whether anything moves it."""
        return any(self.speeds)

    def state(self) -> dict[str, object]:
        """Return where it stands."""
        return {
            "pan": round(self.pan, 2),
            "tilt": round(self.tilt, 2),
            "zoom": round(self.zoom),
            "is_moving": self.is_moving,
            "presets": sorted(self.presets),
        }
