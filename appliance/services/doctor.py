"""Asks every probe of the box how it is. One that breaks is a finding of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from appliance.core.checkup import Check, fail
from appliance.core.disk import DISK_ADVICE, DISK_IN_WORDS, is_disks, state_after
from appliance.core.errors import HallvaktError

_PROBE_S = 20.0
# However often it is asked, a box is looked at no oftener. So short that whoever has mended
# something and asks again is not told what was before.
GOOD_FOR_S = 5.0

Probe = Callable[[], Awaitable[Sequence[Check]]]
Checkup = Callable[[], Awaitable[Sequence[Check]]]
"""Everything that can be looked at from where it is called."""


async def examine(probes: Mapping[str, Probe], *, within_s: float = _PROBE_S) -> list[Check]:
    """All checks, in the order of `probes`. They run side by side, so none may depend on another.

    A probe that raises an error of `core.errors` or OSError, or takes longer than `within_s`,
    gives one `fail` under its own name.
    """
    found = await asyncio.gather(*(_ask(name, probe, within_s) for name, probe in probes.items()))
    return [check for checks in found for check in checks]


def seldom(look: Checkup, monotonic: Callable[[], float] = time.monotonic) -> Checkup:
    """`look`, whose answer is given again for a moment. Who asks while the box is being looked at
    waits for that look."""
    one_at_a_time = asyncio.Lock()
    last: tuple[float, Sequence[Check]] | None = None

    async def found() -> Sequence[Check]:
        nonlocal last
        async with one_at_a_time:
            if last is None or monotonic() > last[0]:
                checks = await look()
                last = (monotonic() + GOOD_FOR_S, checks)
            return last[1]

    return found


async def _ask(name: str, probe: Probe, within_s: float) -> Sequence[Check]:
    try:
        async with asyncio.timeout(within_s):
            return await probe()
    except TimeoutError:
        return [fail(name, f"no answer within {within_s:.0f} s", "Try again; look at the log.")]
    except HallvaktError as error:
        return [fail(name, error.message, "What to do stands in that sentence.")]
    except OSError as error:
        if is_disks(error):
            return [fail(name, DISK_IN_WORDS[state_after(error)], DISK_ADVICE)]
        said = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        return [fail(name, said, "Run this as root or as the box's own user.")]
