"""Who asks: nobody, an operator of each role, a program, a node, a diner, an outside system."""

import dataclasses
from typing import Any, Final
from uuid import uuid4

import requests

from central.database import Transaction
from central.diner import links
from central.nodes import repository
from central.security import COOKIE
from config.contract.trust import public_text
from tests.central.audit.log import in_transaction
from tests.central.bench import Bench, Node, Planted
from tests.central.users.acting import make_token

NOBODY: Final = "nobody"
NODE: Final = "node"
TOKEN: Final = "token"
DINER: Final = "diner"
OUTSIDE: Final = "outside"
TIMEOUT_S: Final = 60.0
SIZE_BYTES_MAX: Final = 4_000_000


@dataclasses.dataclass(slots=True)
class Answer:
    """What central said. Attributes: is_stream: it would go on, and was left after its head."""

    response: requests.Response
    content: bytes
    is_stream: bool

    @property
    def status(self) -> int:
        """HTTP's."""
        return self.response.status_code

    @property
    def media_type(self) -> str:
        """Without parameters."""
        return self.response.headers.get("Content-Type", "").partition(";")[0]


class Askers:
    """Everybody, who signs in again after what they did to themselves or to others."""

    def __init__(self, bench: Bench) -> None:
        """Ask this central."""
        self._bench = bench
        self._sessions = dict[str, requests.Session]()
        self._node: Node | None = None

    def ask(self, who: str, sent: dict[str, Any], *, may: bool) -> Answer:
        """Ask; whose session or key a case before has ended comes anew and asks again.

        Args:
            who: One of ``asking.EVERYBODY``.
            sent: As ``requests.Request`` takes it.
            may: Whether they may do this, so that a 401 means that they are not known any more.
        """
        answer = self._once(who, sent)
        if answer.status == 401 and may and who != NOBODY:
            self._forget(who)
            answer = self._once(who, sent)
        return answer

    def _once(self, who: str, sent: dict[str, Any]) -> Answer:
        session = self._session(who)
        request = session.prepare_request(requests.Request(**sent))
        if who == NODE and self._node is not None:
            body = request.body or b""
            # What is sent as a form or as JSON is in memory: text or bytes.
            content = body.encode() if isinstance(body, str) else body
            assert isinstance(content, bytes)
            method, target = str(request.method), request.path_url
            request.headers.update(self._node.headers(method, target, content))
        with session.send(request, stream=True, timeout=TIMEOUT_S, allow_redirects=False) as reply:
            kind = reply.headers.get("Content-Type", "")
            is_stream = kind.startswith(("text/event-stream", "multipart/x-mixed-replace"))
            content = b"" if is_stream else reply.raw.read(SIZE_BYTES_MAX, decode_content=True)
        return Answer(reply, content, is_stream)

    def _session(self, who: str) -> requests.Session:
        if who not in self._sessions:
            self._sessions[who] = self._new(who)
        return self._sessions[who]

    def _new(self, who: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        if who == NOBODY:
            return session
        if who == NODE:
            self._node = _joined(self._bench)
            return session
        if who == DINER:
            session.headers["Origin"] = self._bench.url
            session.cookies.set(links.COOKIE, self._link_opened())
            return session
        if who == OUTSIDE:
            wish = {"source_id": f"lifts-{uuid4().hex[:8]}", "name": "Lifts", "vendor": "acme"}
            made = self._done("administrator", "integrations/sources", wish)
            session.headers["Authorization"] = f"Bearer {made['token']}"
            return session
        if who == TOKEN:
            owner = self._bench.planted("technician")
            made = make_token(owner.client, "events.read").json()
            session.headers["Authorization"] = f"Bearer {made['token']}"
            owner.client.close()
            return session
        planted: Planted = self._bench.planted(who)
        session.headers["Origin"] = self._bench.url
        session.cookies.set(COOKIE, planted.client.cookies[COOKIE])
        planted.client.close()
        return session

    def _link_opened(self) -> str:
        """Return what the telephone of somebody who eats here has; rates are limited for links."""
        person = self._done("personnel", "people", {"name": "李芳"})["holder_id"]

        async def opened(transaction: Transaction) -> str:
            now = self._bench.clock()
            _, secret, _ = await links.make(transaction, person, made_by="test", now=now)
            return (await links.open_link(transaction, secret, now=now))[0]

        return in_transaction(self._bench, opened)

    def _done(self, role: str, path: str, wish: dict[str, str]) -> dict[str, Any]:
        """Let a new operator do something: the others' sessions may be over by now."""
        client = self._bench.planted(role).client
        done: dict[str, Any] = client.post(f"/api/v1/{path}", json=wish).json()
        client.close()
        return done

    def _forget(self, who: str) -> None:
        self._sessions.pop(who).close()

    def close(self) -> None:
        """Let every connection go."""
        for session in self._sessions.values():
            session.close()


def _joined(bench: Bench) -> Node:
    """Return a node whose keys central holds, without the tokens that rates are limited for."""
    node = Node(bench.client(), "gate-1", bench.clock)
    keys = [public_text(key.public_key()) for key in (node.signing_key, node.sealing_key)]
    in_transaction(
        bench,
        lambda t: repository.put_keys(
            t, node.name, signing_key=keys[0], sealing_key=keys[1], now=bench.clock()
        ),
    )
    return node
