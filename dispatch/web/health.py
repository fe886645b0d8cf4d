"""
Is it alive, is it ready, how is it: `/healthz`, `/readyz`, `/metrics`.

Open to everybody who reaches the port, and therefore numbers only: no name, no address, no version. Through the proxy
in front comes whoever reaches it, and is told no figures at all: only whether the service is alive and ready.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dispatch.errors import NotFound
from dispatch.web.access import public

Figure: TypeAlias = float | int | bool | None
Facts: TypeAlias = Mapping[str, Figure | Mapping[str, Figure]]

READY = "ready"


class Health(Protocol):
    """Who knows how the service is."""

    def facts(self) -> Facts:
        """
        Name → figure, or name → (which one → figure): `{"ready": True, "oldest_due_s": 0.2, "provider_ok": {"modem":
        True}}`. None is a figure nobody knows. Not ready only when `ready` is there and false.
        """
        ...


def health_blueprint(health: Health) -> Blueprint:
    """The three pages for machines that watch."""
    bp = Blueprint("health", __name__)
    registry = CollectorRegistry()
    registry.register(_Figures(health))

    @bp.get("/healthz")
    @public
    def alive() -> Any:
        return jsonify(status="alive")

    @bp.get("/readyz")
    @public
    def ready() -> Any:
        facts = health.facts()
        is_ready = facts.get(READY) is not False
        figures = {} if _is_through_proxy() else facts
        return jsonify(status="ready" if is_ready else "not ready", **figures), 200 if is_ready else 503

    @bp.get("/metrics")
    @public
    def metrics() -> Response:
        if _is_through_proxy():
            raise NotFound("There is nothing at this address.")
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return bp


def _is_through_proxy() -> bool:
    """Whether `web.trusted_proxy` brought this request: of anybody else's the server has taken the header away."""
    return "X-Forwarded-For" in request.headers


class _Figures(Collector):
    """The facts as gauges, read when they are asked for. A registry of our own: no figure of a library slips out."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing, so that registering does not already ask for the facts."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, fact in self._health.facts().items():
            labelled = isinstance(fact, Mapping)
            gauge = GaugeMetricFamily(f"anling_{name}", name.replace("_", " "), labels=["of"] if labelled else None)
            figures = fact.items() if isinstance(fact, Mapping) else [(None, fact)]
            for of, figure in figures:
                if figure is not None:
                    gauge.add_metric([of] if of is not None else [], float(figure))
            yield gauge
