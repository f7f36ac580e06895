import pytest

from drivers.base import CredentialKind, CredentialRead, DeviceUnreachableError
from drivers.bus import Bus
from drivers.ibutton_ascii import IButtonAscii
from tests.drivers.heard import ClockOfATest, observed
from tests.drivers.lines import LineInMemory, with_bus

# In-Touch's example key, in the orders S1 to S5.
PRINTED = {
    "crc_serial_family": b"\x02AE0000030D45EB01\x03",
    "serial": b"\x020000030D45EB\x03",
    "family_lsb_serial_crc": b"\x0201EB450D030000AE\x03",
    "lsb_serial": b"\x02EB450D030000\r\n\x03",
    "family_serial": b"\x02010000030D45EB\r\n\x03",
}
KEY_READ = CredentialRead(CredentialKind.IBUTTON, "AE0000030D45EB01")


def reader_on(
    bus: Bus, clock: ClockOfATest | None = None, order: str = "crc_serial_family"
) -> IButtonAscii:
    return IButtonAscii(bus, IButtonAscii.Settings(order=order), clock or ClockOfATest())


@pytest.mark.parametrize("order", PRINTED)
def test_a_key_has_one_number_in_every_order(order: str) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, order=order)
        await reader.start()
        line.arrive(PRINTED[order])

        assert await observed(reader) == [KEY_READ]
        assert await reader.poll() == []

    with_bus(line, act)


def test_a_key_that_left_is_read_again() -> None:
    line, clock = LineInMemory(), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        await reader.start()
        line.arrive(PRINTED["crc_serial_family"] * 3)
        first = await observed(reader)
        clock.now_s += 1.6
        line.arrive(PRINTED["crc_serial_family"])

        assert first + await observed(reader) == [KEY_READ, KEY_READ]

    with_bus(line, act)


def test_a_reader_of_the_other_order_is_a_finding_that_names_it() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        line.arrive(PRINTED["family_lsb_serial_crc"] + PRINTED["crc_serial_family"])
        await observed(reader)

        assert reader.findings == [
            "1 x the check byte does not fit; it would in the order family_lsb_serial_crc"
        ]

    with_bus(line, act)


def test_a_key_of_another_family_is_a_finding() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, order="family_serial")
        await reader.start()
        line.arrive(b"\x02020000030D45EB\x03" + PRINTED["family_serial"])

        assert await observed(reader) == [KEY_READ]
        assert reader.findings == ["1 x a key of family 02 instead of 01"]

    with_bus(line, act)


def test_a_lost_line_is_told() -> None:
    line = LineInMemory()
    line.is_connected = False

    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError):
            await reader_on(bus).start()

    with_bus(line, act)


def test_a_key_can_be_cloned_and_says_so() -> None:
    assert KEY_READ.kind.can_be_cloned


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"order": "s9"}, "order is one of crc_serial_family, serial,"),
        ({"family": 0}, r"family is 1\.\.255, not 0"),
        ({"family": 256}, r"family is 1\.\.255, not 256"),
        ({"hold_s": float("nan")}, r"hold_s is 0\.2\.\.60, not nan"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^ibutton_ascii: {message}"):
        IButtonAscii.Settings(**setting)  # type: ignore[arg-type]  # wrong values are the test
