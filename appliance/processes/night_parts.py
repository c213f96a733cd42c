"""The planner over one box's stores, for the night's own process and for the gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores
from appliance.config.box import BoxConfig
from appliance.core.feed import NightLine
from appliance.services.night_plan import Night


def night_line(config: BoxConfig, stores: Stores) -> Callable[[], Awaitable[NightLine | None]]:
    """For consoles: nothing on a box that keeps everything."""
    if config.cloud.objects == "none":
        return _nothing
    return night_of(config, stores).line


async def _nothing() -> None:
    return None


def night_of(config: BoxConfig, stores: Stores) -> Night:
    return Night(
        stores.exams,
        stores.attempts,
        stores.snippets,
        Packs(stores.box),
        stores.facts,
        SystemClock(),
        windows=config.night.windows,
        zone=config.night.zone,
    )
