"""The doctor on networks of the test's own: a cable without a link, names that lead elsewhere, a
name server that knows nothing or is silent, and another machine with the box's name on the LAN."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.processes.checkup_network import LOOKED_UP_S
from appliance.rehearsal.free_ports import free_port
from appliance.services import doctor
from tests.support.box import ROOT, RealBox
from tests.support.network_namespaces import ip
from tests.support.two_networks import BOX, LAN, TwoNetworks

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")

AULA = "aula.school.example"
_PRINTER = """
import asyncio, socket
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

async def main(address):
    speaking = AsyncZeroconf(interfaces=[address])
    at = {"server": "exambox.local.", "addresses": [socket.inet_aton(address)], "port": 631}
    await speaking.async_register_service(
        ServiceInfo("_ipp._tcp.local.", "Corridor._ipp._tcp.local.", **at))
    print("listening", flush=True)
    await asyncio.Event().wait()

asyncio.run(main("%s"))
"""  # it has the name, and no service that a box has


@pytest.fixture(scope="module")
def networks() -> Iterator[TwoNetworks]:
    with TwoNetworks("127.77.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> RealBox:
    box = RealBox(state=tmp_path_factory.mktemp("networked") / "box", port=free_port())
    box.make()
    return box


def _doctor(networks: TwoNetworks, box: RealBox, *more: str, **asked: Any) -> dict[str, Any]:
    """What it says on the box's network of each place asked about, and what it logged."""
    words = [sys.executable, "-m", "tests.support.doctor_on_a_network", str(box.state)]
    done = subprocess.run(
        [*networks.inside("box"), *words, json.dumps(asked), *more],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
    )
    *logged, said = done.stdout.splitlines() or [""]
    assert said.startswith("{"), done.stderr
    return {**json.loads(said), "logged": "\n".join(logged)}


@contextmanager
def _started(networks: TwoNetworks, end: str, *words: str) -> Iterator[None]:
    with subprocess.Popen(
        [*networks.inside(end), sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "listening\n"
            yield
        finally:
            process.kill()


@contextmanager
def _name_server(networks: TwoNetworks) -> Iterator[None]:
    place = Path("/etc/netns") / networks.name("box")  # `ip netns exec` lays it over /etc
    place.mkdir(parents=True)
    try:
        (place / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        with _started(networks, "box", "-m", "tests.support.name_server", AULA, LAN):
            yield
    finally:
        shutil.rmtree(place)


def test_cards_names_and_relay_are_looked_at_from_where_candidates_come(
    networks: TwoNetworks, box: RealBox
) -> None:
    assert LOOKED_UP_S < doctor._PROBE_S  # so that what a silent name server leaves is said
    with _name_server(networks):
        found = _doctor(
            networks,
            box,
            well={"names": [BOX], "probes": ["network", "names", "relay"]},
            moved={"names": ["10.77.0.9", "localhost"]},
            unknown={"names": [AULA, "exam.school.example"]},
            elsewhere={"names": [AULA]},
            silent={"names": ["one.silent", "two.silent"], "within_s": 0.5},
        )
    well = found["well"]
    assert well["network"]["status"] == "ok"
    assert well["network"]["detail"].startswith("lan0 up")
    assert (well["names"]["status"], well["names"]["detail"]) == ("ok", BOX)
    assert well["relay loopback"]["detail"].startswith(f"a packet from {BOX} went through")
    assert {found[name]["names"]["status"] for name in found.keys() - {"well", "logged"}} == {
        "warn"
    }
    said = {name: found[name]["names"]["detail"] for name in found.keys() - {"logged"}}
    assert said["moved"] == f"10.77.0.9 leads to 10.77.0.9, and this machine has {BOX}"
    assert said["unknown"] == "this machine cannot look up exam.school.example"
    assert said["elsewhere"] == f"{AULA} leads to {LAN}, and this machine has {BOX}"
    assert said["silent"] == "this machine cannot look up one.silent, two.silent"


def test_a_cable_that_is_not_plugged_in_is_found(networks: TwoNetworks, box: RealBox) -> None:
    ip("-n", networks.name("lan"), "link", "set", "end", "down")
    try:
        _wait_for_the_kernel_to_notice(networks)
        found = _doctor(networks, box, without={"names": [BOX], "probes": ["network"]})
    finally:
        ip("-n", networks.name("lan"), "link", "set", "end", "up")
    cards = found["without"]["network"]
    assert (cards["status"], cards["detail"]) == ("fail", "no network card has a link")
    assert "Plug in the cable" in cards["advice"]


def _wait_for_the_kernel_to_notice(networks: TwoNetworks) -> None:
    """It tells the other end of a cable a little later."""
    state = [*networks.inside("box"), "cat", "/sys/class/net/lan0/operstate"]
    while subprocess.run(state, capture_output=True, check=True).stdout == b"up\n":
        pass


def test_another_machine_with_the_box_s_name_on_the_lan_is_named(
    networks: TwoNetworks, box: RealBox
) -> None:
    asked = {"lan_name": "exambox", "probes": ["LAN name"], "names": [BOX]}
    alone = _doctor(networks, box, "announcing", alone=asked)
    assert alone["logged"] == ""
    assert alone["alone"]["LAN name"]["status"] == "ok"
    with _started(networks, "lan", "-c", _PRINTER % LAN):
        found = {"logged": "", "taken": alone["alone"]}
        # A printer that is slow to answer is not heard: asked until it was in time.
        while "Another machine" not in found["logged"] or found["taken"] == alone["alone"]:
            found = _doctor(networks, box, "announcing", taken=asked)
    taken = found["taken"]["LAN name"]
    assert taken["status"] == "warn"
    assert taken["detail"] == (
        f"another machine ({LAN}) answers to exambox.local: the box goes by "
        f"https://{BOX}:{box.port}"
    )
