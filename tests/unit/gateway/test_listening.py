"""Why a box cannot listen is said with what to do about it."""

from __future__ import annotations

import errno

import pytest
from aiohttp import web

from appliance.core.errors import Unreachable
from appliance.processes.gateway_doors import _start


class _Refused(web.BaseSite):
    def __init__(self, number: int) -> None:
        self._number = number

    @property
    def name(self) -> str:
        return ""

    async def start(self) -> None:
        raise OSError(self._number, "error while attempting to bind on address ...")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EADDRINUSE, "`ss -lntp 'sport = :443'` (as root) says what uses that port"),
        (errno.EADDRNOTAVAIL, "no card of this machine has that address; correct web.host"),
        (errno.EACCES, "opened to the box by /etc/sysctl.d/60-hallvakt.conf; restart the machine"),
    ],
    ids=["taken", "no such address", "not allowed"],
)
async def test_each_reason_has_its_way_out(number: int, says: str) -> None:
    with pytest.raises(Unreachable) as refused:
        await _start(_Refused(number), "10.20.0.5", 443, "web.port")
    assert says in refused.value.message
    assert "10.20.0.5:443 (" in refused.value.message
    assert "attempting" not in refused.value.message
