"""`GET /box/v1/metrics`: figures for monitoring, as Prometheus text, over the Unix socket only.

Counts and durations; no label names a person, a seat, an attempt or an exam.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from appliance.core.attempt import AttemptState
from appliance.core.disk import DiskState
from appliance.core.keys import PepperKeeping
from appliance.services.box import AboutBox
from appliance.services.hall import Halls
from appliance.web.application_keys import GATEWAY
from appliance.web.box_api import check_peer
from appliance.web.routes import Open, Routes

routes = Routes()

_UPLOAD_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SNIPPETS = "/api/v1/attempts/me/snippets/{sequence}"

PEPPER_FIGURES = {PepperKeeping.TPM: 2.0, PepperKeeping.HOST: 1.0, PepperKeeping.FILE: 0.0}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Metrics:
    """Of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "hallvakt_http_answers",
            "Answers by status class.",
            ["status"],
            registry=self.registry,
        )
        self._uploads = Histogram(
            "hallvakt_upload_seconds",
            "From the first byte of a snippet's request to its acknowledgement.",
            buckets=_UPLOAD_BUCKETS,
            registry=self.registry,
        )
        self._bytes = Counter(
            "hallvakt_snippet_bytes", "Bytes of acknowledged snippets.", registry=self.registry
        )
        self.about = {
            name: Gauge(f"hallvakt_{name}", text, registry=self.registry)
            for name, text in (
                ("disk_used_percent", "Of the disk that holds the state directory."),
                (
                    "disk_writable",
                    "0 while no snippet can be taken in: full, broken.",
                ),
                ("consoles", "Consoles that follow an exam."),
                ("media_workers", "Media workers that answer."),
                ("backlog", "Snippets waiting to be looked at."),
                ("worker_failures", "Snippets a media worker could not be asked about."),
                ("exams_in_session", "Exams that are open or live."),
                ("relay_up", "1 when every live exam's relay runs, or none is live."),
                ("unlocked", "0 after a restart in mid-exam until somebody logs in."),
                ("pepper_bound", "Live keys are bound to: 2 the TPM, 1 this disk, 0 nothing."),
            )
        }

    def saw(self, request: web.Request, status: int, seconds: float) -> None:
        self._answers.labels(f"{status // 100}xx").inc()
        resource = request.match_info.route.resource
        if status == 201 and resource is not None and resource.canonical == _SNIPPETS:
            self._uploads.observe(seconds)
            self._bytes.inc(request.content_length or 0)

    def tell(self, about: AboutBox) -> None:
        figures = {
            "disk_used_percent": about.disk_used_percent,
            "disk_writable": about.disk is DiskState.OK,
            "consoles": about.consoles,
            "media_workers": about.workers,
            "backlog": about.backlog,
            "worker_failures": about.worker_failures,
            "exams_in_session": about.exams_in_session,
            "relay_up": about.relay or not about.exams_in_session,
            "unlocked": about.unlocked,
            "pepper_bound": PEPPER_FIGURES[about.pepper],
        }
        for name, value in figures.items():
            self.about[name].set(float(value))


class _Seats:
    """Counted when asked: a hall is small, and a gauge kept by hand drifts."""

    def __init__(self, halls: Halls) -> None:
        self._halls = halls

    def collect(self) -> Iterable[Metric]:
        seats = GaugeMetricFamily(
            "hallvakt_seats", "Seats of exams in session by state.", labels=["state"]
        )
        counts = self._halls.seats_by_state()
        for state in AttemptState:
            seats.add_metric([state.value], counts.get(state, 0))
        yield seats


METRICS = web.AppKey("metrics", Metrics)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    began = time.perf_counter()
    response = await handler(request)
    request.app[METRICS].saw(request, response.status, time.perf_counter() - began)
    return response


def add_metrics(app: web.Application) -> None:
    app[METRICS] = Metrics()
    app[METRICS].registry.register(_Seats(app[GATEWAY].halls))


@routes.open("GET", "/box/v1/metrics", Open.BOX_PROCESS)
async def metrics(request: web.Request) -> web.StreamResponse:
    check_peer(request)
    request.app[METRICS].tell(await request.app[GATEWAY].box.about())
    return web.Response(
        body=generate_latest(request.app[METRICS].registry),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )
