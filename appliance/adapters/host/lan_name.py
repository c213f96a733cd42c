"""Tells the LAN the box's name by multicast DNS (RFC 6762), where the school has no name for it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from zeroconf import (  # type: ignore[attr-defined]  # AddressResolver: documented, not in __all__
    AddressResolverIPv4,
    DNSAddress,
    DNSQuestionType,
    NonUniqueNameException,
    RecordUpdate,
    RecordUpdateListener,
    ServiceInfo,
    Zeroconf,
)
from zeroconf.asyncio import AsyncZeroconf

from appliance.adapters.host.machine import addresses_of_cards, lan_addresses

_SERVICE = "_https._tcp.local."
_LOOK_AT_CARDS_S, _ASK_AGAIN_S = 5.0, 60.0
# The library sends the same question once a second at most; the second is for a packet lost.
_ASKED_S, _TURNS = 0.5, 3
_IPV4_BYTES = 4
_LOG = structlog.get_logger("lan_name")


@asynccontextmanager
async def announced(
    name: str,
    port: int,
    host: str,
    *,
    uplink: str = "",
    tell: Callable[[bool], None] = lambda taken: None,
) -> AsyncIterator[None]:
    """`name`.local points to this machine while the block runs. `host`: what the box listens on;
    with 0.0.0.0, all its addresses on the LAN are told, which those of the card `uplink` are not.

    A box does not need a network to start: cables and addresses that come, change or go later are
    followed. Another machine that has the name, or takes it later, keeps it (RFC 6762, 9: back to
    probing, and who is answered gives way): the box falls silent and goes on under its address. It
    takes no second name, for its certificate could not hold one. That is said in the log and to
    `tell`, and asked again every minute.
    """

    def current() -> Sequence[str]:
        return spoken_from(host, uplink=uplink)

    voice = _Voice(name, port, tell)
    await _try(voice, current)
    following = asyncio.create_task(_follow(voice, current))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await voice.fall_silent()


def spoken_from(host: str, *, uplink: str = "") -> Sequence[str]:
    """The addresses under which a box that listens on `host` is told to the LAN."""
    return lan_addresses(uplink=uplink) if host in {"0.0.0.0", "::"} else [host]


async def others_with(name: str, speaking_from: Sequence[str]) -> list[str]:
    """IPv4 addresses of other machines that answer to `name`.local. Takes 1.5 s; raises
    OSError for an address that no card has."""
    asking = AsyncZeroconf(interfaces=list(speaking_from))
    try:
        return await _others(name, speaking_from, asking)
    finally:
        await asking.async_close()


async def _others(name: str, ours: Sequence[str], asking: AsyncZeroconf) -> list[str]:
    mine, found = {*ours, *addresses_of_cards()}, set[str]()
    for _ in range(_TURNS):  # each time: one machine's answer may take another's out of the cache
        asked = AddressResolverIPv4(f"{name}.local.")
        # To everybody: an answer to one port, which doctor and gateway share, reaches one of them.
        everybody = DNSQuestionType.QM
        if await asked.async_request(asking.zeroconf, _ASKED_S * 1000, everybody):
            found.update(asked.parsed_addresses())
            await asyncio.sleep(_ASKED_S)  # it returns with the first answer; we want them all
    return sorted(found - mine)


async def _follow(voice: _Voice, current: Callable[[], Sequence[str]]) -> None:
    asked = time.monotonic()
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(voice.doubted.wait(), _LOOK_AT_CARDS_S)
        if not voice.doubted.is_set() and time.monotonic() - asked >= _ASK_AGAIN_S:
            asked = time.monotonic()
            with suppress(OSError):
                await voice.ask_again()
        elif voice.taken:
            continue
        await _try(voice, current)


async def _try(voice: _Voice, current: Callable[[], Sequence[str]]) -> None:
    with suppress(OSError):  # an address that went while we looked: the next look finds out
        await voice.say(current())


class _Voice:
    def __init__(self, name: str, port: int, tell: Callable[[bool], None]) -> None:
        self._name = name
        self._port = port
        self._tell = tell
        self.taken = False  # by another machine
        self.doubted = asyncio.Event()  # another machine was heard under the name that is ours
        self._told: list[str] = []
        self._speaking: AsyncZeroconf | None = None
        self._info: ServiceInfo | None = None

    async def say(self, addresses: Sequence[str]) -> None:
        """Raises OSError for an address that no card has."""
        if list(addresses) == self._told and not self.doubted.is_set():
            return
        await self.fall_silent()
        self.doubted.clear()
        if not addresses:
            return
        # By address: the default would need a default route, which a LAN of its own has not.
        self._speaking = AsyncZeroconf(interfaces=list(addresses))
        info = ServiceInfo(
            _SERVICE,
            f"{self._name}.{_SERVICE}",
            addresses=[socket.inet_aton(address) for address in addresses],
            port=self._port,
            server=f"{self._name}.local.",
        )
        try:
            # The library asks for the service alone; a printer may have the name without one.
            if await _others(self._name, addresses, self._speaking):
                raise NonUniqueNameException
            await self._speaking.async_register_service(info)
        except NonUniqueNameException:
            await self.fall_silent()
            self._is_taken(True)
            return
        self._is_taken(False)
        self._info, self._told = info, list(addresses)
        self._speaking.zeroconf.async_add_listener(_Listens(f"{self._name}.local.", self), None)

    async def ask_again(self) -> None:
        """Who answers under the name: the box's own voice hears no answer meant for one asker.
        Raises OSError for an address that no card has."""
        if self.taken or (self._told and await others_with(self._name, self._told)):
            self.doubted.set()

    def heard(self, address: str) -> None:
        """An IPv4 address that somebody tells under the name."""
        if address not in {*self._told, *addresses_of_cards()}:
            self.doubted.set()

    def _is_taken(self, now: bool) -> None:
        if now == self.taken:  # said once, not every minute
            return
        self.taken = now
        name = f"{self._name}.local"
        if now:
            _LOG.warning(
                "Another machine on this network has the box's name. The box goes on under its "
                "address; choose another web.lan_name in box.toml.",
                name=name,
            )
        else:
            _LOG.info("No other machine on this network has the box's name any more.", name=name)
        self._tell(now)

    async def fall_silent(self) -> None:
        speaking, info = self._speaking, self._info
        self._speaking, self._info, self._told = None, None, []
        if speaking is None:
            return
        if info is not None:
            with suppress(OSError):  # its card is gone
                await speaking.async_unregister_service(info)
        await speaking.async_close()


class _Listens(RecordUpdateListener):
    """To what is said on the LAN while the box has its name."""

    def __init__(self, host: str, voice: _Voice) -> None:
        self._host, self._voice = host.lower(), voice

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        for told in (update.new for update in records):
            if (
                isinstance(told, DNSAddress)
                and len(told.address) == _IPV4_BYTES
                and told.key == self._host
                and not told.is_expired(now)  # not somebody's goodbye
            ):
                self._voice.heard(socket.inet_ntoa(told.address))
