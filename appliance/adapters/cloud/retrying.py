"""What every object store over a line does when line or store falter: try again, then say so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from appliance.core.errors import Refused, Unreachable
from appliance.core.transfer import Line, damaged

PAUSES_S = (1.0, 3.0, 10.0, 30.0)
RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
T = TypeVar("T")


class AgainError(Exception):
    """Worth another try: the line or the store faltered. `damaged` when the store says that what
    arrived is not what was sent."""

    def __init__(self, *, damaged: bool = False) -> None:
        super().__init__()
        self.damaged = damaged


async def retried(
    act: Callable[[], Awaitable[T]], line: Line, pauses_s: tuple[float, ...] = PAUSES_S
) -> T:
    """`act` until it does not raise AgainError, pausing in between; it is not begun while the line
    is closed. Raise Unreachable when it never did, IntegrityFailure when all arrived damaged."""
    return cast("T", await retried_unless(_never, act, line, pauses_s))


async def retried_unless(
    there: Callable[[], Awaitable[bool]],
    act: Callable[[], Awaitable[T]],
    line: Line,
    pauses_s: tuple[float, ...] = PAUSES_S,
) -> T | None:
    """The same; before another try `there` is asked whether the last one did it after all, and then
    the answer is None."""
    for pause in (*pauses_s, None):
        await line.ready()
        try:
            return await act()
        except AgainError as error:
            if pause is None:
                if error.damaged:
                    raise damaged() from None
                break
            await line.ready()
            await asyncio.sleep(pause)
            if not error.damaged and await there():
                return None
    raise Unreachable("The object store cannot be reached: check the line; sync goes on later.")


async def _never() -> bool:
    return False


def refused() -> Refused:
    return Refused(
        "The object store refuses this box: check the account in cloud.credentials_file and what "
        "it may do.",
        code="cloud-access",
    )
