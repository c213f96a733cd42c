"""coturn as a unit of its own: under the rules of its unit and as a user that owns nothing, started
through a socket as systemd would, with real allocations through it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.adapters.host.tls import ensure_certificate, make_authority
from appliance.adapters.relay import child, probe
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.relay.loopback import round_trip_ms
from appliance.adapters.relay.unit import Units
from appliance.core.errors import Unreachable
from appliance.core.ids import ExamId, ViewId
from appliance.rehearsal.free_ports import free_port
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random
from tests.support.activated_relays import USER, ActivatedRelays
from tests.support.school_certificate import of_another_authority
from tests.support.turn_client import allocation

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root to be another user",
)
EXAM, ONE, OTHER = ExamId("e" * 32), ViewId("a" * 32), ViewId("b" * 32)


@pytest.fixture
async def units() -> AsyncIterator[ActivatedRelays]:
    units = await asyncio.to_thread(ActivatedRelays)
    await asyncio.to_thread(units.start)
    yield units
    await asyncio.to_thread(units.stop)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("tls")
    now = datetime.now(UTC)
    make_authority(directory, "Test", ("127.0.0.1",), now)
    files = ensure_certificate(directory, ("127.0.0.1",), now)
    return files.served_certificate, files.served_key


@pytest.fixture
async def relay(
    units: ActivatedRelays, tls: tuple[Path, Path], tmp_path: Path
) -> AsyncIterator[Coturn]:
    certificate, private_key = served = tls
    plan = RelayPlan(
        relay_address=RELAY_ADDRESS,
        listen="127.0.0.1",
        port=0,
        tls_port=free_port(),
        certificate=certificate,
        private_key=private_key,
    )
    places = Units(units.socket, lambda: served)
    relay = Coturn(plan, run=tmp_path, clock=Now(), randomness=Random(), places=places)
    yield relay
    await relay.stop_all()


def _coturn(units: ActivatedRelays, number: int = 0) -> int:
    return int((units.directories[number] / "relay" / "coturn.pid").read_text())


def _owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_a_view_s_packets_come_through_a_relay_that_owns_nothing(
    relay: Coturn, units: ActivatedRelays
) -> None:
    await relay.start(EXAM)
    one, other = (relay.credential(EXAM, leg, host="127.0.0.1") for leg in (ONE, OTHER))
    assert await round_trip_ms(one, other) > 0
    assert await asyncio.to_thread(lambda: _owner(_coturn(units))) == USER
    tls_port = int(one.urls[-1].split(":")[2].split("?")[0])
    _, writer = await asyncio.open_connection("127.0.0.1", tls_port)  # TLS came with the order
    writer.close()
    async with allocation(one) as allocated:
        assert await allocated.permission("127.0.0.1") == 403
        assert await allocated.permission("10.0.0.1") == 403


async def test_the_next_exam_s_relay_has_the_certificate_that_is_served_then(
    units: ActivatedRelays, tls: tuple[Path, Path], tmp_path: Path
) -> None:
    """A school's own may have come since the gateway started, or be gone again."""
    other = await asyncio.to_thread(of_another_authority, tmp_path / "school")
    pairs = [tls, (other.certificate, other.key)]
    plan = RelayPlan(
        relay_address=RELAY_ADDRESS,
        listen="127.0.0.1",
        port=0,
        tls_port=free_port(),
        certificate=tls[0],
        private_key=tls[1],
    )
    now: list[tuple[Path, Path]] = []
    places = Units(units.socket, lambda: now[-1])
    relay = Coturn(plan, run=tmp_path / "run", clock=Now(), randomness=Random(), places=places)
    for pair in pairs:
        now.append(pair)
        await relay.start(EXAM)
        url = relay.credential(EXAM, ONE, host="127.0.0.1").urls[-1]
        place = ("127.0.0.1", int(url.split(":")[2].split("?")[0]))
        shown = await asyncio.to_thread(ssl.get_server_certificate, place)
        await relay.stop_all()
        assert shown == await asyncio.to_thread(pair[0].read_text)


async def test_stop_ends_the_unit_and_the_next_exam_has_another_secret(
    relay: Coturn, units: ActivatedRelays
) -> None:
    await relay.start(EXAM)
    before = relay.credential(EXAM, ONE, host="127.0.0.1")
    port = int(before.urls[0].split(":")[2].split("?")[0])
    pid = await asyncio.to_thread(_coturn, units)
    await relay.stop(EXAM)
    assert await asyncio.to_thread(child.start_time, pid) is None
    assert not await probe.answers("127.0.0.1", port)
    assert await asyncio.to_thread(units.processes[0].wait, 60) == 0
    left = await asyncio.to_thread(lambda: list(units.directories[0].glob("relay/*")))
    assert left == []
    await relay.start(EXAM)
    assert relay.credential(EXAM, ONE, host="127.0.0.1").credential != before.credential


async def test_a_relay_that_died_comes_back_as_another_unit(
    relay: Coturn, units: ActivatedRelays
) -> None:
    await relay.start(EXAM)
    os.kill(await asyncio.to_thread(_coturn, units), signal.SIGKILL)
    assert await asyncio.to_thread(units.processes[0].wait, 60) == 5
    async with asyncio.timeout(90):
        while not await relay.running(EXAM) or len(units.processes) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert "coturn ended by itself" in await asyncio.to_thread(units.log.read_text)
    async with allocation(relay.credential(EXAM, ONE, host="127.0.0.1")):
        pass


_GATEWAY = """
import asyncio, sys
from pathlib import Path
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.unit import Units
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random

async def main():
    plan = RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0)
    places = Units(Path(sys.argv[1]), lambda: None)
    relay = Coturn(plan, run=Path(sys.argv[2]), clock=Now(), randomness=Random(), places=places)
    await relay.start(sys.argv[3])
    print("started", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_gateway_leaves_no_relay(units: ActivatedRelays, tmp_path: Path) -> None:
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _GATEWAY, str(units.socket), str(tmp_path), EXAM),
        stdout=asyncio.subprocess.PIPE,
    )
    assert gateway.stdout is not None
    assert b"started" in await gateway.stdout.readline()
    pid = await asyncio.to_thread(_coturn, units)
    gateway.kill()
    await gateway.wait()
    assert await asyncio.to_thread(units.processes[0].wait, 60) == 0
    assert await asyncio.to_thread(child.start_time, pid) is None


async def test_the_secret_is_nowhere_to_be_read(relay: Coturn, units: ActivatedRelays) -> None:
    await relay.start(EXAM)
    credential = relay.credential(EXAM, ONE, host="127.0.0.1")
    async with allocation(credential):
        pass
    known = relay._exams[EXAM].secret.encode()
    pids = (units.processes[0].pid, await asyncio.to_thread(_coturn, units))
    places = [Path(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ")]
    places += await asyncio.to_thread(
        lambda: [path for path in units.directories[0].rglob("*") if path.is_file()]
    )
    assert {path.name for path in places} >= {"users.sqlite", "coturn.pid"}
    for path in places:
        content = await asyncio.to_thread(path.read_bytes)
        assert known not in content, path
        assert credential.credential.encode() not in content, path


async def test_a_relay_that_cannot_be_asked_for_is_said(tmp_path: Path) -> None:
    places = Units(tmp_path / "nobody", lambda: None)
    plan = RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0)
    relay = Coturn(plan, run=tmp_path, clock=Now(), randomness=Random(), places=places)
    with pytest.raises(Unreachable, match=r"systemctl start hallvakt-coturn\.socket"):
        await relay.start(EXAM)
