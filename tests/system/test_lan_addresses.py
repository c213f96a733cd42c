"""A box on a LAN of its own: no default route, a card towards the internet, a cable that comes
later. In a network of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.box import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")

_IN_A_NETWORK_OF_ITS_OWN = """
import asyncio, json, subprocess
from zeroconf.asyncio import AsyncZeroconf
from appliance.adapters.host.lan_name import announced
from appliance.adapters.host.machine import lan_addresses

def ip(words):
    subprocess.run(["ip", *words.split()], check=True)

async def told():
    asking = AsyncZeroconf(interfaces=["10.20.0.5"])
    try:
        found = await asking.async_get_service_info(
            "_https._tcp.local.", "exambox._https._tcp.local.", timeout=60000)
        return found.parsed_addresses()
    finally:
        await asking.async_close()

async def main():
    said = {"before": lan_addresses()}
    async with announced("exambox", 8443, "0.0.0.0", uplink="up0"):  # a box starts without any
        for card, address in (("lan0", "10.20.0.5/24"), ("up0", "198.51.100.5/24")):
            await asyncio.to_thread(ip, f"link add {card} type veth peer name {card}-end")
            await asyncio.to_thread(ip, f"address add {address} dev {card}")
            for end in (card, f"{card}-end"):
                await asyncio.to_thread(ip, f"link set {end} up")
        said["after"] = lan_addresses(uplink="up0")
        said["told"] = await told()
    await asyncio.to_thread(ip, "route add default dev up0")
    said["by the way out"] = lan_addresses()
    print(json.dumps(said))

asyncio.run(main())
"""


def test_a_box_without_a_way_out_is_found_on_its_lan_and_on_no_other_card() -> None:
    done = subprocess.run(
        [
            *("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"),
            *(sys.executable, "-c", _IN_A_NETWORK_OF_ITS_OWN),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "before": [],
        "after": ["10.20.0.5"],
        "told": ["10.20.0.5"],
        "by the way out": ["198.51.100.5", "10.20.0.5"],
    }
