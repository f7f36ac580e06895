"""How many cards an OSDP reader loses on a bad line, and how soon its absence is alarmed.

    python -m benchmarks.osdp_cards [--minutes 2] [--corrupted 0.02] [--seed 1]

A simulated reader on a paced line of 9600 baud, the driver on the other side, in real time because
libosdp has a clock of its own. One bit is flipped in a part of the reader's frames. Now and then
the reader falls silent or the adapter is pulled, for 2 to 12 seconds; cards are shown then too.
Beside it libosdp alone, under the same noise, with the quickest re-enabling that it allows.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from drivers.base import CredentialRead, DeviceUnreachableError
from drivers.bus import Bus
from drivers.osdp_reader import OsdpReader
from drivers.simulation import Simulation, Wiring
from drivers.transport import open_transport

BAUDRATE: Final = 9600
POLL_S: Final = 0.02
CARD_PAUSE_S: Final = 0.25
"""The line carries some eight cards a second, and the reader keeps 64: a backlog must be able to
go down."""
CARD_PAUSE_AWAY_S: Final = 1.0
PRESENT_S: Final = (10.0, 25.0)
AWAY_S: Final = (2.0, 12.0)
BACK_S: Final = 3.0
"""An alarm so long after the reader's return, or later, is a false one."""
SETTLE_S: Final = 15.0
BIT_LENGTH: Final = 32
FIRST_CARD: Final = 0x1000_0000
PEER_REST_S: Final = 0.3
PEER_HANDSHAKE_S: Final = 2.0


class _Shower:
    """Shows cards, each once, and counts what arrives."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.shown_count = 0
        self.seen: Counter[str] = Counter()
        self._due_s = 0.0

    def show(self, pause_s: float) -> None:
        """Show the next card if it is time."""
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + pause_s
        card = f"{FIRST_CARD + self.shown_count:08X}"
        self._simulation.act("swipe", {"card": card, "bit_length": BIT_LENGTH})
        self.shown_count += 1

    @property
    def has_all(self) -> bool:
        """Whether every card has arrived."""
        return len(self.seen) == self.shown_count

    @property
    def figures(self) -> dict[str, int]:
        """What became of the cards."""
        return {
            "cards_shown": self.shown_count,
            "cards_lost": self.shown_count - len(self.seen),
            "cards_twice": sum(1 for count in self.seen.values() if count > 1),
            "cards_forgotten_by_reader": self._simulation.state()["readers"]["0"]["forgotten"],
        }


class _Absences:
    """Takes the reader away and brings it back, by turns silent and unplugged."""

    def __init__(self, simulation: Simulation, seed: int) -> None:
        self._simulation = simulation
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._count = 0
        self.is_away = False
        self._away_at_s = 0.0
        self._until_s = time.monotonic() + self._random.uniform(*PRESENT_S)
        self._is_alarmed = False
        self.alarmed_after_s: list[float] = []
        self.unnoticed_count = self.false_count = 0

    def step(self, now_s: float) -> None:
        """Let the reader go or come when it is time."""
        if now_s >= self._until_s:
            (self.end if self.is_away else self._begin)(now_s)

    def alarmed(self, now_s: float) -> None:
        """The driver says that the reader is not there."""
        if self.is_away and not self._is_alarmed:
            self.alarmed_after_s.append(now_s - self._away_at_s)
            self._is_alarmed = True

    def _begin(self, now_s: float) -> None:
        self.is_away, self._is_alarmed, self._away_at_s = True, False, now_s
        self._switch(on=True)
        self._until_s = now_s + self._random.uniform(*AWAY_S)

    def end(self, now_s: float) -> None:
        """Bring the reader back."""
        if self.is_away:
            self._switch(on=False)
            self.unnoticed_count += not self._is_alarmed
            self._count += 1
        self.is_away = False
        self._until_s = now_s + self._random.uniform(*PRESENT_S)

    def _switch(self, *, on: bool) -> None:
        kind = "unplug" if self._count % 2 else "mute"
        self._simulation.set_fault({"kind": kind, "on": on})


def run(
    minutes: float, corrupted: float = 0.02, seed: int = 1, delivery: str = "acknowledged"
) -> dict[str, Any]:
    """Return the figures of the driver.

    Args:
        minutes: How long cards are shown.
        corrupted: Share of the reader's frames with a flipped bit.
        seed: Of noise and absences.
        delivery: What the reader remembers; see ``drivers.simulators.osdp_reader``.
    """
    key = os.urandom(16).hex()
    with tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "reader.key"
        key_file.touch(mode=0o600)
        key_file.write_text(key)
        settings = {"key": key, "delivery": delivery}
        wiring = Wiring(
            link=Path(folder) / "line",
            baudrate=BAUDRATE,
            is_paced=True,
            faults={"noise": corrupted},
            seed=seed,
        )
        with Simulation("osdp_reader", settings, wiring) as simulation:
            return asyncio.run(_run(simulation, key_file, minutes, seed))


async def _run(simulation: Simulation, key_file: Path, minutes: float, seed: int) -> dict[str, Any]:
    bus = Bus(simulation.driver_port, baudrate=BAUDRATE)
    reader = OsdpReader(bus, OsdpReader.Settings(key_file=str(key_file)))
    await reader.start()
    shower, absences = _Shower(simulation), _Absences(simulation, seed)
    end_s = time.monotonic() + 60 * minutes
    back_at_s = time.monotonic()
    false_alarm_count = 0
    while (now_s := time.monotonic()) < end_s or not shower.has_all:
        if now_s >= end_s + SETTLE_S:
            break
        was_away = absences.is_away
        if now_s < end_s:
            absences.step(now_s)
            shower.show(CARD_PAUSE_AWAY_S if absences.is_away else CARD_PAUSE_S)
        elif was_away:
            absences.end(now_s)
        if was_away and not absences.is_away:
            back_at_s = now_s
        try:
            for found in await reader.poll():
                if isinstance(found, CredentialRead):
                    shower.seen[found.number] += 1
        except DeviceUnreachableError:
            absences.alarmed(now_s)
            is_back = not absences.is_away and now_s - back_at_s > BACK_S
            false_alarm_count += is_back
        await asyncio.sleep(POLL_S)
    await reader.close()
    await bus.close()
    return {
        **shower.figures,
        "absences": len(absences.alarmed_after_s) + absences.unnoticed_count,
        "absences_unnoticed": absences.unnoticed_count,
        "alarmed_after_s": [round(after_s, 3) for after_s in absences.alarmed_after_s],
        "alarmed_after_s_max": round(max(absences.alarmed_after_s, default=0.0), 3),
        "false_alarms": false_alarm_count,
    }


class _PlainChannel:
    """The line as libosdp's own examples give it to libosdp."""

    def __init__(self, port: str) -> None:
        self.id = 0
        self._transport = open_transport(port, baudrate=BAUDRATE)
        self._arrived = bytearray()

    def read(self, size: int) -> bytes:
        """Return what arrived."""
        self._arrived += self._transport.discard_input()
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def write(self, data: bytes) -> int:
        """Send."""
        self._transport.send(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        """Let go of the port."""
        self._transport.close()


def run_peer(minutes: float, corrupted: float = 0.02, seed: int = 1) -> dict[str, Any]:
    """Return the figures of libosdp on both sides alone, re-enabled as soon as it gives up."""
    key = os.urandom(16)
    wiring = Wiring(baudrate=BAUDRATE, is_paced=True, faults={"noise": corrupted}, seed=seed)
    settings = {"key": key.hex(), "delivery": "once"}
    with Simulation("osdp_reader", settings, wiring) as simulation:
        channel = _PlainChannel(simulation.driver_port)
        try:
            return _run_peer(simulation, channel, key, minutes)
        finally:
            channel.close()


def _run_peer(
    simulation: Simulation, channel: _PlainChannel, key: bytes, minutes: float
) -> dict[str, Any]:
    osdp, library = import_module("osdp"), import_module("osdp_sys")
    library.set_loglevel(osdp.LogLevel.Emergency)
    shower = _Shower(simulation)
    events: list[dict[str, Any]] = []

    def on_event(_: int, event: dict[str, Any]) -> int:
        events.append(event)
        return 0

    info = osdp.PDInfo(0, channel, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    panel = library.ControlPanel([info.get()])
    panel.set_event_callback(on_event)
    begin_s = time.monotonic()
    dropped_count, due_s, was_there = 0, begin_s + PEER_HANDSHAKE_S, False
    end_s = begin_s + 60 * minutes
    while (now_s := time.monotonic()) < end_s + SETTLE_S:
        if now_s >= end_s and shower.has_all:
            break
        panel.refresh()
        is_there = bool(panel.sc_status())
        if was_there and not is_there:
            dropped_count += 1
            due_s = now_s
        was_there = is_there
        if not is_there and now_s >= due_s:
            is_enabled = panel.is_pd_enabled(0)
            (panel.disable_pd if is_enabled else panel.enable_pd)(0)
            due_s = now_s + (PEER_REST_S if is_enabled else PEER_HANDSHAKE_S)
        if is_there and now_s < end_s:
            shower.show(CARD_PAUSE_S)
        for event in events:
            if event["event"] == osdp.Event.CardRead:
                shower.seen[bytes(event["data"]).hex().upper()] += 1
        events.clear()
        time.sleep(0.005)
    return {**shower.figures, "dropped_off": dropped_count}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--corrupted", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delivery", default="acknowledged")
    parser.add_argument("--peer", action="store_true", help="libosdp alone as well")
    given = parser.parse_args()
    figures = {"ours": run(given.minutes, given.corrupted, given.seed, given.delivery)}
    if given.peer:
        figures["libosdp alone"] = run_peer(given.minutes, given.corrupted, given.seed)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
