"""Two halls as VLANs on one cable, by the project's own examples, on a kernel that has VLANs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from appliance.adapters.host.lan_name import others_with
from appliance.rehearsal.page_key import PageKey
from tests.machine.commands import WITHIN_S
from tests.machine.hall import LEAD, LIVE, PASSPHRASE, STATE
from tests.machine.lan import Lan
from tests.machine.networks import BOX
from tests.support import clips
from tests.support.box import ROOT, ROSTER
from tests.support.box_api import BoxApi
from tests.support.network_namespaces import ip
from tests.support.starting import go
from tests.virtual.conftest import Machines
from tests.virtual.disk import Disk
from tests.virtual.virtual import Virtual
from tests.virtual.vlan_switch import Port, VlanSwitch
from tui.relay_probe import answers_over_udp

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(3600)]

NAME = "exambox.local"
AULA, ANNEX = (
    Port(number, f"hallvakt-virtual-{os.getpid()}-{number}", f"10.{number}.0.20/24")
    for number in (20, 21)
)
IN_ANNEX = "10.21.0.5"
HALLS = '[halls]\nAula = ["10.20.0.0/24"]\nAnnex = ["10.21.0.0/24"]\n'


def configure(disk: Disk) -> None:
    """As systemd/network/README.md has it: a line of the cable and two files for each hall."""
    networkd = "/etc/systemd/network"
    for name in ("10-candidates.network", "20-uplink.network"):
        disk.remove(f"{networkd}/{name}")
    trunk = _example("10-trunk.network").replace("eth0", "lan0")
    lines = "VLAN=hall20\nVLAN=hall21\n"
    disk.put(f"{networkd}/10-trunk.network", trunk.replace("VLAN=hall20\n", lines))
    for name in ("11-hall.netdev", "12-hall.network"):
        aula = _example(name)
        annex = aula.replace("hall20", "hall21").replace("Id=20", "Id=21").replace(BOX, IN_ANNEX)
        disk.put(f"{networkd}/{name}", aula)
        disk.put(f"{networkd}/{name.replace('hall', 'annex')}", annex)
    box = disk.text(f"{STATE}/box.toml")
    assert "[halls]\n" in box
    box = box.replace("[halls]\n", HALLS).replace('uplink = "up0"', 'uplink = ""')
    disk.put(f"{STATE}/box.toml", box)


def _example(name: str) -> str:
    return (ROOT / "systemd" / "network" / name).read_text()


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VlanSwitch]:
    with VlanSwitch(tmp_path_factory.mktemp("switch") / "trunk", (AULA, ANNEX)) as switch:
        yield switch


@pytest.fixture(scope="module")
def machine(machines: Machines, switch: VlanSwitch) -> Virtual:
    """Set up for VLANs, and then started."""
    machine = machines(cards=switch.cards)
    configure(machine.disk)
    machine.boot()
    machine.until("hallvakt", "metrics")
    return machine


@pytest.fixture(scope="module")
def aula() -> Iterator[Lan]:
    lan = Lan(AULA.network)
    yield lan
    lan.close()


@pytest.fixture(scope="module")
def annex(machine: Virtual) -> Iterator[Lan]:
    lan = Lan(ANNEX.network)
    yield lan
    lan.close()


def test_each_hall_is_a_card_of_its_own_and_the_cable_has_no_address(machine: Virtual) -> None:
    def addresses(card: str) -> str:
        return machine.says("ip", "-brief", "-4", "address", "show", "dev", card)

    assert f"{BOX}/24" in addresses("hall20")
    assert f"{IN_ANNEX}/24" in addresses("hall21")
    assert addresses("lan0") == ""


class Named(AbstractResolver):
    """As multicast DNS answers in that hall."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert host == NAME
        return [
            ResolveResult(hostname=host, host=self._address, port=port, family=socket.AF_INET,
                          proto=0, flags=0)
        ]  # fmt: skip

    async def close(self) -> None:
        return


def test_the_box_goes_by_its_name_in_each(machine: Virtual, aula: Lan, annex: Lan) -> None:
    for hall, address, there in ((aula, BOX, "10.20.0.20"), (annex, IN_ANNEX, "10.21.0.20")):
        found = hall.do(others_with("exambox", [there]))
        assert address in found, found


def test_an_exam_is_held_in_both_and_each_seat_is_of_its_own_hall(
    machine: Virtual, switch: VlanSwitch, aula: Lan, annex: Lan
) -> None:
    authority = machine.seen(f"{STATE}/tls/ca.pem")
    origin = f"https://{NAME}"

    def computer(hall: Lan, address: str) -> BoxApi:
        return hall.api(origin, authority, resolver=Named(address))

    async def prepared() -> tuple[str, dict[str, str]]:
        lead = computer(aula, BOX)
        said = {"user": LEAD, "passphrase": PASSPHRASE}
        lead.token = (await lead.ok("POST", "/api/v1/login", json=said))["token"]
        settings = {"settings_toml": LIVE + "\n[join]\nhall_network = true\n"}
        made = await lead.ok("POST", "/api/v1/exams", json=settings)
        path = f"/api/v1/exams/{made['exam_id']}"
        csv = {"Content-Type": "text/csv; charset=utf-8"}
        await lead.ok("PUT", f"{path}/roster", data=ROSTER.encode(), headers=csv)
        slips = (await lead.ok("GET", f"{path}/slips"))["slips"]
        for state in ("ready", "open", "live"):
            await go(lead, made["exam_id"], state)
        return made["code"], {slip["seat"]: slip["seat_code"] for slip in slips}

    code, seats = aula.do(prepared())

    media = clips.snippet("president", start_s=1.0, seconds=2.0)

    async def sits(page: BoxApi, seat: str, elsewhere: str) -> None:
        refused = await page.join(code, seats[elsewhere], PageKey())
        assert (refused.status, refused.code) == (403, "not-in-hall")
        assert (await page.join(code, seats[seat], PageKey())).status == 201
        await page.check_in()
        assert (await page.upload(1, media)).status in {200, 201}

    aula.do(sits(computer(aula, BOX), "A1", elsewhere="B1"))
    annex.do(sits(computer(annex, IN_ANNEX), "B1", elsewhere="A2"))
    for hall, address in ((aula, BOX), (annex, IN_ANNEX)):  # where live pictures go through
        assert hall.do(answers_over_udp(address, 3478, 30.0))
    assert all(switch.forwarded.values()), switch.forwarded


_ONE_WITHOUT = """
import socket
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as card:
    card.bind(("lan0", 0))
    card.send(bytes.fromhex("ffffffffffff52540020000588b5") + b"of no hall".ljust(46))
"""  # of a type for experiments (IEEE 802)


def test_what_the_box_sends_is_all_by_a_hall_s_tag(
    machine: Virtual, switch: VlanSwitch, aula: Lan, annex: Lan
) -> None:
    """From its start on: the cable itself says nothing, of no protocol."""
    for hall, address in ((aula, BOX), (annex, IN_ANNEX)):
        assert hall.do(reaches(address, 443))
    assert all(switch.forwarded.values()), switch.forwarded
    assert [frame.hex() for frame in switch.untagged] == []
    machine.run("python3", "-c", _ONE_WITHOUT)  # and it would be seen:
    deadline = time.monotonic() + WITHIN_S
    while not switch.untagged:
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def reaches(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    await writer.wait_closed()
    return True


def test_nothing_goes_from_hall_to_hall_through_the_box(
    machine: Virtual, aula: Lan, annex: Lan
) -> None:
    """Though computers of both take the box for the way to the other."""
    ip("-n", AULA.network, "route", "add", "10.21.0.0/24", "via", BOX)
    ip("-n", ANNEX.network, "route", "add", "10.20.0.0/24", "via", IN_ANNEX)

    async def listens() -> asyncio.Server:
        return await asyncio.start_server(lambda _, writer: writer.close(), "10.21.0.20", 4443)

    async def stops(server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()

    server = annex.do(listens())
    assert annex.do(reaches("10.21.0.20", 4443))
    assert aula.do(reaches(BOX, 443))
    assert not aula.do(reaches("10.21.0.20", 4443))
    annex.do(stops(server))


def test_the_doctor_says_of_both_that_they_are_well(machine: Virtual) -> None:
    done = machine.run("hallvakt", "doctor", "--json", accept=(0, 4, 5, 6))
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["network"]["status"] == "ok"
    assert "hall20 up, hall21 up" in checks["network"]["detail"]
    assert checks["LAN name"]["status"] == "ok"
    assert (checks["uplink"]["status"], checks["uplink"]["detail"]) == (
        "ok",
        "hall20, hall21 serve candidates, on the one cable lan0; none of them leads to the "
        "internet now",
    )
