"""A site with controller boards, what their nodes tell of them, and who rolls images out."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import httpx

from config.contract.board_commands import BoardCommand, CancelBoardUpdate
from config.contract.board_events import BoardIdentified, UpdateOutcome, UpdateReason
from config.contract.command_events import CommandAnswered, CommandOutcome, CommandRefusal
from config.contract.commands import NodeCommand, SignedCommands, read_command
from config.contract.events import BoardUpdateEnded, EventData
from config.site import Site
from tests.central.bench import SITE, Bench
from tests.config.images import HW, public_pem, signed

API = "/api/v1"
PATH = f"{API}/firmware"
OLD, NEW = "1.0.0", "2.0.0"
OLD_HASH = "0" * 64
WHY = {"reason": "a fault of the old one"}


def site_with(count: int, *, nodes: Sequence[str] = ("gate-1",)) -> Site:
    """Return the bench's site with boards, each on a line of its own, by turns at the nodes."""
    return Site.model_validate(
        {
            **SITE.model_dump(),
            "bus": [
                *SITE.model_dump()["bus"],
                *(
                    {"id": f"board-line-{n}", "node": nodes[n % len(nodes)], "port": f"/dev/b{n}"}
                    for n in range(count)
                ),
            ],
            "device": [
                *SITE.model_dump()["device"],
                *(
                    {"id": f"board-{n}", "driver": "board", "bus": f"board-line-{n}"}
                    for n in range(count)
                ),
            ],
            "boards": {"keys": [public_pem()]},
        }
    )


BOARDED = site_with(3)


class Terminal:
    """A node with boards that is heard."""

    def __init__(self, bench: Bench, name: str = "gate-1") -> None:
        """Join, and say that it is there."""
        self.bench, self.node = bench, bench.node(name)
        self._sequence = 0
        self.node.report()

    def tell(self, *facts: EventData, **more: Any) -> None:  # noqa: ANN401 - fields of an event
        """Tell facts that happen now."""
        events = []
        for fact in facts:
            self._sequence += 1
            values = {"fact": fact, "time": self.node.clock(), **more}
            events.append(self.node.event(self._sequence, **values))
        self.node.send(*events)

    def identify(self, *devices: str, **more: Any) -> None:  # noqa: ANN401 - fields of the fact
        """Tell who boards are."""
        self.tell(*(identified(device, **more) for device in devices))

    def fetch(self) -> list[NodeCommand]:
        """Return what is to be done here, checked as a node checks it."""
        work(self.bench)
        reply = self.node.request("GET", f"{API}/nodes/current/commands")
        waiting = SignedCommands.model_validate_json(reply.content)
        key = self.bench.app.state.services.central_key.public_key()
        read = [
            read_command(each, key=key, site="test", node=self.node.name)
            for each in waiting.commands
        ]
        return [command for command in read if isinstance(command, NodeCommand)]

    def answer(
        self,
        command: NodeCommand,
        outcome: CommandOutcome = CommandOutcome.DONE,
        refusal: CommandRefusal | None = None,
    ) -> None:
        """Say what became of a command."""
        self.tell(CommandAnswered(command_id=command.id, outcome=outcome, refusal=refusal))

    def take_on(self) -> list[BoardCommand]:
        """Take on everything that waits; returns it."""
        commands = self.fetch()
        for command in commands:
            self.answer(command)
        return [wanted(command) for command in commands]

    def end(
        self,
        what: BoardCommand,
        outcome: UpdateOutcome = UpdateOutcome.CONFIRMED,
        reason: UpdateReason | None = None,
    ) -> None:
        """Tell how an update ended."""
        self.tell(ended(what.update_id, what.device, outcome, reason))
        work(self.bench)

    def update_wave(self, *, broken: Collection[str] = ()) -> list[str]:
        """Take on what waits and end all of it at once; returns the devices, in their order."""
        commands = self.fetch()
        ends = list[EventData]()
        for what in map(wanted, commands):
            went = UpdateOutcome.WENT_BACK if what.device in broken else UpdateOutcome.CONFIRMED
            ends.append(ended(what.update_id, what.device, went))
        answers = [
            CommandAnswered(command_id=each.id, outcome=CommandOutcome.DONE) for each in commands
        ]
        self.tell(*answers, *ends)
        work(self.bench)
        return [wanted(command).device for command in commands]

    def update_all(self) -> list[str]:
        """Take on and confirm what waits; returns the devices, in their order."""
        done = self.take_on()
        for what in done:
            self.end(what)
        return [what.device for what in done]


def wanted(command: NodeCommand) -> BoardCommand:
    """Return what a command about a board wants."""
    what = command.what
    assert isinstance(what, BoardCommand | CancelBoardUpdate)
    return what


def identified(device: str, **more: Any) -> BoardIdentified:  # noqa: ANN401 - fields of any type
    """Return what a board says of itself."""
    values = {
        "model": "gate", "hw": HW, "serial_number": f"SN-{device}", "version": OLD,
        "image": OLD_HASH, "is_confirmed": True,
    }  # fmt: skip
    return BoardIdentified.model_validate({"device": device, **values, **more})


def ended(
    update_id: UUID,
    device: str,
    outcome: UpdateOutcome = UpdateOutcome.CONFIRMED,
    reason: UpdateReason | None = None,
) -> BoardUpdateEnded:
    """Return how an update ended."""
    running = NEW if outcome is UpdateOutcome.CONFIRMED else OLD
    return BoardUpdateEnded(
        update_id=update_id, device=device, outcome=outcome, reason=reason, image="a" * 64,
        running=running,
    )  # fmt: skip


def upload(client: httpx.Client, data: bytes | None = None, **query: str) -> httpx.Response:
    """Upload an image, a good one where none is given."""
    content = signed(version=NEW) if data is None else data
    headers = {"Content-Type": "application/octet-stream"}
    return client.post(f"{PATH}/images", content=content, params=query, headers=headers)


def uploaded(bench: Bench) -> str:
    """Return the hash of a good image that central keeps."""
    reply = upload(bench.administrator)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["sha256"])


def make(bench: Bench, **wish: Any) -> httpx.Response:  # noqa: ANN401 - fields of any type
    """Make a roll-out, of a good image where nothing else is asked for."""
    values = {"action": "update", "starts": True, **WHY, **wish}
    if values["action"] == "update":
        values.setdefault("image", uploaded(bench))
    return bench.administrator.post(f"{PATH}/rollouts", json=values)


def made(bench: Bench, **wish: Any) -> str:  # noqa: ANN401 - fields of any type
    """Return the identifier of a new roll-out."""
    reply = make(bench, **wish)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["rollout_id"])


def act(bench: Bench, rollout_id: str, deed: str, **more: object) -> httpx.Response:
    """Start, pause or cancel a roll-out."""
    return bench.administrator.post(f"{PATH}/rollouts/{rollout_id}/{deed}", json={**WHY, **more})


def shown(bench: Bench, rollout_id: str) -> dict[str, Any]:
    """Return a roll-out as it stands."""
    work(bench)
    reply = bench.administrator.get(f"{PATH}/rollouts/{rollout_id}")
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def states(bench: Bench, rollout_id: str) -> dict[str, str]:
    """Return how each board of a roll-out stands."""
    return {each["device"]: each["state"] for each in shown(bench, rollout_id)["boards"]}


def work(bench: Bench) -> bool:
    """Have central do what is due of roll-outs now; returns whether one goes on."""
    services = bench.app.state.services
    looked = asyncio.run_coroutine_threadsafe(services.rollouts.look(), services.loop)
    return bool(looked.result(60))


# ---- each changing endpoint, done once


def remove_image(bench: Bench) -> httpx.Response:
    """Delete an image that nothing uses."""
    return bench.administrator.delete(f"{PATH}/images/{uploaded(bench)}")


def make_one(bench: Bench, *deeds: str) -> httpx.Response:
    """Make a roll-out of one board, and do something with it."""
    Terminal(bench).identify("board-0")
    reply = make(bench, devices=["board-0"], starts="start" not in deeds)
    for deed in deeds:
        reply = act(bench, reply.json()["rollout_id"], deed)
    return reply
