"""Where checkpoints are read: at a terminal's reader, at its gate, or by whoever carries one."""

from central.patrol.views import checkpoints_of, reader_nodes
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_patrol import CheckpointEntry, PatrolReaderEntry, PatrolSettings

SITE = Site(
    site=SiteIdentity(id="demo", name={"en": "Demo"}),
    node=(Node(id="wall-node"), Node(id="gate-node"), Node(id="desk"), Node(id="other")),
    bus=tuple(BusEntry(id=f"b-{n}", node=n, port=n) for n in ("wall-node", "gate-node", "desk")),
    device=(
        DeviceEntry(id="wall", driver="rdm6300", bus="b-wall-node"),
        DeviceEntry(id="gate", driver="speed_gate", bus="b-gate-node"),
        DeviceEntry(id="carried", driver="rdm6300", bus="b-desk"),
    ),
    access_point=(AccessPointEntry(id="east", node="gate-node", device="gate"),),
    checkpoint=(
        CheckpointEntry(id="plant", device="wall"),
        CheckpointEntry(id="lobby", access_point="east"),
        CheckpointEntry(id="roof", credential="0100000003"),
    ),
    patrol=PatrolSettings(guard_profiles=("guards",)),
    patrol_reader=(PatrolReaderEntry(device="carried"),),
)


def test_a_checkpoint_is_read_at_its_reader_s_or_gate_s_terminal_and_a_tag_anywhere() -> None:
    assert {each.id: each.node for each in checkpoints_of(SITE)} == {
        "plant": "wall-node",
        "lobby": "gate-node",
        "roof": None,
    }


def test_terminals_with_a_reader_or_a_gate_of_patrols_must_be_heard() -> None:
    assert reader_nodes(SITE) == {"wall-node", "gate-node", "desk"}
