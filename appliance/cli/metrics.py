"""`hallvakt metrics`: the gateway's figures, for node_exporter's textfile collector or by hand."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from appliance.cli.box_client import SOCKET
from appliance.cli.options import DEFAULT_STATE, State
from appliance.core.errors import NotAllowed, Unreachable
from appliance.core.keys import PepperKeeping
from appliance.web.metrics import PEPPER_FIGURES

_PEPPER = "hallvakt_pepper_bound"
_IN_SESSION = "hallvakt_exams_in_session"
_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def metrics(*, state: State = DEFAULT_STATE) -> None:
    """Print the running gateway's figures as Prometheus text. No label names a person or a seat."""
    print(await metrics_text(state), end="")


async def metrics_text(state: Path) -> str:
    """Raise Unreachable when no gateway answers, NotAllowed when it is not ours to ask."""
    try:
        connector = aiohttp.UnixConnector(path=str(state / SOCKET))
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as http,
            http.get("http://box/box/v1/metrics") as answer,
        ):
            if answer.status == 403:
                raise NotAllowed("Run this as root or as the box's own user.")
            return await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unreachable(
            "The box does not answer: is it running with this --state?", code="box-unreachable"
        ) from error


async def exams_in_session_of_the_gateway(state: Path) -> int | None:
    """How many exams are open or live; None where no gateway runs, or one of an older version."""
    try:
        text = await metrics_text(state)
    except (Unreachable, NotAllowed):
        return None
    told = [line.split()[1] for line in text.splitlines() if line.startswith(f"{_IN_SESSION} ")]
    return int(float(told[0])) if told else None


async def pepper_of_the_gateway(state: Path) -> PepperKeeping | None:
    """What the running gateway's credential is bound to, which nobody outside it sees; None where
    none runs, or one of an older version."""
    try:
        text = await metrics_text(state)
    except (Unreachable, NotAllowed):
        return None
    told = [line.split()[1] for line in text.splitlines() if line.startswith(f"{_PEPPER} ")]
    return next((kept for kept, figure in PEPPER_FIGURES.items() if told == [str(figure)]), None)
