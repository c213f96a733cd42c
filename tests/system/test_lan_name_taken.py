"""Somebody takes the box's name on the LAN after the box has it: the box gives way, says so, and
has it again when that machine is gone. Two networks of the test's own, a real second responder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.box import ROOT
from tests.support.two_networks import LAN, TwoNetworks

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")

_BOX = """
import asyncio, sys
from appliance.adapters.host import lan_name

def ask_again_soon():
    sys.stdin.readline()
    lan_name._ASK_AGAIN_S = 0.3

async def main():
    lan_name._LOOK_AT_CARDS_S, lan_name._ASK_AGAIN_S, lan_name._TURNS = 0.3, 3600, 2
    asyncio.get_running_loop().add_reader(0, ask_again_soon)
    tell = lambda taken: print("taken" if taken else "ours", flush=True)
    async with lan_name.announced("exambox", 8443, "0.0.0.0", tell=tell):
        print("announced", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""  # of itself it asks nobody before a line is typed
# Puts itself under the name without asking whether anybody has it, as no good neighbour does; with
# QUIET it says nothing of itself, and answers who asks.
_RIVAL = """
import asyncio, socket
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

async def main(address, quiet):
    speaking = AsyncZeroconf(interfaces=[address])
    at = {"server": "exambox.local.", "addresses": [socket.inet_aton(address)], "port": 631}
    info = ServiceInfo("_ipp._tcp.local.", "Corridor._ipp._tcp.local.", **at)
    speaking.zeroconf.registry.async_add(info)
    print("there", flush=True)
    while not quiet:
        speaking.zeroconf.async_send(
            speaking.zeroconf.generate_service_broadcast(info, None))
        await asyncio.sleep(0.5)
    await asyncio.Event().wait()

asyncio.run(main("%s", %s))
"""
_WHO = """
import asyncio
from appliance.adapters.host import lan_name
lan_name._TURNS = 2
print(*asyncio.run(lan_name.others_with("exambox", ["%s"])))
"""


@pytest.fixture(scope="module")
def networks() -> Iterator[TwoNetworks]:
    with TwoNetworks() as made:
        yield made


@contextmanager
def _runs(networks: TwoNetworks, end: str, script: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*networks.inside(end), sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _says(process: subprocess.Popen[str], word: str) -> None:
    """It says this next, besides its log."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() in {"announced", "taken", "ours", "there"}:
            assert line.strip() == word
            return
    raise AssertionError(f"it ended before it said {word!r}")


def _who_has_it(networks: TwoNetworks) -> str:
    """The addresses that the LAN is told for the name, besides the asker's own."""
    asking = [*networks.inside("lan"), sys.executable, "-c", _WHO % LAN]
    return subprocess.run(asking, capture_output=True, text=True, cwd=ROOT, check=True).stdout


def test_who_comes_later_is_given_way_to_and_the_name_comes_back(networks: TwoNetworks) -> None:
    """One that tells the name is heard; a quiet one is found when the box asks again."""
    with _runs(networks, "box", _BOX) as box:
        _says(box, "announced")
        with _runs(networks, "lan", _RIVAL % (LAN, False)) as rival:
            _says(rival, "there")
            _says(box, "taken")
            assert _who_has_it(networks) == "\n"  # candidates are not led to two machines
        assert box.stdin is not None
        box.stdin.write("\n")
        box.stdin.flush()
        _says(box, "ours")
        with _runs(networks, "lan", _RIVAL % (LAN, True)):
            _says(box, "taken")
