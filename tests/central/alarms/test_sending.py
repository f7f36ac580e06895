"""Alarms get out: signed to a webhook and as mail, again after a failure, and never with a name."""

import base64
import hashlib
import hmac
import json
import queue
import time
from collections.abc import Iterator
from email.message import Message
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from fastapi import FastAPI, Request, Response

from central.alarms.outbox import PAUSE_MAX
from central.webhooks import FIRST_PAUSE, pause_after
from tests.central.alarms.raising import (
    DURESS,
    MAIL,
    PATH,
    WEBHOOK,
    let_time_pass,
    listed,
    send_what_is_due,
    tell,
)
from tests.central.audit.log import entries
from tests.central.bench import Bench
from tests.serving import free_port, serving

WAIT_S = 30


class Receiver:
    """A program that listens, and answers what it is told to."""

    def __init__(self, url: str = "") -> None:
        self.url, self.answers = url, [204]
        self.heard: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    def next(self) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body of the next message."""
        return self.heard.get(timeout=WAIT_S)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on loopback."""
    made, app = Receiver(), FastAPI()

    @app.post("/alarms")
    async def take(request: Request) -> Response:
        made.heard.put((dict(request.headers), await request.body()))
        return Response(status_code=made.answers.pop(0) if len(made.answers) > 1 else 204)

    with serving(app) as url:
        made.url = f"{url}/alarms"
        yield made


class Mailbox(MessageHandler):
    """Keeps the mails that a server took."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: queue.Queue[Message[str, str]] = queue.Queue()

    def handle_message(self, message: "Message[str, str]") -> None:
        """Take a mail."""
        self.mails.put(message)


def set_up(bench: Bench, receiver: Receiver) -> str:
    """Send alarms to a receiver at once; returns its secret."""
    settings = {**WEBHOOK["settings"], "url": receiver.url}
    reply = bench.administrator.put(f"{PATH}/channels/webhook", json={"settings": settings})
    return str(reply.json()["secret"])


def expected(secret: str, headers: dict[str, str], body: bytes) -> str:
    """Return the signature as a receiver makes it, by the published rule."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def channel(bench: Bench) -> dict[str, Any]:
    state: dict[str, Any] = bench.administrator.get(f"{PATH}/channels").json()["states"][0]
    return state


def try_again(bench: Bench) -> None:
    """Let the time pass after which central tries what has just failed."""
    deadline_s = time.monotonic() + WAIT_S
    while not channel(bench)["failure"]:
        assert time.monotonic() < deadline_s, "no failure was noted"
    bench.clock.advance(seconds=6)
    send_what_is_due(bench)


def test_an_alarm_is_posted_signed_and_names_nobody(bench: Bench, receiver: Receiver) -> None:
    secret = set_up(bench, receiver)

    tell(bench.node(), 1, DURESS)
    headers, body = receiver.next()

    told = json.loads(body)
    assert headers["webhook-signature"] == expected(secret, headers, body)
    assert headers["webhook-timestamp"] == str(int(bench.clock().timestamp()))
    assert (told["kind"], told["priority"]) == ("duress", 1)
    assert told["link"].endswith(f"#alarm-{listed(bench)[0]['id']}")
    assert b"anna" not in body


def test_what_was_not_taken_is_sent_again_with_the_same_identifier_and_a_fresh_signature(
    bench: Bench, receiver: Receiver
) -> None:
    secret, receiver.answers = set_up(bench, receiver), [500, 204, 204]
    tell(bench.node(), 1, DURESS)
    first, _ = receiver.next()

    try_again(bench)
    again, body = receiver.next()

    assert first["webhook-id"] == again["webhook-id"]
    assert first["webhook-signature"] != again["webhook-signature"]
    assert again["webhook-signature"] == expected(secret, again, body)


def test_a_redirect_is_not_followed(bench: Bench, receiver: Receiver) -> None:
    set_up(bench, receiver)
    receiver.answers = [307, 204]

    tell(bench.node(), 1, DURESS)
    receiver.next()

    try_again(bench)

    assert receiver.next()[0]["webhook-id"], "it came again, to the same address"


def test_a_channel_that_takes_nothing_is_an_alarm_of_its_own(bench: Bench) -> None:
    bench.administrator.put(f"{PATH}/channels/webhook", json=WEBHOOK)
    tell(bench.node(), 1, DURESS)

    kinds, tries = set[str](), 0
    while "channel" not in kinds and tries < 200:
        let_time_pass(bench, seconds=30)
        send_what_is_due(bench)
        kinds, tries = {each["kind"] for each in listed(bench)}, tries + 1

    assert "channel" in kinds
    assert channel(bench)["failure"] == "unreachable"
    assert channel(bench)["waiting"] >= 1


def test_tries_grow_rarer_and_end_after_a_day() -> None:
    pauses = [pause_after(attempts, most=PAUSE_MAX) for attempts in range(20)]

    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert set(pauses[9:]) == {PAUSE_MAX}


@pytest.fixture
def mailbox(bench: Bench) -> Iterator[Mailbox]:
    """A mail server that central knows."""
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings = {**MAIL["settings"], "port": port}
    bench.administrator.put(f"{PATH}/channels/mail", json={"settings": settings})
    yield box
    server.stop()


def test_an_alarm_is_mailed_with_a_link_and_without_a_name(bench: Bench, mailbox: Mailbox) -> None:
    tell(bench.node(), 1, DURESS)
    mail = mailbox.mails.get(timeout=WAIT_S)

    text = str(mail.get_payload())
    assert mail["Subject"] == "Alarm of priority 1: Duress (test)"
    assert (mail["From"], mail["To"]) == ("menshen@example.org", "guards@example.org")
    assert f"#alarm-{listed(bench)[0]['id']}" in text
    assert "anna" not in text
    assert not mail.is_multipart(), "no picture"


def tried(bench: Bench, name: str) -> dict[str, Any]:
    """Try a channel and return what became of it."""
    path = f"{PATH}/channels"
    delivery_id = bench.administrator.post(f"{path}/{name}/test").json()["delivery_id"]
    deadline_s = time.monotonic() + WAIT_S
    while True:
        state: dict[str, Any] = bench.administrator.get(f"{path}/tests/{delivery_id}").json()
        if state["is_taken"] is not None:
            return state
        assert time.monotonic() < deadline_s, "nothing became of it"


def test_a_channel_is_tried_before_it_is_switched_on_and_says_it_is_a_trial(
    bench: Bench, receiver: Receiver
) -> None:
    set_up(bench, receiver)
    settings = {**WEBHOOK["settings"], "url": receiver.url, "is_on": False}
    bench.administrator.put(f"{PATH}/channels/webhook", json={"settings": settings})

    answer = tried(bench, "webhook")

    told = json.loads(receiver.next()[1])
    assert (told["type"], told["is_test"], "#alarm" in told["link"]) == ("test", True, False)
    assert (answer["is_taken"], answer["failure"]) == (True, "")


def test_a_mail_that_tries_the_channel_speaks_of_no_alarm(bench: Bench, mailbox: Mailbox) -> None:
    assert tried(bench, "mail")["is_taken"] is True

    mail = mailbox.mails.get(timeout=WAIT_S)
    assert mail["Subject"] == "Trial: mail of alarms (test)"
    assert "There is no alarm" in str(mail.get_payload())


@pytest.mark.parametrize("status", [500, 404])
def test_a_trial_that_fails_says_why_once_and_raises_no_alarm(
    bench: Bench, receiver: Receiver, status: int
) -> None:
    set_up(bench, receiver)
    receiver.answers = [status, 204]

    answer = tried(bench, "webhook")
    let_time_pass(bench, seconds=600)
    send_what_is_due(bench)

    assert (answer["is_taken"], answer["failure"]) == (False, f"answered:{status}")
    assert (channel(bench)["waiting"], listed(bench)) == (0, [])


def test_a_server_that_is_not_there_is_said_in_one_word(bench: Bench) -> None:
    bench.administrator.put(f"{PATH}/channels/mail", json=MAIL)

    assert tried(bench, "mail")["failure"] == "unreachable"


def test_what_is_no_trial_is_not_found_among_them(bench: Bench) -> None:
    reply = bench.administrator.get(f"{PATH}/channels/tests/{uuid4()}")

    assert (reply.status_code, reply.json()["code"]) == (404, "test_not_found")


def test_a_secret_is_shown_once_and_lies_encrypted(bench: Bench, receiver: Receiver) -> None:
    secret = set_up(bench, receiver)
    again = set_up(bench, receiver)

    kept = bench.row("SELECT body, secret FROM alarm_settings WHERE name = 'webhook'")
    assert (secret.startswith("whsec_"), again) == (True, "None"), "it stays, and is not shown"
    assert secret not in str(kept)
    assert secret not in bench.administrator.get(f"{PATH}/channels").text
    assert secret not in json.dumps(entries(bench))


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://example.org/", "https://user:pw@x/", "https:///x"]
)
def test_a_webhook_speaks_https_or_stays_on_the_machine(bench: Bench, url: str) -> None:
    wish = {"settings": {**WEBHOOK["settings"], "url": url}}

    assert bench.administrator.put(f"{PATH}/channels/webhook", json=wish).status_code == 422


def test_a_mail_server_elsewhere_is_spoken_to_in_cipher(bench: Bench) -> None:
    wish = {"settings": {**MAIL["settings"], "host": "mail.example.org"}}

    assert bench.administrator.put(f"{PATH}/channels/mail", json=wish).status_code == 422
