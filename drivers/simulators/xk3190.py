"""The indicator that ``drivers.xk3190`` reads.

Source: as the driver's.
"""

import dataclasses
from decimal import Decimal
from typing import Any, ClassVar

from drivers.protocols import NeedData
from drivers.protocols.xk3190 import (
    GROSS,
    NET,
    TARE,
    QuestionDecoder,
    encode_a12e,
    encode_answer,
    encode_continuous,
    encode_equals,
)
from drivers.simulators.far_end import FarEnd
from drivers.simulators.pan import Pan

EVERY_S = 0.1
DECIMALS = 3


class Simulator(FarEnd):
    """One indicator and its pan."""

    KIND = "scale"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "put": {"weight_kg": 1.234},
        "remove": {},
        "tare": {},
        "shake": {"on": True},
    }
    STIMULI = (("put", {}, "WeightChanged"), ("remove", {}, "WeightChanged"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: format, address: as the driver's."""

        format: str = "continuous"
        address: str = "A"

    def __init__(self, settings: Settings) -> None:
        self._settings, self._questions = settings, QuestionDecoder()
        self.pan = Pan()
        self._since_s = 0.0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``; only a polled indicator answers."""
        if self._settings.format != "polled":
            return []
        self._questions.receive_data(data)
        question = self._questions.next_frame()
        if isinstance(question, NeedData) or question[0] != self._settings.address:
            return []
        weights = {
            GROSS: self.pan.weight_kg + self.pan.tare_kg,
            TARE: self.pan.tare_kg,
            NET: self.pan.weight_kg,
        }
        if question[1] not in weights:
            return []
        weight_kg = weights[question[1]]
        return [encode_answer(question[0], question[1], weight_kg, decimals=DECIMALS)]

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: says the weight ten times a second."""
        self.pan.step(dt_s)
        self._since_s += dt_s
        if self._since_s < EVERY_S or self._settings.format == "polled":
            return []
        self._since_s = 0.0
        weight_kg = self.pan.weight_kg
        match self._settings.format:
            case "equals":
                return [encode_equals(weight_kg, decimals=DECIMALS)]
            case "a12e":
                return [encode_a12e(weight_kg, is_net=bool(self.pan.tare_kg))]
            case _:
                return [encode_continuous(weight_kg, decimals=DECIMALS)]

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"load_kg": str(self.pan.load_kg), "tare_kg": str(self.pan.tare_kg)}

    def do_put(self, weight_kg: float) -> None:
        """Put something on the pan."""
        self.pan.put(Decimal(str(weight_kg)))

    def do_remove(self) -> None:
        """Take everything off."""
        self.pan.put(Decimal(0))

    def do_tare(self) -> None:
        """Press its key: take what lies there off the weight."""
        self.pan.tare()

    def do_shake(self, *, on: bool) -> None:
        """Shake the pan, or let it be."""
        self.pan.is_shaken = on
