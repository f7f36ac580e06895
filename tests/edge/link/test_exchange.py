"""What nodes tell each other directly, on good and bad networks, and to an enemy in between."""

import pytest

from config.contract.areas import AreaFact
from edge.link.message import Lockdowns
from tests.edge.link.nodes import Network, Node, dice, site_of

LOCKED = Lockdowns(version=7, levels=("invasion",))
OPEN = Lockdowns(version=3, levels=("all-open",))


def test_a_passage_at_one_node_is_known_at_the_others_within_a_heartbeat() -> None:
    network, (one, two, three) = site_of(3)
    network.run(2)
    one.passes("a", "office")

    network.run(1)

    assert [node.place_of("a") for node in (two, three)] == ["office", "office"]


def test_the_link_is_up_while_everybody_is_heard() -> None:
    network, nodes = site_of(3)
    before = nodes[0].exchange.is_up(now_s=0)
    network.run(2)
    up = [node.exchange.is_up(now_s=network.now_s) for node in nodes]

    network.cut = {"gate-3"}
    network.run(6)

    assert (before, up) == (False, [True] * 3)
    assert not any(node.exchange.is_up(now_s=network.now_s) for node in nodes)
    assert nodes[0].exchange.silent(now_s=network.now_s) == ["gate-3"]


def test_a_node_alone_has_no_link() -> None:
    _, (alone,) = site_of(1)

    assert not alone.exchange.is_up(now_s=0)


def test_thousands_of_facts_come_over_in_seconds_and_without_a_flood() -> None:
    network, (one, two) = site_of(2)
    for number in range(3000):
        one.passes(f"holder-{number}", "office")

    network.run(4)

    assert two.areas.count("office") == 3000
    assert network.carried_count < 1200


def test_who_was_away_hears_everything_of_a_node_that_is_gone_meanwhile() -> None:
    network, (one, two, three) = site_of(3)
    network.run(2)
    network.cut = {"gate-3"}
    one.passes("a", "office")
    network.run(2)

    network.cut = {"gate-1"}
    network.run(3)

    assert (two.place_of("a"), three.place_of("a")) == ("office", "office")


def test_a_lockdown_that_one_node_has_heard_of_reaches_all_and_an_older_one_does_not() -> None:
    network, (one, two, three) = site_of(3)
    three.is_told(OPEN)
    one.is_told(LOCKED)

    network.run(3)

    assert [node.lockdowns for node in (one, two, three)] == [LOCKED] * 3


def test_a_node_that_was_started_again_is_believed_again_within_seconds() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    one.start()
    one.knows(two)

    network.run(3)
    one.passes("a", "office")
    network.run(1)

    assert two.place_of("a") == "office"


def test_a_node_that_has_lost_its_memory_gets_its_own_facts_back() -> None:
    network, (one, two) = site_of(2)
    one.passes("a", "office")
    network.run(2)
    fresh = Node("gate-1", dice(9))
    fresh.key = one.key
    fresh.start()
    network.nodes["gate-1"] = fresh
    fresh.knows(two)

    network.run(3)

    assert fresh.place_of("a") == "office"


def record_everything(network: Network) -> list[tuple[str, bytes]]:
    network.run(3)
    return list(network.recorded)


@pytest.mark.parametrize("restarted", ["sender", "receiver", "both", "nobody"])
def test_no_recorded_message_is_believed_again(restarted: str) -> None:
    network, (one, two) = site_of(2)
    one.is_told(OPEN)
    tape = record_everything(network)
    if restarted in ("sender", "both"):
        one.start()
        one.knows(two)
    if restarted in ("receiver", "both"):
        two.start()
        two.knows(one)
    network.run(3)
    two.believed.clear()

    for target, datagram in tape:
        if target == "gate-2":
            two.receive(datagram, now_s=network.now_s)

    assert two.believed == []


def test_a_recorded_message_is_not_believed_by_another_node() -> None:
    network, (_, _, three) = site_of(3)
    tape = [datagram for target, datagram in record_everything(network) if target == "gate-2"]
    three.believed.clear()

    for datagram in tape:
        three.receive(datagram, now_s=network.now_s)

    assert (len(tape) > 3, three.believed) == (True, [])


def test_a_flood_of_recorded_messages_does_not_take_the_link_down() -> None:
    network, nodes = site_of(2)
    tape = record_everything(network)

    for target, datagram in tape * 20:
        for to, reply in network.nodes[target].receive(datagram, now_s=network.now_s):
            network.carry(target, to, reply)
    network.run(1)

    assert all(node.exchange.is_up(now_s=network.now_s) for node in nodes)


def test_a_node_with_another_key_is_nobody() -> None:
    network, (one, two) = site_of(2)
    stranger = Node("gate-1", dice(3))
    stranger.knows(two)
    stranger.is_told(OPEN)
    network.nodes["gate-1"] = stranger

    network.run(5)

    assert (two.believed, two.lockdowns.levels, one.name) == ([], (), "gate-1")


def test_a_node_that_was_shut_out_is_not_believed_any_more() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    two.knows()
    two.believed.clear()
    one.is_told(OPEN)

    data = one.exchange.heartbeat("gate-2")
    two.receive(data, now_s=network.now_s)

    assert (two.believed, two.lockdowns.levels) == ([], ())


@pytest.mark.parametrize("seed", range(6))
def test_a_hostile_network_opens_nothing_and_nodes_agree_once_it_is_good(seed: int) -> None:
    network, nodes = site_of(4, seed=seed, badness=0.15)
    chance = dice(seed)
    told, version = [Lockdowns(version=0)], 0
    seen: dict[str, set[tuple[str, int]]] = {}
    for _ in range(40):
        actor = chance.choice(nodes)
        match chance.randrange(5):
            case 0:
                version += 1
                levels = ("all-open",) if chance.random() < 0.5 else ()
                told.append(Lockdowns(version=version, levels=levels))
                actor.is_told(told[-1])
            case 1:
                actor.start()
                actor.knows(*nodes)
            case 2:
                network.cut = {chance.choice(nodes).name} if chance.random() < 0.5 else set()
            case _:
                passed = actor.passes(f"h{chance.randrange(9)}", chance.choice(["a", "b", None]))
                seen.setdefault(passed.holder_id, set()).add((passed.node, passed.sequence))
        before = {node.name: node.lockdowns.version for node in nodes}
        network.run(1)
        for node in nodes:
            # Nothing comes about that central has not said, and nothing older comes back.
            assert node.lockdowns in told
            assert node.lockdowns.version >= before[node.name]
            for fact in node.areas.facts():
                assert isinstance(fact, AreaFact)
                assert (fact.node, fact.sequence) in seen[fact.holder_id]

    network.badness, network.cut = 0.0, set()
    network.run(8)

    everywhere = {tuple(sorted(node.place_of(f"h{n}") or "-" for n in range(9))) for node in nodes}
    assert len(everywhere) == 1
    assert {node.lockdowns for node in nodes} == {told[-1]} if version else True
    assert all(node.exchange.is_up(now_s=network.now_s) for node in nodes)
