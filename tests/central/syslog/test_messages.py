"""Messages of RFC 5424 and frames of RFC 5425."""

import hashlib
from datetime import UTC, datetime

import pytest

from central.audit.chain import GENESIS, Entry
from central.syslog.messages import Message, encode_frame, encode_message, of_entry

AT = datetime(2003, 10, 11, 22, 14, 15, 3000, tzinfo=UTC)
ENTRY = Entry(
    sequence=2**31,
    at=AT,
    actor="user:1",
    address="10.0.0.1",
    action="nodes_tokens_post",
    objects="node:gate-1",
    purpose="",
    detail='{"name":"一]\\"}',
    previous=GENESIS,
)


def message(**more: object) -> Message:
    values: dict[str, object] = {
        "facility": 20, "severity": 5, "at": AT, "hostname": "mymachine.example.com",
        "app_name": "evntslog", "message_id": "ID47", "text": "An application event log entry...",
        "data": {
            "exampleSDID@32473": {"iut": "3", "eventSource": "Application", "eventID": "1011"}
        },
        **more,
    }  # fmt: skip
    return Message(**values)  # type: ignore[arg-type]  # a table of fields


def test_the_example_of_the_standard_is_made() -> None:
    # RFC 5424, 6.5, example 3; we always write microseconds and no process.
    assert encode_message(message()) == (
        b"<165>1 2003-10-11T22:14:15.003000Z mymachine.example.com evntslog - ID47"
        b' [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]'
        b" \xef\xbb\xbfAn application event log entry..."
    )


def test_quotes_backslashes_and_brackets_are_escaped_and_nothing_else() -> None:
    made = encode_message(message(data={"a@1": {"v": 'say "]\\n"\n门'}})).decode()

    assert '[a@1 v="say \\"\\]\\\\n\\"\n门"]' in made


def test_words_of_the_header_have_no_spaces_and_an_end() -> None:
    made = encode_message(message(hostname="a b\n" + "c" * 300, app_name="", data={}, text=""))

    assert made.split(b" ")[2:7] == [b"a_b_" + b"c" * 251, b"-", b"-", b"ID47", b"-"]


@pytest.mark.parametrize(
    "wrong",
    [{"facility": 24}, {"severity": 8}, {"data": {"a b": {}}}, {"data": {"a": {'x"': "1"}}}],
    ids=["facility", "severity", "element", "parameter"],
)
def test_what_is_no_message_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"facility|name"):
        encode_message(message(**wrong))


def test_a_frame_counts_bytes_not_letters() -> None:
    assert encode_frame("门".encode()) == "3 门".encode()


def test_the_text_of_an_entry_is_what_its_hash_is_of() -> None:
    made = of_entry(ENTRY, facility=13, hostname="central", site="test")

    assert hashlib.sha256(made.text.encode()).hexdigest() == ENTRY.hash
    assert made.data["audit@32473"]["hash"] == ENTRY.hash
    assert made.data["meta"]["sequenceId"] == "1"
