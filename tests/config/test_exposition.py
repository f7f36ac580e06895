from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from config.exposition import Part, exposition


def counted(amount: int) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    Counter("menshen_things", "Things.", ["class"], registry=registry).labels("a").inc(amount)
    return registry


def test_two_sites_are_one_family_with_the_sites_as_labels() -> None:
    text = exposition([Part({"site": "one"}, counted(1)), Part({"site": "two"}, counted(2))])

    [family] = text_string_to_metric_families(text.decode())
    totals = [sample for sample in family.samples if sample.name.endswith("_total")]

    assert [(s.labels, s.value) for s in totals] == [
        ({"site": "one", "class": "a"}, 1.0),
        ({"site": "two", "class": "a"}, 2.0),
    ]
    assert text.count(b"# TYPE menshen_things_total") == 1
