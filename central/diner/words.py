"""What merchants, tills, periods and dishes are called, for a page. Pure."""

from config.contract.money import CanteenPlan
from config.site import Site


def names_of(site: Site, plan: CanteenPlan) -> dict[str, dict[str, str]]:
    """Return names by ``kind/id`` and language."""
    names = {f"merchant/{each.id}": dict(each.name) for each in site.merchant}
    names |= {f"till/{each.id}": dict(each.name) for each in site.till}
    for merchant in plan.merchants:
        names |= {f"period/{p.id}": dict(p.name) for p in merchant.periods}
        names |= {f"dish/{d.id}": dict(d.name) for d in merchant.dishes}
    return {key: {str(k): v for k, v in name.items()} for key, name in names.items()}
