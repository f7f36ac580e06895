"""Some data of each kind, so that endpoints have something to show and something to keep back."""

from typing import Final

from tests.central.access.models import STAFF, put
from tests.central.alarms.raising import FORCED, tell
from tests.central.bench import Bench
from tests.central.canteen.acting import put_canteen_plan
from tests.central.integrations.acting import add_source, add_webhook
from tests.central.office.acting import topped_up
from tests.central.patrol.acting import put_patrol_plan
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import photograph
from tests.central.plans.drawings import draw
from tests.central.visits.test_endpoints import invite

NAME: Final = "司徒明月"
"""Of somebody whom only those may see who may see names."""


def seed_people(bench: Bench) -> str:
    """Put somebody there to whom something happened, and an alarm; returns the holder's id."""
    holder_id = bench.person(NAME, number="N-1")
    node = bench.node()
    node.report()
    event = node.event(1)
    node.send(event.model_copy(update={"data": {**event.data, "holder_id": holder_id}}))
    tell(node, 1, FORCED)
    return holder_id


def seed_data(bench: Bench) -> None:
    """Put a face, rules, a visit, a plan, rounds, money and a webhook there, too."""
    holder_id = seed_people(bench)
    enrol(bench.administrator, holder_id, photograph(1))
    assert put(bench.administrator, STAFF).status_code == 200
    invite(bench)
    draw(bench.administrator)
    put_patrol_plan(bench)
    add_webhook(bench, is_on=False)
    add_source(bench)
    put_canteen_plan(bench)
    topped_up(bench, holder_id, 5000)
