import io
import json
import logging
import uuid
from collections.abc import Iterator

import pytest

from config.logs import LogForm, LogLevel, start_log
from config.tracing import new_trace, read_traceparent, trace_of, traced, traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    before = list(root.handlers), root.level, logging.getLogger("edge").level
    start_log(LogForm.JSON, LogLevel.INFO, stream=stream)
    yield stream
    root.handlers, logging.getLogger("edge").level = before[0], before[2]
    root.setLevel(before[1])


def test_a_line_is_one_object_with_its_trace_and_its_error(log: io.StringIO) -> None:
    try:
        raise OSError("no\nline")
    except OSError:
        with traced(TRACE):
            logging.getLogger("edge.test").exception("device %s is lost\n", "门")

    [line] = [json.loads(text) for text in log.getvalue().splitlines()]

    assert (line["level"], line["logger"], line["trace"]) == ("error", "edge.test", TRACE)
    assert line["message"] == "device 门 is lost\n"
    assert line["error"].endswith("OSError: no\nline")
    assert line["time"].endswith("Z")


def test_details_are_said_only_when_they_are_asked_for(log: io.StringIO) -> None:
    logging.getLogger("edge.test").debug("a detail")

    assert log.getvalue() == ""


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"cc-{TRACE}-b7ad6b7169203331-01-more", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", None),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        ('<script>"', None),
        (None, None),
    ],
)
def test_a_header_is_read_as_the_standard_says(header: str | None, trace: str | None) -> None:
    assert read_traceparent(header) == trace


def test_what_is_sent_is_read_back() -> None:
    trace = new_trace()

    assert read_traceparent(traceparent(trace)) == trace


def test_the_trace_of_an_event_is_its_decision() -> None:
    decision = uuid.UUID(TRACE)

    assert trace_of({"decision_id": str(decision)}) == TRACE
    assert [trace_of(data) for data in ({}, {"decision_id": None}, {"decision_id": "x"})] == [
        ""
    ] * 3
