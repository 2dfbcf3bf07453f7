"""Metrics for Prometheus: counts from the store, and of this process. No label holds a file's or a customer's
name, nor an account's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partwatch import __version__
from partwatch.model.errors import StoreError
from partwatch.service.api.problems import MEDIA_TYPE
from partwatch.service.asking import Here, Who, of_application
from partwatch.service.context import Service
from partwatch.service.counts import Counts, count
from partwatch.service.once_in_a_while import Kept
from partwatch.service.states import Role

router = APIRouter(tags=["metrics"])

# However often it is scraped.
KEPT_S: Final = 10.0
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Prometheus' text format.", "content": {"text/plain": {}}},
    503: {"description": "The store cannot be read now.", "content": {MEDIA_TYPE: {}}},
}
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Answers:
    """How often this process answered how; one application's."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()


def count_answers(app: FastAPI) -> None:
    """Have an application count its answers, refusals of its access included: added after that."""
    app.state.answers = Answers()
    app.add_middleware(CountedAnswers, answers=app.state.answers)


class CountedAnswers:
    """Around an application: counts its answers by method and status."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers.counts[method, message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counted)


@router.get("/metrics", response_class=Response, responses=_ANSWERS)
def metrics(request: Request, here: Here, who: Who) -> Response:
    """Counts for monitoring: docs/operate.md names each."""
    who.require(Role.ADMINISTER)
    registry = of_application(request, "registry", lambda: _registry(here, request.app.state.answers))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _registry(here: Service, answers: Answers) -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Collector(Kept(lambda: count(here), KEPT_S), answers))
    return registry


class _Collector(Collector):
    def __init__(self, kept: Kept[Counts], answers: Answers) -> None:
        self._kept = kept
        self._answers = answers

    def describe(self) -> Iterator[Metric]:
        # Nothing is asked of the store when it is registered.
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "What runs.", {(__version__,): 1}, ("version",))
        answers = CounterMetricFamily(
            "partwatch_http_responses", "Answers of this process.", labels=("method", "status")
        )
        for (method, status), number in sorted(self._answers.counts.items()):
            answers.add_metric((method, str(status)), number)
        yield answers
        try:
            counts = self._kept.get()
        except StoreError:
            # The rest is still worth having, and that the store is away most of all.
            yield _gauge("store_up", "Whether the store can be read.", {(): 0})
            return
        yield _gauge("store_up", "Whether the store can be read.", {(): 1})
        yield from families(counts)


def families(counts: Counts) -> Iterator[Metric]:
    """What is told of counts."""
    received = CounterMetricFamily("partwatch_submissions_received", "Submissions ever taken in.")
    received.add_metric((), counts.received)
    yield received
    states = {(state.value,): number for state, number in counts.states.items()}
    yield _gauge("submissions", "Submissions by their state.", states, ("state",))
    yield _gauge("findings", "Screened submissions by finding.", _labelled(counts.findings), ("finding",))
    yield _gauge("decisions", "What people decided, by act.", _labelled(counts.decisions), ("act",))
    queue = counts.waiting
    yield _gauge("queue_submissions", "Submissions that wait for their result.", {(): queue.submissions})
    yield _gauge("queue_files", "Files that wait.", {(): queue.files})
    yield _gauge("queue_bytes", "Bytes that wait.", {(): queue.bytes})
    yield _gauge("queue_oldest_seconds", "How long the oldest has waited.", {(): counts.oldest_s})
    yield _gauge("desks_at_work", "Desks that have something and live.", {(): counts.desks})
    took = {(f"{q:g}",): seconds for q, seconds in counts.took_s.items()}
    yield _gauge("screening_seconds", "Receipt to result, of the latest 500.", took, ("quantile",))
    yield _gauge("deliveries", "Deliveries of webhooks.", _labelled(counts.deliveries), ("state",))
    yield _gauge("hooks", "Webhooks that are in use.", {(): counts.hooks})
    failing = {(name,): int(failed) for name, (_, failed) in counts.chores.items()}
    yield _gauge("chore_failing", "Whether it failed the last time.", failing, ("chore",))
    last = {(name,): math.nan if at is None else at for name, (at, _) in counts.chores.items()}
    yield _gauge("chore_last_timestamp_seconds", "When it was last done.", last, ("chore",))
    yield _gauge("history_backlog", "Fingerprints that the history has not yet.", {(): counts.backlog})
    yield _gauge("ledger_entries", "Entries of the ledger.", {(): counts.ledger})
    yield _gauge("disk_free_bytes", "Free where files are kept.", {(): counts.free_bytes})
    yield _gauge("database_bytes", "Size of the database.", {(): counts.database_bytes})


def _labelled(counts: Any) -> dict[tuple[str, ...], float]:
    return {(name,): number for name, number in counts.items()}


def _gauge(name: str, told: str, values: Any, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"partwatch_{name}", told, labels=labels)
    for label, value in values.items():
        made.add_metric(label, value)
    return made
