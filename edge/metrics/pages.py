"""``/metrics`` of a terminal, at its local page: behind the page's guard, as everything there."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from config.exposition import CONTENT_TYPE, PATH, Part, exposition
from edge.metrics.standing import Moment, MomentCollector

_process: Final = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_process)
GCCollector(registry=_process)


def metrics_page(
    site: str, node: str, counted: CollectorRegistry, look: Callable[[], Awaitable[Moment]]
) -> APIRouter:
    """Return the route.

    Args:
        site: Identifier; a label of every sample.
        node: The same.
        counted: What is counted as it happens.
        look: Reads how things stand.
    """
    router, labels = APIRouter(), {"site": site, "node": node}

    @router.get(PATH)
    async def get_metrics() -> Response:
        """Return what is counted and how things stand, in the text format of Prometheus."""
        moment = MomentCollector(await look())
        parts = [Part(labels, counted), Part(labels, moment), Part({}, _process)]
        return Response(exposition(parts), media_type=CONTENT_TYPE)

    return router
