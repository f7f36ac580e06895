"""What the doctor says of fire: the site file's doubts, and doors that only the wires release."""

from config.doctor.findings import Level
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_fire import FireInputEntry, FireZoneEntry, OutputEntry
from edge.doctor.fire import judge_fire

DOOR = OutputEntry(device="controller", channel=0)


def site(*zones: FireZoneEntry) -> Site:
    """Return a site with a gate, a panel, a controller and a locker, each at a node."""
    kinds = {"gate": "speed_gate", "panel": "gbt26875"}
    doors = {"controller": "uhppote", "locker": "kerong_locker"}
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="east", link="127.0.0.1:9001"), Node(id="west", link="127.0.0.1:9002")),
        bus=(
            BusEntry(id="line", node="east", port="p"),
            BusEntry(id="doors", node="west", port="q"),
        ),
        device=(
            *(DeviceEntry(id=name, driver=kind, bus="line") for name, kind in kinds.items()),
            *(DeviceEntry(id=name, driver=kind, bus="doors") for name, kind in doors.items()),
        ),
        access_point=(AccessPointEntry(id="in", node="east", device="gate"),),
        fire_zone=zones,
        fire_input=tuple(FireInputEntry(zone=zone.id, device="panel") for zone in zones),
    )


def test_a_door_that_is_in_no_zone_is_said_to_be_wired_and_how_it_could_be_released() -> None:
    controller, locker = judge_fire(site(FireZoneEntry(id="a")))

    assert controller.message == "doors of controller are not released by a fire: wire them"
    assert controller.advice.startswith("name it among the outputs of its fire_zone")
    assert locker.message == "doors of locker are not released by a fire: wire them"
    assert locker.advice == "the fire panel's own contact must open it"


def test_a_door_that_a_zone_keeps_open_is_no_finding() -> None:
    (found,) = judge_fire(site(FireZoneEntry(id="a", outputs=(DOOR,))))

    assert "locker" in found.message


def test_only_the_devices_of_the_node_that_is_asked_for_are_looked_at() -> None:
    assert list(judge_fire(site(FireZoneEntry(id="a")), node="east")) == []


def test_what_the_site_file_may_not_mean_is_a_warning_and_no_problem() -> None:
    zone = FireZoneEntry(id="a", confirm_by=("call_point",))

    first = next(iter(judge_fire(site(zone))))

    assert (first.check, first.level) == ("fire", Level.WARNING)
    assert first.message.startswith("fire_zone 'a': one call point opens its gates")


def test_a_site_without_a_fire_zone_has_nothing_to_say() -> None:
    assert list(judge_fire(site())) == []
