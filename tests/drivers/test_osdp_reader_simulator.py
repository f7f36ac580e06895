"""The simulated reader alone: what it repeats, what it keeps, what a hand can do."""

from importlib import import_module
from typing import Any

import pytest

from drivers.protocols import osdp
from drivers.registry import make_settings
from drivers.simulators.osdp_reader import FOREIGN_ADDRESS, Simulator

KEY = bytes(range(1, 17))


class _Memory:
    """A panel's line that ends in a simulator. Attributes: is_deaf: replies are lost."""

    def __init__(self, simulator: Simulator) -> None:
        self.id, self.is_deaf = 0, False
        self.commands: list[bytes] = []
        self._simulator, self._replies = simulator, bytearray()

    def read(self, size: int) -> bytes:
        data = bytes(self._replies[:size])
        del self._replies[:size]
        return data

    def write(self, data: bytes) -> int:
        self.commands.append(bytes(data))
        for reply in self._simulator.receive_data(bytes(data)):
            self._replies += b"" if self.is_deaf else reply
        return len(data)

    def flush(self) -> None:
        pass


class Panel:
    """libosdp's control panel before a simulator, refreshed by hand."""

    def __init__(self, *, delivery: str = "acknowledged") -> None:
        library = import_module("osdp")
        import_module("osdp_sys").set_loglevel(library.LogLevel.Emergency)
        self.simulator = Simulator(Simulator.Settings(key=KEY.hex(), delivery=delivery))
        self.memory = _Memory(self.simulator)
        self.events: list[dict[str, Any]] = []
        flags = [library.LibFlag.EnforceSecure]
        info = library.PDInfo(0, self.memory, scbk=KEY, flags=flags)
        self._panel = import_module("osdp_sys").ControlPanel([info.get()])
        self._panel.set_event_callback(self._on_event)

    def _on_event(self, _: int, event: dict[str, Any]) -> int:
        self.events.append(event)
        return 0

    def refresh_until_secure(self) -> None:
        for _ in range(1_000_000):
            self._panel.refresh()
            if self._panel.sc_status():
                return
        raise AssertionError("no secure channel")

    def refresh_until_sent(self, code: osdp.Command) -> bytes:
        """Return the next command of a kind, as it was sent."""
        count = len(self.memory.commands)
        for _ in range(10_000_000):
            self._panel.refresh()
            if len(self.memory.commands) > count:
                count = len(self.memory.commands)
                if frame(self.memory.commands[-1]).code == code:
                    return self.memory.commands[-1]
        raise AssertionError(f"no {code.name}")


def frame(raw: bytes) -> osdp.Frame:
    decoder = osdp.Decoder()
    decoder.receive_data(raw)
    found = decoder.next_frame()
    assert isinstance(found, osdp.Frame)
    return found


def test_a_secure_channel_comes_up_with_the_right_key() -> None:
    panel = Panel()

    panel.refresh_until_secure()

    assert panel.simulator.state()["readers"]["0"]["is_secure"]


def test_a_repeated_command_gets_the_same_reply() -> None:
    panel = Panel()
    panel.refresh_until_secure()
    panel.simulator.act("swipe", {})
    panel.memory.is_deaf = True

    poll = panel.refresh_until_sent(osdp.Command.POLL)
    replies = [panel.simulator.receive_data(poll) for _ in range(3)]

    assert replies[0] == replies[1] == replies[2]
    assert frame(replies[0][0]).is_encrypted


def test_a_reader_as_libosdp_makes_it_repeats_nothing() -> None:
    panel = Panel(delivery="once")
    panel.refresh_until_secure()
    panel.memory.is_deaf = True

    poll = panel.refresh_until_sent(osdp.Command.POLL)
    (reply,) = panel.simulator.receive_data(poll)

    assert frame(reply).refusal == osdp.Refusal.SECURITY_CONDITIONS


@pytest.mark.parametrize(("delivery", "kept_count"), [("acknowledged", 1), ("repeated", 0)])
def test_a_card_nobody_acknowledged_survives_a_new_session_or_not(
    delivery: str, kept_count: int
) -> None:
    panel = Panel(delivery=delivery)
    panel.refresh_until_secure()
    panel.simulator.act("swipe", {})
    panel.memory.is_deaf = True
    panel.refresh_until_sent(osdp.Command.POLL)

    panel.simulator.receive_data(osdp.encode_frame(0, osdp.Command.ID, b"\x00", sequence=0))

    assert panel.simulator.state()["readers"]["0"]["waiting"] == kept_count


def test_a_damaged_command_is_not_answered() -> None:
    simulator = Simulator(Simulator.Settings())
    command = bytearray(osdp.encode_frame(0, osdp.Command.ID, b"\x00", sequence=0))
    command[-1] ^= 1

    assert simulator.receive_data(bytes(command)) == []


def test_a_command_in_pieces_is_answered_and_another_reader_s_is_not() -> None:
    simulator = Simulator(Simulator.Settings(address=(4,)))
    command = osdp.encode_frame(4, osdp.Command.ID, b"\x00", sequence=0)
    other = osdp.encode_frame(5, osdp.Command.ID, b"\x00", sequence=0)

    replies = [simulator.receive_data(piece) for piece in (other + command[:3], command[3:])]

    assert replies[0] == []
    assert frame(replies[1][0]).name == "PDID"


def test_somebody_else_s_traffic_is_a_sound_frame() -> None:
    foreign = frame(Simulator(Simulator.Settings()).foreign_frame(b""))

    assert (foreign.address, foreign.is_reply) == (FOREIGN_ADDRESS, True)


def test_only_the_newest_events_are_kept() -> None:
    simulator = Simulator(Simulator.Settings())

    for number in range(100):
        simulator.act("swipe", {"card": f"{number:X}", "bit_length": 26})

    assert simulator.state()["readers"]["0"]["waiting"] == 64


@pytest.mark.parametrize(
    ("action", "arguments", "why"),
    [
        ("swipe", {"card": "xyz"}, "card is a hexadecimal number"),
        ("swipe", {"card": "FF", "bit_length": 7}, "card is a hexadecimal number"),
        ("keys", {"digits": "12A"}, "digits are"),
        ("keys", {"digits": ""}, "digits are"),
        ("input", {"channel": 8}, r"channel is 0\.\.7, not 8"),
        ("tamper", {"address": 9}, "no reader has address 9; there are: 0"),
    ],
)
def test_what_a_hand_cannot_do_is_refused(action: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Simulator(Simulator.Settings()).act(action, arguments)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"address": ()}, "address is"),
        ({"address": (127,)}, "address is"),
        ({"key": "00"}, "key is 32"),
        ({"key": "no key"}, "key is 32"),
        ({"delivery": "never"}, "delivery is one of"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make_settings("osdp_reader", Simulator.Settings, settings)
