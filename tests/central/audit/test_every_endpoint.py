"""Every endpoint that changes something is recorded: a new one must be done here, too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from central.approvals.permits import permit
from central.audit.notes import action_of
from central.description import PREFIX
from central.security import Operator
from config.contract.identifiers import new_id
from config.contract.nodes import ReleaseWish
from config.contract.trust import public_text
from config.web import STATIC
from tests.central.access.models import STAFF, put
from tests.central.alarms.raising import MAIL, WEBHOOK, raised
from tests.central.alarms.raising import PATH as ALARMS
from tests.central.assistance.ringing import ring
from tests.central.audit.log import actions, in_transaction
from tests.central.bench import PASSWORD, SITE, Bench, Node, accept, running_central
from tests.central.canteen.acting import block, debt_of, decide_exception, put_canteen_plan
from tests.central.commands.areas import free
from tests.central.connectors.acting import (
    put_doors,
    put_mqtt,
    put_syslog,
    remove,
    try_mqtt,
    try_syslog,
)
from tests.central.diner.acting import (
    came,
    cancel_meal,
    decide_dispute,
    dispute,
    link_for,
    of_debt,
    rate_meal,
    register_meal,
    top_up_by_phone,
)
from tests.central.duty.desks import locked, opened, taken_by_card
from tests.central.fire.telling import ask_duty, begin_drill, begin_test
from tests.central.firmware.acting import BOARDED, make_one, remove_image, upload
from tests.central.integrations.acting import (
    WEBHOOK_WISH,
    add_source,
    add_webhook,
    source_of,
    webhook_of,
)
from tests.central.nodes.changing import Changing
from tests.central.office.acting import (
    confirmed_month,
    drawer_of,
    explained_drawer,
    refunded,
    signed_cash_day,
    signed_day,
    taken_back,
    topped_up,
)
from tests.central.orders.acting import cancel_for_diner, cancel_own_order, place_order
from tests.central.patrol.acting import put_duty, put_patrol_plan
from tests.central.payments.acting import (
    answer_bill,
    answer_question,
    ask_again,
    begin_top_up,
    match_bill,
    send_top_up_back,
)
from tests.central.people.enrolling import consent, enrol
from tests.central.people.importing import apply, preview, send
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.central.plans.drawings import draw, placed, removed, restored
from tests.central.test_security import routes
from tests.central.users.acting import (
    confirm,
    give,
    make_token,
    planted_with_factor,
    put_own,
    revoked,
    with_code,
    without_factor,
)
from tests.central.video.keeping import kept_picture
from tests.central.visits.test_endpoints import invite, wish

UNRECORDED = {
    "POST /api/v1/sessions/provider": "it begins what is recorded when the browser comes back",
    "POST /api/v1/sessions/provider/backchannel": "a provider's signed word: what it ends is said",
    "POST /api/v1/events": "a node's signed facts, which are a record of their own",
    "POST /api/v1/diners/terminal-links": "a node's signed wish, recorded as the link of that node",
    "POST /api/v1/payments/notices": "a payment provider's signed word, which is kept",
    "POST /api/v1/nodes/current/certificate": "it needs TLS: see tests/central/certificates",
    "PUT /api/v1/nodes/current/status": "a node's heartbeat every few seconds",
    "POST /api/v1/integrations/events": "an outside system's facts, a record of their own",
    "POST /api/v1/access-model/check": "it says what would change, and changes nothing",
    "POST /api/v1/people/by-number/{number}/check": "it says what would change",
    "POST /api/v1/firmware/rollouts/preview": "it says who would be updated, and updates nobody",
    "POST /api/v1/patrol/preview": "it says which rounds would be made, and makes none",
    "POST /api/v1/canteen/office/money/check": "it says what would be moved, and moves nothing",
    "POST /api/v1/canteen/office/corrections/check": "the same of a correction",
    "POST /api/v1/canteen/office/refunds/check": "the same of a refund",
    "POST /api/v1/canteen/plan/preview": "it says what would change, and changes nothing",
    "POST /api/v1/canteen/reservations": "a till's signed wish: the ledger records what it keeps",
    "POST /api/v1/nodes/current/faces": "a node's signed statement: what it proves is recorded",
    "PUT /api/v1/clips/{sha256}": "a node's signed picture, which belongs to an event",
    "PUT /api/v1/cameras/streams/{stream_id}": "a node's picture of a view that is recorded",
    "PUT /api/v1/blobs/{sha256}": "a node's signed picture, which belongs to an event",
}
"""Endpoints that write no entry, and why."""
API = "/api/v1"


def card_of(bench: Bench) -> str:
    path = f"{API}/people/{bench.person()}/cards"
    card = bench.administrator.post(path, json={"number": uuid4().hex}).json()
    return f"{path}/{card['card_id']}"


def code_of(bench: Bench) -> str:
    path = f"{API}/people/{bench.person()}/codes"
    return f"{path}/{bench.administrator.post(path, json={}).json()['code_id']}"


def pair_of(bench: Bench) -> str:
    one, other = bench.person("A"), bench.person("B")
    wish = {"one": one, "other": other}
    assert bench.administrator.post(f"{API}/recognition/pairs", json=wish).status_code == 204
    return f"{API}/recognition/pairs/{one}/{other}"


def review_of(bench: Bench) -> str:
    """Return the path of a look-alike that somebody else asked about."""
    personnel = bench.operator("personnel")
    enrol(personnel, bench.person("A"), photograph(1))
    reply = enrol(personnel, bench.person("B"), photograph(1, marker=1))
    assert reply.status_code == 202, reply.text
    return f"{API}/face-reviews/{reply.json()['review_id']}"


def face_of(bench: Bench) -> str:
    holder_id = bench.person()
    assert enrol(bench.administrator, holder_id, photograph(1)).status_code == 201
    return f"{API}/people/{holder_id}/face"


def consent_of(bench: Bench) -> str:
    holder_id = bench.person()
    reply = consent(bench.administrator, holder_id)
    return f"{API}/people/{holder_id}/consents/{reply.json()['consent_id']}"


def new_text() -> dict[str, str]:
    return {"purpose": "gate", "zh_cn": "告知" * 60, "en": "A notice. " * 20}


def level_of(bench: Bench) -> str:
    assert put(bench.administrator, STAFF).status_code == 200
    return f"{API}/lockdowns/shut"


def active_level_of(bench: Bench) -> str:
    path = level_of(bench)
    assert bench.administrator.put(path, json={"reason": "drill"}).status_code == 200
    return path


def pin_of(bench: Bench) -> str:
    path = f"{API}/people/{bench.person()}/pin"
    assert bench.administrator.put(path, json={"pin": "2580"}).status_code == 204
    return path


def user_of(bench: Bench) -> str:
    bench.operator("guard")
    users = bench.administrator.get(f"{API}/users").json()["items"]
    return str(next(user["user_id"] for user in users if user["role"] == "guard"))


def link_of(bench: Bench) -> str:
    """Return the path of an invitation that nobody has used."""
    bench.invite("guard")
    (link,) = bench.administrator.get(f"{API}/users").json()["links"]
    return f"{API}/users/links/{link['link_id']}"


def node_of(bench: Bench) -> str:
    return bench.node().name


def reset_by_link(bench: Bench) -> httpx.Response:
    """Choose a new password by the link that an administrator makes."""
    path = f"{API}/users/{bench.planted('guard').user_id}/reset"
    secret = bench.administrator.post(path).json()["link"].partition("#reset.")[2]
    wish = {"secret": secret, "password": PASSWORD}
    return bench.client().post(f"{API}/resets/accept", json=wish)


def asked_for_release(node: Node) -> httpx.Response:
    body = ReleaseWish(key=public_text(X25519PrivateKey.generate().public_key()))
    target = f"{API}/nodes/current/release"
    return node.request("POST", target, body.model_dump_json().encode())


def question_of(bench: Bench) -> str:
    """Return the path of a question that somebody else asked."""
    asker, policy = bench.planted("administrator"), SITE.policy
    careful = policy.model_copy(update={"four_eyes": ("key_rotation",)})
    operator = Operator(
        user_id=asker.user_id, username=asker.username, role="administrator", session=""
    )
    refusal = in_transaction(
        bench,
        lambda t: permit(
            t, careful, deed="key_rotation", subject={}, operator=operator, now=bench.clock()
        ),
    )
    assert refusal is not None
    return f"{API}/approvals/{refusal.more['approval_id']}"


def act_of(bench: Bench) -> str:
    """Return the path of what a guard did alone."""
    path, guard = level_of(bench), bench.planted("guard").client
    guard.put(path, json={"reason": "drill"})
    assert guard.delete(path).status_code == 204
    (act,) = bench.administrator.get(f"{API}/countersignatures").json()["items"]
    return f"{API}/countersignatures/{act['act_id']}"


def roll_call_of(bench: Bench) -> str:
    reply = bench.administrator.post(f"{API}/roll-calls", json={"reason": "drill"})
    return f"{API}/roll-calls/{reply.json()['roll_call_id']}"


def found_in(bench: Bench) -> str:
    """Return the path of the mark of somebody found in a roll-call."""
    path = roll_call_of(bench)
    assert bench.administrator.post(f"{path}/people", json={"name": "A"}).status_code == 201
    return f"{path}/people/1/safe"


def call_of(bench: Bench) -> str:
    """Return the path of a call for assistance."""
    ring(bench.node())
    (call,) = bench.administrator.get(f"{API}/assistance").json()["items"]
    return f"{API}/assistance/{call['call_id']}"


def tried_channel(bench: Bench) -> httpx.Response:
    bench.administrator.put(f"{ALARMS}/channels/webhook", json=WEBHOOK)
    return bench.administrator.post(f"{ALARMS}/channels/webhook/test")


def handover_of(bench: Bench) -> str:
    """Return a handover that nobody has taken."""
    reply = bench.administrator.post("/api/v1/handovers", json={"text": "Calm"})
    return str(reply.json()["id"])


def drill_of(bench: Bench) -> str:
    """Return the path of a zone that is being drilled."""
    assert begin_drill(bench).status_code == 201
    return f"{API}/fire/zones/building/drill"


def put_provider(bench: Bench) -> httpx.Response:
    """Set an identity provider up, of which nobody asks anything."""
    wish = {"issuer": "https://id.example", "client_id": "menshen"}
    return bench.administrator.put(f"{API}/identity-provider", json=wish)


DEEDS: dict[str, Callable[[Bench], httpx.Response]] = {
    "POST /sessions": lambda b: b.administrator.post(
        f"{API}/sessions", json={"username": "admin", "password": PASSWORD}
    ),
    "PUT /canteen/plan": put_canteen_plan,
    "POST /canteen/exceptions/{exception_id}/decision": decide_exception,
    "POST /canteen/debts/{charge_id}/notified": lambda b: debt_of(b, "notified"),
    "POST /canteen/debts/{charge_id}/dispute": lambda b: debt_of(b, "dispute", words="没有吃过"),
    "POST /canteen/debts/{charge_id}/decision": lambda b: debt_of(
        b, "decision", decision="waived", note="终端故障"
    ),
    "PUT /canteen/blocks/{holder_id}": block,
    "DELETE /canteen/blocks/{holder_id}": lambda b: block(b, and_again=True),
    "PUT /connectors/mqtt": put_mqtt,
    "PUT /connectors/mqtt/doors": put_doors,
    "PUT /connectors/syslog": put_syslog,
    "POST /connectors/mqtt/try": try_mqtt,
    "POST /connectors/syslog/try": try_syslog,
    "DELETE /connectors/{name}": remove,
    "PUT /patrol/routes": put_patrol_plan,
    "POST /payments/top-ups": begin_top_up,
    "POST /payments/top-ups/{top_up_id}/refund": send_top_up_back,
    "POST /payments/top-ups/{top_up_id}/ask": ask_again,
    "POST /payments/bills/{day}": match_bill,
    "POST /payments/top-ups/{top_up_id}/answer": answer_question,
    "POST /payments/bills/{day}/answer": answer_bill,
    "POST /diners/links": lambda b: link_for(b, b.person()),
    "POST /diners/disputes/{charge_id}/decide": decide_dispute,
    "POST /diner/session": lambda b: came(b, b.person())[1],
    "DELETE /diner/session": lambda b: came(b, b.person())[0].delete(f"{API}/diner/session"),
    "POST /diner/charges/{charge_id}/dispute": lambda b: dispute(b)[1],
    "POST /diner/debts/told": lambda b: of_debt(b, disputed=False),
    "POST /diner/debts/{charge_id}/dispute": lambda b: of_debt(b, disputed=True),
    "PUT /diner/charges/{charge_id}/rating": rate_meal,
    "POST /diner/top-ups": top_up_by_phone,
    "PUT /diner/meals/{merchant}/{period}": register_meal,
    "DELETE /diner/meals/{merchant}/{period}": cancel_meal,
    "POST /diner/orders": place_order,
    "DELETE /diner/orders/{charge_id}": cancel_own_order,
    "POST /canteen/orders/{charge_id}/cancel": cancel_for_diner,
    "PUT /patrol/duties/{day}/{shift}": put_duty,
    "DELETE /sessions/current": lambda b: b.operator("guard").delete(f"{API}/sessions/current"),
    "POST /invitations/accept": lambda b: accept(b.client(), b.invite("guard"), "new"),
    "POST /approvals/{approval_id}/approve": lambda b: b.administrator.post(
        f"{question_of(b)}/approve"
    ),
    "POST /approvals/{approval_id}/refuse": lambda b: b.administrator.post(
        f"{question_of(b)}/refuse"
    ),
    "POST /countersignatures/{act_id}/sign": lambda b: b.administrator.post(
        f"{act_of(b)}/sign", json={"reason": "a drill"}
    ),
    "POST /users/invitations": lambda b: b.administrator.post(
        f"{API}/users/invitations", json={"role": "guard"}
    ),
    "DELETE /users/links/{link_id}": lambda b: b.administrator.delete(link_of(b)),
    "POST /sessions/second-factor": lambda b: with_code(b, planted_with_factor(b)),
    "POST /sessions/provider/end": lambda b: b.planted("guard").client.post(
        f"{API}/sessions/provider/end"
    ),
    "PUT /identity-provider": lambda b: put_provider(b),
    "DELETE /identity-provider": lambda b: (
        put_provider(b) and b.administrator.delete(f"{API}/identity-provider")
    ),
    "POST /users/provider-accounts": lambda b: (
        put_provider(b)
        and b.administrator.post(
            f"{API}/users/provider-accounts",
            json={"username": "li", "role": "guard", "email": "li@example.com"},
        )
    ),
    "DELETE /sessions": lambda b: b.administrator.delete(f"{API}/sessions"),
    "POST /resets/accept": reset_by_link,
    "PATCH /users/{user_id}": lambda b: b.administrator.patch(
        f"{API}/users/{b.planted('guard').user_id}", json={"role": "cashier"}
    ),
    "POST /users/{user_id}/reset": lambda b: b.administrator.post(
        f"{API}/users/{b.planted('guard').user_id}/reset"
    ),
    "DELETE /users/{user_id}/second-factor": lambda b: b.administrator.delete(
        f"{API}/users/{b.planted('guard').user_id}/second-factor"
    ),
    "DELETE /users/{user_id}/sessions": lambda b: b.administrator.delete(
        f"{API}/users/{b.planted('guard').user_id}/sessions"
    ),
    "DELETE /users/{user_id}/tokens/{token_id}": lambda b: revoked(b, own=False),
    "PUT /account/password": lambda b: b.planted("guard").client.put(
        f"{API}/account/password", json={"old_password": PASSWORD, "new_password": PASSWORD[::-1]}
    ),
    "POST /account/second-factor": lambda b: b.planted("guard").client.post(
        f"{API}/account/second-factor", json={"password": PASSWORD}
    ),
    "POST /account/second-factor/confirm": lambda b: confirm(b, b.planted("guard")),
    "POST /account/second-factor/remove": lambda b: without_factor(b, planted_with_factor(b)),
    "DELETE /account/sessions": lambda b: b.planted("guard").client.delete(
        f"{API}/account/sessions"
    ),
    "PUT /account/terminal-card": lambda b: put_own(b, b.planted("guard")),
    "DELETE /account/terminal-card": lambda b: b.planted("guard").client.delete(
        f"{API}/account/terminal-card"
    ),
    "PUT /users/{user_id}/terminal-card": lambda b: give(b, b.planted("guard")),
    "DELETE /users/{user_id}/terminal-card": lambda b: b.administrator.delete(
        f"{API}/users/{b.planted('guard').user_id}/terminal-card"
    ),
    "POST /account/tokens": lambda b: make_token(b.planted("guard").client, "site.read"),
    "DELETE /account/tokens/{token_id}": lambda b: revoked(b, own=True),
    "DELETE /users/{user_id}": lambda b: b.administrator.delete(f"{API}/users/{user_of(b)}"),
    "POST /people": lambda b: b.administrator.post(f"{API}/people", json={"name": "A"}),
    "PATCH /people/{holder_id}": lambda b: b.administrator.patch(
        f"{API}/people/{b.person()}", json={"name": "B"}
    ),
    "DELETE /people/{holder_id}": lambda b: b.administrator.delete(f"{API}/people/{b.person()}"),
    "PUT /people/by-number/{number}": lambda b: b.administrator.put(
        f"{API}/people/by-number/1", json={"name": "A"}
    ),
    "POST /people/imports": lambda b: send(b.administrator, "工号,姓名", "1,A"),
    "POST /people/imports/{import_id}/apply": lambda b: apply(b, preview(b, "工号,姓名", "1,A")),
    "POST /people/{holder_id}/cards": lambda b: b.administrator.post(
        f"{API}/people/{b.person()}/cards", json={"number": "7"}
    ),
    "DELETE /people/{holder_id}/cards/{card_id}": lambda b: b.administrator.delete(card_of(b)),
    "POST /consent-texts": lambda b: b.administrator.post(f"{API}/consent-texts", json=new_text()),
    "POST /people/{holder_id}/consents": lambda b: consent(b.administrator, b.person()),
    "POST /people/{holder_id}/consents/{consent_id}/withdraw": lambda b: b.administrator.post(
        f"{consent_of(b)}/withdraw"
    ),
    "POST /people/{holder_id}/face": lambda b: enrol(b.administrator, b.person(), photograph(1)),
    "DELETE /people/{holder_id}/face": lambda b: b.administrator.delete(face_of(b)),
    "POST /face-reviews/{review_id}/confirm": lambda b: b.administrator.post(
        f"{review_of(b)}/confirm"
    ),
    "POST /face-reviews/{review_id}/reject": lambda b: b.administrator.post(
        f"{review_of(b)}/reject"
    ),
    "POST /face-migration": lambda b: b.administrator.post(f"{API}/face-migration"),
    "POST /recognition/self-test": lambda b: b.administrator.post(f"{API}/recognition/self-test"),
    "POST /recognition/pairs": lambda b: b.administrator.post(
        f"{API}/recognition/pairs", json={"one": b.person("A"), "other": b.person("B")}
    ),
    "PUT /recognition/pairs/{one}/{other}": lambda b: b.administrator.put(
        pair_of(b), json={"verdict": "not_confusable"}
    ),
    "DELETE /recognition/pairs/{one}/{other}": lambda b: b.administrator.delete(pair_of(b)),
    "PUT /access-model": lambda b: put(b.administrator, STAFF),
    "PUT /lockdowns/{level}": lambda b: b.administrator.put(level_of(b), json={"reason": "drill"}),
    "DELETE /lockdowns/{level}": lambda b: b.administrator.delete(active_level_of(b)),
    "POST /forgiven": lambda b: b.administrator.post(
        f"{API}/forgiven", json={"holder_id": b.person()}
    ),
    "POST /roll-calls": lambda b: b.administrator.post(
        f"{API}/roll-calls", json={"reason": "drill"}
    ),
    "POST /roll-calls/{roll_call_id}/people": lambda b: b.administrator.post(
        f"{roll_call_of(b)}/people", json={"name": "A"}
    ),
    "PUT /roll-calls/{roll_call_id}/people/{number}/safe": lambda b: b.administrator.put(
        found_in(b)
    ),
    "DELETE /roll-calls/{roll_call_id}/people/{number}/safe": lambda b: b.administrator.delete(
        found_in(b)
    ),
    "POST /roll-calls/{roll_call_id}/end": lambda b: b.administrator.post(f"{roll_call_of(b)}/end"),
    "POST /visits": lambda b: b.administrator.post(
        f"{API}/visits", json=wish(b, host_id=b.person())
    ),
    "DELETE /visits/{visit_id}": lambda b: b.administrator.delete(
        f"{API}/visits/{invite(b)['visit_id']}"
    ),
    "PUT /people/{holder_id}/pin": lambda b: b.administrator.put(
        f"{API}/people/{b.person()}/pin", json={"pin": "2580"}
    ),
    "DELETE /people/{holder_id}/pin": lambda b: b.administrator.delete(pin_of(b)),
    "POST /keys/rotation": lambda b: b.administrator.post(f"{API}/keys/rotation"),
    "POST /nodes/tokens": lambda b: b.administrator.post(
        f"{API}/nodes/tokens", json={"node": "gate-1"}
    ),
    "POST /nodes/enrol": lambda b: Node(b.client(), "gate-1", b.clock).enrol(b.token()),
    "POST /nodes/{node}/keys": lambda b: b.administrator.post(f"{API}/nodes/{b.node().name}/keys"),
    "POST /nodes/current/keys": lambda b: Changing(b.node()).send(),
    "POST /people/{holder_id}/codes": lambda b: b.administrator.post(
        f"{API}/people/{b.person()}/codes", json={}
    ),
    "DELETE /people/{holder_id}/codes/{code_id}": lambda b: b.administrator.delete(code_of(b)),
    "POST /nodes/{node}/commands": lambda b: b.administrator.post(
        f"{API}/nodes/gate-1/commands",
        json={"what": {"kind": "open_once", "access_point": "lane"}, "reason": "a delivery"},
    ),
    "POST /cameras/{camera}/watch": lambda b: b.administrator.post(f"{API}/cameras/camera-1/watch"),
    "POST /cameras/{camera}/playback": lambda b: b.administrator.post(
        f"{API}/cameras/camera-1/playback", json={"recorded_at": b.clock().isoformat()}
    ),
    "POST /cameras/{camera}/keep": lambda b: b.administrator.post(
        f"{API}/cameras/camera-1/keep", json={}
    ),
    "POST /cameras/{camera}/preset": lambda b: b.administrator.post(
        f"{API}/cameras/camera-1/preset", json={"preset": 3}
    ),
    "POST /clips/{sha256}/hold": lambda b: b.administrator.post(
        f"{API}/clips/{kept_picture(b.node())}/hold", json={"days": 30, "reason": "case 7"}
    ),
    "POST /alarms/acknowledge": lambda b: b.administrator.post(
        f"{ALARMS}/acknowledge", json={"ids": [raised(b).rpartition("/")[2]]}
    ),
    "POST /alarms/{alarm_id}/acknowledge": lambda b: b.administrator.post(
        f"{raised(b)}/acknowledge"
    ),
    "POST /alarms/{alarm_id}/shelve": lambda b: b.administrator.post(
        f"{raised(b)}/shelve", json={"minutes": 5, "reason": "It is being repaired"}
    ),
    "POST /alarms/{alarm_id}/unshelve": lambda b: b.administrator.post(f"{raised(b)}/unshelve"),
    "POST /alarms/{alarm_id}/out-of-service": lambda b: b.administrator.post(
        f"{raised(b)}/out-of-service", json={"reason": "It is being repaired"}
    ),
    "POST /alarms/{alarm_id}/return-to-service": lambda b: b.administrator.post(
        f"{raised(b)}/return-to-service"
    ),
    "POST /alarms/{alarm_id}/note": lambda b: b.administrator.post(
        f"{raised(b)}/note", json={"note": "Seen"}
    ),
    "PUT /alarms/procedures": lambda b: b.administrator.put(
        f"{ALARMS}/procedures", json={"key": "fire", "text": {}}
    ),
    "PUT /alarms/pace": lambda b: b.administrator.put(f"{ALARMS}/pace", json={}),
    "PUT /alarms/channels/webhook": lambda b: b.administrator.put(
        f"{ALARMS}/channels/webhook", json=WEBHOOK
    ),
    "PUT /alarms/channels/mail": lambda b: b.administrator.put(
        f"{ALARMS}/channels/mail", json=MAIL
    ),
    "POST /alarms/channels/{channel}/test": lambda b: tried_channel(b),
    "POST /handovers": lambda b: b.administrator.post("/api/v1/handovers", json={"text": "Calm"}),
    "POST /handovers/{handover_id}/take": lambda b: b.planted("guard").client.post(
        f"/api/v1/handovers/{handover_of(b)}/take", json={}
    ),
    "POST /assistance/{call_id}/take": lambda b: b.administrator.post(f"{call_of(b)}/take"),
    "POST /assistance/{call_id}/close": lambda b: b.administrator.post(f"{call_of(b)}/close"),
    "PUT /plans/{plan_id}": lambda b: draw(b.administrator),
    "PUT /plans/{plan_id}/places": lambda b: placed(b.administrator),
    "POST /plans/{plan_id}/restore": lambda b: restored(b.administrator),
    "DELETE /plans/{plan_id}": lambda b: removed(b.administrator),
    "POST /fire/zones/{zone}/drill": lambda b: begin_drill(b),
    "DELETE /fire/zones/{zone}/drill": lambda b: b.administrator.delete(drill_of(b)),
    "POST /fire/zones/{zone}/test": lambda b: begin_test(b),
    "DELETE /fire/tests/{test_id}": lambda b: b.administrator.delete(
        f"{API}/fire/tests/{begin_test(b).json()['test_id']}"
    ),
    "POST /devices/{device}/outputs/{output}/close-release": lambda b: b.administrator.post(
        f"{API}/devices/gate/outputs/0/close-release", json={"reason": "the fire is out"}
    ),
    "POST /access-points/{access_point}/close-release": lambda b: b.administrator.post(
        f"{API}/access-points/lane/close-release", json={"reason": "the fire is out"}
    ),
    "POST /fire/duty-checks": lambda b: ask_duty(b),
    "POST /fire/duty-checks/{check_id}/answer": lambda b: b.administrator.post(
        f"{API}/fire/duty-checks/{ask_duty(b).json()['check_id']}/answer"
    ),
    "PUT /fire/duty-plan": lambda b: b.administrator.put(
        f"{API}/fire/duty-plan", json={"is_on": True}
    ),
    "POST /fire/matrix/results": lambda b: b.administrator.post(
        f"{API}/fire/matrix/results",
        json={"zone": "building", "output": "lane", "way": "wired", "is_passed": True},
    ),
    "POST /desk": lambda b: b.planted("guard").client.post(f"{API}/desk"),
    "POST /shift-log/notes": lambda b: b.administrator.post(
        f"{API}/shift-log/notes", json={"text": "Calm"}
    ),
    "POST /desk/lock": lambda b: opened(b).post(f"{API}/desk/lock"),
    "POST /sessions/card": lambda b: taken_by_card(b, locked(b)),
    "POST /areas/{area}/commands": lambda b: free(b),
    "POST /firmware/images": lambda b: upload(b.administrator),
    "DELETE /firmware/images/{image}": lambda b: remove_image(b),
    "POST /firmware/rollouts": lambda b: make_one(b),
    "POST /firmware/rollouts/{rollout_id}/start": lambda b: make_one(b, "start"),
    "POST /firmware/rollouts/{rollout_id}/pause": lambda b: make_one(b, "pause"),
    "POST /firmware/rollouts/{rollout_id}/cancel": lambda b: make_one(b, "cancel"),
    "POST /nodes/current/release": lambda b: asked_for_release(b.node()),
    "DELETE /nodes/{node}": lambda b: b.administrator.delete(f"{API}/nodes/{node_of(b)}"),
    "POST /integrations/webhooks": lambda b: add_webhook(b),
    "PUT /integrations/webhooks/{webhook_id}": lambda b: b.administrator.put(
        webhook_of(b), json=WEBHOOK_WISH
    ),
    "DELETE /integrations/webhooks/{webhook_id}": lambda b: b.administrator.delete(webhook_of(b)),
    "POST /integrations/webhooks/{webhook_id}/secret": lambda b: b.administrator.post(
        f"{webhook_of(b)}/secret"
    ),
    "POST /integrations/webhooks/{webhook_id}/test": lambda b: b.administrator.post(
        f"{webhook_of(b)}/test"
    ),
    "POST /integrations/sources": lambda b: add_source(b),
    "POST /integrations/sources/{source_id}/token": lambda b: b.administrator.post(
        f"{source_of(b)}/token"
    ),
    "DELETE /integrations/sources/{source_id}": lambda b: b.administrator.delete(source_of(b)),
    "POST /canteen/office/money": lambda b: topped_up(b, b.person(), 5000),
    "POST /canteen/office/corrections": lambda b: taken_back(b),
    "POST /canteen/office/refunds": lambda b: refunded(b),
    "POST /canteen/office/days": lambda b: signed_day(b),
    "POST /canteen/office/drawers": lambda b: drawer_of(b),
    "POST /canteen/office/drawers/{drawer_id}/changes": lambda b: drawer_of(
        b, "changes", key=str(new_id()), way="put_in", amount_fen=500, reason="零钱"
    ),
    "POST /canteen/office/drawers/{drawer_id}/count": lambda b: drawer_of(
        b, "count", notes={"1000": 1}
    ),
    "POST /canteen/office/drawers/{drawer_id}/explanation": lambda b: explained_drawer(b),
    "POST /canteen/office/cash": lambda b: signed_cash_day(b),
    "POST /canteen/office/units/{unit_id}/statements/{month}/confirmations": lambda b: (
        confirmed_month(b)
    ),
}
"""Each changing endpoint, done for once as it is meant."""
RECORDED_AS = {
    "POST /sessions/second-factor": "sessions_post",
    "POST /sessions/card": "desk_taken_over",
    "POST /alarms/acknowledge": "alarms_acknowledge_post",
}
"""Whose entry has the word of another operation, of which it is the end, or the same for many."""


@pytest.fixture
def seeing(tmp_path: Path) -> Iterator[Bench]:
    """Central that recognises faces, of a site with controller boards."""
    home = tmp_path / "home"
    with running_central(home, pipeline_factory=SeenFaces, site=BOARDED) as running:
        yield running


def changing() -> set[str]:
    safe = ("GET ", "HEAD ", "OPTIONS ")
    return {name for name in routes() if not name.startswith(safe)}


def test_every_changing_endpoint_is_done_here_or_excused() -> None:
    done = {name.replace(" ", f" {PREFIX}", 1) for name in DEEDS}

    assert done | UNRECORDED.keys() == changing()
    assert done & UNRECORDED.keys() == set()


@pytest.mark.parametrize("name", DEEDS)
def test_what_is_done_is_recorded(seeing: Bench, name: str) -> None:
    assert seeing.administrator

    reply = DEEDS[name](seeing)

    assert reply.is_success, reply.text
    assert actions(seeing)[-1] == RECORDED_AS.get(name, action_of(*name.split()))


def test_every_operation_has_a_word_of_its_own() -> None:
    words = [action_of(*name.split()) for name in DEEDS if name not in RECORDED_AS]
    english = (STATIC / "en.json").read_text("utf-8")

    assert len(set(words)) == len(words)
    assert [word for word in words if f'"audit_action.{word}"' not in english] == []


def test_a_node_that_only_reports_leaves_no_entry(bench: Bench) -> None:
    node = bench.node()
    before = actions(bench)

    node.send(node.event(1))
    node.report()

    assert actions(bench) == before
