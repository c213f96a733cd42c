"""The doctor's look at the network: cards, names, and who has the box's name on the LAN."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance.adapters.host import firewall_seen, lan_name, machine, unit_networks, unit_seen
from appliance.adapters.relay.firewall import TABLE
from appliance.config.box import BoxConfig
from appliance.core import checkup, checkup_network
from appliance.core.checkup import Check
from appliance.services.doctor import Probe

# A name server that does not answer is waited for by the resolver itself, 10 s for each it knows.
LOOKED_UP_S = 12.0
_DEVICES = Path("/sys/class/net")
# Candidates and consoles speak to these.
_SPOKEN_TO = ("hallvakt-gateway.service", "hallvakt-coturn@.service")


def network(config: BoxConfig) -> Mapping[str, Probe]:
    return {
        "network": partial(asyncio.to_thread, _cards, config),
        "relay limits": partial(asyncio.to_thread, limits_check),
        "addresses": partial(asyncio.to_thread, addresses_check, config),
        "names": partial(names_check, config),
        "LAN name": partial(_lan_name, config),
    }


def network_cards_check(*, uplink: str = "", devices: Path = _DEVICES) -> Check:
    linked = [c for c in machine.network_cards(devices) if c.state == "up"]
    return checkup_network.cards([(card.name, card.speed) for card in linked], uplink=uplink)


def _cards(config: BoxConfig) -> Sequence[Check]:
    there = machine.network_cards()
    up = [card.name for card in there if card.state == "up"]
    named = config.web.uplink
    closed = firewall_seen.closed_cards(TABLE) if named else None
    every = [card.name for card in there]
    leads_out = machine.card_to_the_internet()
    cables = {name: machine.cable_of(name) for name in up}
    vlans = [name for name in up if cables[name]]
    (cable, *others) = {cables[name] for name in vlans} or {""}
    if not named and len(vlans) > 1 and not others and set(up) <= {*vlans, cable}:
        out = checkup_network.halls_on_a_cable(vlans, cable, leads_out)
    else:
        out = checkup.uplink(named, up, leads_out, closed, every)
    return [network_cards_check(uplink=named), out]


def limits_check() -> Sequence[Check]:
    """Root alone may read them."""
    in_force = firewall_seen.is_in_force(TABLE)
    meant = unit_seen.shown("hallvakt-firewall.service", "ActiveState") == "active"
    return checkup_network.relay_limits(in_force, meant)


def machine_addresses_check() -> Sequence[Check]:
    """Of a machine on which there is no box yet."""
    return [checkup_network.addresses("0.0.0.0", machine.lan_addresses(), (), ())]


def addresses_check(config: BoxConfig, units: Path = unit_networks.UNITS) -> Sequence[Check]:
    web = config.web
    here = machine.lan_addresses(uplink=web.uplink)
    halls = [network for networks in config.halls.values() for network in networks]
    let_in = [unit_networks.allowed(unit, units) for unit in _SPOKEN_TO]
    return [checkup_network.addresses(web.host, here, halls, let_in)]


async def names_check(config: BoxConfig, within_s: float = LOOKED_UP_S) -> Sequence[Check]:
    # Its own name on the LAN the box answers itself, and Debian's resolver does not ask for it.
    asked = [name for name in config.web.names if name != config.web.lan_host]
    # Threads of their own: a lookup that nobody answers must not hold up what else the box does.
    pool = ThreadPoolExecutor(max_workers=len(asked) or 1)
    try:
        found = await asyncio.gather(*(_leads_to(name, pool, within_s) for name in asked))
    finally:
        pool.shutdown(wait=False)
    here = await asyncio.to_thread(machine.addresses_of_cards)
    return [checkup_network.names(dict(zip(asked, found, strict=True)), here)]


async def _leads_to(name: str, pool: ThreadPoolExecutor, within_s: float) -> tuple[str, ...]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within_s):
            return (await loop.run_in_executor(pool, machine.addresses_of, (name,)))[name]
    except TimeoutError:
        return ()


async def _lan_name(config: BoxConfig) -> Sequence[Check]:
    """Asked anew each time: who took the name may have come after the box."""
    web = config.web
    if not web.lan_name:
        return []
    try:
        speaking = lan_name.spoken_from(web.host, uplink=web.uplink)
        if not speaking:
            return [checkup_network.lan_not_asked(web.lan_host, "this machine has no address")]
        others = await lan_name.others_with(web.lan_name, speaking)
    except OSError as error:
        return [checkup_network.lan_not_asked(web.lan_host, error.strerror or str(error))]
    certified = [address for address in speaking if address in web.names]
    instead = replace(web, names=tuple(certified)).page_url if certified else ""
    return [checkup_network.lan_name(web.lan_host, others, web.page_url, instead)]
