"""A probe that breaks is a finding, not the end of the examination."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from appliance.core.checkup import Check, CheckStatus, ok
from appliance.core.errors import Unreachable
from appliance.services.doctor import GOOD_FOR_S, examine, seldom


async def _fine() -> Sequence[Check]:
    return [ok("disk", "all well")]


async def _says_why() -> Sequence[Check]:
    raise Unreachable("The relay cannot start: install the package coturn.")


async def _not_allowed() -> Sequence[Check]:
    raise PermissionError(13, "Permission denied", "/var/lib/hallvakt/tls/box.pem")


async def _never() -> Sequence[Check]:
    await asyncio.Event().wait()
    return []


async def test_every_probe_has_its_say_in_order() -> None:
    probes = {"relay": _says_why, "disk": _fine, "certificate": _not_allowed, "cloud": _never}
    found = await examine(probes, within_s=0.01)
    assert [(check.name, check.status) for check in found] == [
        ("relay", CheckStatus.FAIL),
        ("disk", CheckStatus.OK),
        ("certificate", CheckStatus.FAIL),
        ("cloud", CheckStatus.FAIL),
    ]
    assert "install the package coturn" in found[0].detail
    assert "box.pem" in found[2].detail
    assert all(check.advice for check in found if check.status is CheckStatus.FAIL)


async def test_what_was_found_is_told_again_only_for_a_moment() -> None:
    """Who mends something and asks again is told how it is now; asking always costs little."""
    now, looks = [100.0], 0

    async def look() -> Sequence[Check]:
        nonlocal looks
        looks += 1
        now[0] += 100.0
        return [ok("look", f"{looks}")]

    ask = seldom(look, lambda: now[0])
    assert [c.detail for (c,) in await asyncio.gather(ask(), ask())] == ["1", "1"]
    now[0] += GOOD_FOR_S + 0.01
    assert (await ask())[0].detail == "2"
    now[0] += GOOD_FOR_S / 2
    assert (await ask())[0].detail == "2"
