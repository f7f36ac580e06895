"""Operators' commands: who may ask, what a node is handed, and what is known of it afterwards."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from config.contract.command_events import CommandAnswered, CommandOutcome
from config.contract.commands import NodeCommand, SignedCommands, read_command
from config.contract.nodes import NodeWelcome
from config.contract.trust import NodeToken, public_text
from tests.central.audit.log import entries
from tests.central.bench import Bench, Node, messages

PATH = "/api/v1/nodes/gate-1/commands"
OPEN = {"kind": "open_once", "access_point": "lane"}


def ask(client: httpx.Client, what: dict[str, Any] | None = None, **more: object) -> httpx.Response:
    return client.post(PATH, json={"what": what or OPEN, "reason": "a delivery", **more})


def fetched(bench: Bench, node: Node) -> list[NodeCommand]:
    """Return what a node is handed, checked as the node checks it."""
    reply = node.request("GET", "/api/v1/nodes/current/commands")
    waiting = SignedCommands.model_validate_json(reply.content)
    key = bench.app.state.services.central_key.public_key()
    read = [read_command(s, key=key, site="test", node=node.name) for s in waiting.commands]
    return [command for command in read if isinstance(command, NodeCommand)]


def answer(node: Node, command_id: str, outcome: CommandOutcome, sequence: int = 1) -> None:
    fact = CommandAnswered(command_id=UUID(command_id), outcome=outcome)
    node.send(node.event(sequence, fact=fact))


def states(bench: Bench) -> list[str]:
    items = bench.administrator.get("/api/v1/commands").json()["items"]
    return [item["state"] for item in items]


def test_a_command_is_asked_for_fetched_and_answered(any_bench: Bench) -> None:
    node, guard = any_bench.node(), any_bench.operator("guard")

    asked = ask(guard).json()
    waiting = states(any_bench)
    command = fetched(any_bench, node)[0]
    told = states(any_bench)
    answer(node, asked["command_id"], CommandOutcome.DONE)

    assert (str(command.id), command.reason) == (asked["command_id"], "a delivery")
    assert (waiting, told, states(any_bench)) == (["waiting"], ["told"], ["done"])
    assert fetched(any_bench, node) == []


def test_a_node_has_the_key_with_which_commands_are_signed(bench: Bench) -> None:
    token = bench.token()
    node = Node(bench.client(), "gate-1", bench.clock)

    welcome = NodeWelcome.model_validate_json(node.enrol(token).content)

    key = bench.app.state.services.central_key.public_key()
    assert NodeToken.from_line(token).node == "gate-1"
    assert welcome.central_key == public_text(key)


def test_the_first_answer_stands(bench: Bench) -> None:
    node = bench.node()
    asked = ask(bench.administrator).json()["command_id"]

    answer(node, asked, CommandOutcome.DONE)
    answer(node, asked, CommandOutcome.UNKNOWN, sequence=2)

    assert states(bench) == ["done"]


def test_another_node_answers_for_nobody(bench: Bench) -> None:
    other = bench.node("gate-2")
    asked = ask(bench.administrator).json()["command_id"]

    answer(other, asked, CommandOutcome.DONE)

    assert states(bench) == ["waiting"]
    assert fetched(bench, other) == []


def test_whoever_never_fetched_a_command_did_not_carry_it_out(bench: Bench) -> None:
    node = bench.node()
    ask(bench.administrator)
    bench.clock.advance(seconds=30)

    assert fetched(bench, node) == []
    assert states(bench) == ["not_delivered"]


def test_whoever_fetched_a_command_and_is_silent_leaves_it_open(bench: Bench) -> None:
    node = bench.node()
    asked = ask(bench.administrator).json()["command_id"]
    fetched(bench, node)
    bench.clock.advance(seconds=30)
    silent = states(bench)

    answer(node, asked, CommandOutcome.UNKNOWN)

    assert (silent, states(bench)) == (["no_answer"], ["unknown"])


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"kind": "open_once", "access_point": "nowhere"}, "unknown_access_point"),
        ({"kind": "reconnect_device", "device": "nothing"}, "unknown_device"),
        (
            {"kind": "hold_open", "access_point": "lane", "until": "2000-01-01T00:00:00Z"},
            "hold_too_long",
        ),
        ({"kind": "lock_forever", "access_point": "lane"}, "invalid_request"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    bench: Bench, what: dict[str, str], code: str
) -> None:
    reply = ask(bench.administrator, what)

    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_a_command_needs_a_reason(bench: Bench) -> None:
    assert ask(bench.administrator, reason="  ").status_code == 422


def test_who_may_not_open_gates_is_refused(bench: Bench) -> None:
    assert ask(bench.operator("personnel")).status_code == 403


def test_the_stream_says_that_a_command_waits(bench: Bench) -> None:
    node = bench.node()
    target = "/api/v1/nodes/current/stream"

    with node.http.stream("GET", target, headers=node.headers("GET", target)) as reply:
        told = messages(reply)
        begun = next(told)[0]
        ask(bench.administrator)
        names = [next(told)[0]]
        while names[-1] != "commands":  # joining itself is told, too
            names.append(next(told)[0])

    assert (begun, names[-1]) == ("replica", "commands")


def test_who_connects_hears_of_what_waits_already(bench: Bench) -> None:
    node = bench.node()
    target = "/api/v1/nodes/current/stream"
    ask(bench.administrator)

    with node.http.stream("GET", target, headers=node.headers("GET", target)) as reply:
        told = messages(reply)
        names = [next(told)[0], next(told)[0]]

    assert "commands" in names


def test_the_audit_log_says_who_asked_for_what(bench: Bench) -> None:
    asked = ask(bench.administrator).json()["command_id"]

    entry = next(e for e in entries(bench) if e["action"] == "nodes_commands_post")

    assert {"node:gate-1", f"command:{asked}"} <= set(entry["objects"])
    assert entry["detail"] == OPEN
