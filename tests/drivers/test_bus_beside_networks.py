"""A network that computes in the same process delays no exchange: not even in the event loop."""

import asyncio
import itertools
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from tests.drivers.lines import LineInMemory, with_bus
from tests.drivers.test_bus import value_of

SIDE, LAYERS = 1024, 12


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> onnxruntime.InferenceSession:
    """Products of large matrices, on one thread as a lane has it: some hundred milliseconds."""
    names = [f"x{index}" for index in range(LAYERS + 1)]
    nodes = [
        helper.make_node("MatMul", [before, before], [after])
        for before, after in itertools.pairwise(names)
    ]
    shape = (TensorProto.FLOAT, [SIDE, SIDE])
    ends = [helper.make_tensor_value_info(name, *shape) for name in (names[0], names[-1])]
    graph = helper.make_graph(nodes, "products", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 17)]
    path: Path = tmp_path_factory.mktemp("network") / "products.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def test_polls_are_asked_and_answered_while_a_network_holds_the_event_loop(
    network: onnxruntime.InferenceSession,
) -> None:
    line = LineInMemory(lambda frame: [(0.0, value_of(frame))])

    async def act(bus: Bus) -> None:
        requests = [rtu.encode_read_holding_registers(1, address=a, count=1) for a in range(20)]
        polls = [
            asyncio.create_task(
                bus.exchange(r.frame, rtu.ReplyDecoder(r), unit_id=1, timeout_s=10.0)
            )
            for r in requests
        ]
        await asyncio.sleep(0)
        network.run(None, {"x0": np.zeros((SIDE, SIDE), np.float32)})
        ended_s = time.monotonic()
        replies = await asyncio.gather(*polls)

        assert [reply.registers for reply in replies] == [(a,) for a in range(20)]
        assert line.sent[-1][0] < ended_s, "the last poll waited for the network"

    with_bus(line, act)
