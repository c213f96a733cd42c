"""The aiohttp application: routes, middleware and what is started and stopped with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog
from aiohttp import web

from appliance.core.errors import HallvaktError
from appliance.core.ports import Clock
from appliance.services.token_buckets import TokenBuckets
from appliance.web import (
    after_hand_in_api,
    attempt_api,
    attendance_api,
    box_api,
    candidate_api,
    candidate_channel,
    console_feed,
    data_protection_api,
    exam_api,
    hall_audio_api,
    health,
    live_signalling,
    login_api,
    metrics,
    night_api,
    phone_api,
    shift_api,
    start_gate_api,
    static_files,
)
from appliance.web.application_keys import GATEWAY, LIMITS, STOPPING, Gateway, Limits
from appliance.web.connections import CONNECTIONS, Connections, noticed
from appliance.web.metrics import add_metrics, counted
from appliance.web.problems import problems
from appliance.web.routes import Route
from appliance.web.security_headers import security_headers
from appliance.web.static_files import STATIC_FILES, StaticFiles

log = structlog.get_logger(__name__)

STATIC_ROOT = Path(__file__).parent / "static"
TICK_S = 1.0

_PARTS = (
    health.routes,
    static_files.routes,
    candidate_api.routes,
    after_hand_in_api.routes,
    phone_api.routes,
    candidate_channel.routes,
    login_api.routes,
    exam_api.routes,
    shift_api.routes,
    start_gate_api.routes,
    attempt_api.routes,
    attendance_api.routes,
    data_protection_api.routes,
    night_api.routes,
    console_feed.routes,
    live_signalling.routes,
    box_api.routes,
    hall_audio_api.routes,
    metrics.routes,
)


def declared_routes() -> list[Route]:
    return [route for part in _PARTS for route in part.declared]


def limits(clock: Clock) -> Limits:
    """A whole school may come from one address, so what one computer there does wrong must not keep
    the others out: only wrong tries to join count, and guessing 31^8 seat codes does not pay."""

    def buckets(burst: float, per_second: float) -> TokenBuckets:
        return TokenBuckets(burst=burst, per_second=per_second, monotonic=clock.monotonic)

    return Limits(
        wrong_join_by_address=buckets(200, 10),
        join_by_seat=buckets(10, 0.2),
        # Nine live views begin with some hundred at once; a hand goes up now and then.
        said_by_attempt=buckets(300, 10),
        # A photo keeps a media worker busy, and an answer is told to every console.
        acts_by_attempt=buckets(60, 0.5),
        login_by_address=buckets(20, 1),
    )


def application(
    gateway: Gateway, *, static_root: Path = STATIC_ROOT, tls_alone: bool = True
) -> web.Application:
    """`tls_alone`: as `security_headers` takes it."""
    app = web.Application(middlewares=[noticed, counted, problems])
    app[CONNECTIONS] = Connections(gateway.clock.monotonic)
    app[GATEWAY] = gateway
    app[LIMITS] = limits(gateway.clock)
    app[STOPPING] = asyncio.Event()
    app[STATIC_FILES] = StaticFiles(static_root)
    add_metrics(app)
    for part in _PARTS:
        part.add_to(app)
    app.on_response_prepare.append(security_headers(tls_alone=tls_alone))
    app.on_shutdown.append(_say_goodbye)
    app.cleanup_ctx.append(_ticking)
    return app


async def _say_goodbye(app: web.Application) -> None:
    app[STOPPING].set()
    app[GATEWAY].channels.close_all()


async def _ticking(app: web.Application) -> AsyncIterator[None]:
    """The once-a-second round of `Box.tick`, for as long as the application runs."""
    task = asyncio.create_task(_every(TICK_S, app[GATEWAY].box.tick))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except HallvaktError as error:
            log.warning("the once-a-second round failed", reason=error.message)
        except Exception:  # the boundary of this task: it must go on
            log.exception("the once-a-second round failed")
