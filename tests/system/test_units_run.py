"""The box's processes do their work under the rules of their units: system calls, memory that is
never writable and executable, address families, no capabilities. (That systemd itself starts them
is not tested here.)"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from appliance.core.attempt import AttemptState
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.support import clips
from tests.support.activated_relays import ActivatedRelays
from tests.support.box import ROOT, SETTINGS, RealBox, clean_environment, use_workers
from tests.support.media_workers import only_child
from tests.support.service_manager import Manager
from tests.support.unit_sandbox import allowed_system_calls

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root for a network of its own",
)

WATCHDOG_S = 0.3
EVERYTHING = SETTINGS.replace(
    "video_snippets = true",
    "video_snippets = true\nlive_view = true\nface_photo = true\naudio_presence = true\n"
    "track_misuse_metrics = true\n\n[basis]\nlegal_basis = 'x'\ndpia_reference = 'y'",
)


@pytest_asyncio.fixture
async def box(tmp_path: Path) -> AsyncIterator[tuple[RealBox, Manager]]:
    relays = await asyncio.to_thread(ActivatedRelays)
    await asyncio.to_thread(relays.start)
    manager = Manager(tmp_path / "notify")
    box = RealBox(tmp_path / "box", free_port(), workers=1, units=True)
    await asyncio.to_thread(box.make)
    use_workers(box.state, 1)
    box.relay_socket = relays.socket
    box.environment = manager.environment | {"WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6))}
    await box.start()
    try:
        yield box, manager
    finally:
        await box.stop()
        manager.close()
        await asyncio.to_thread(relays.stop)


async def test_a_box_holds_an_exam_under_the_rules_of_its_units(
    box: tuple[RealBox, Manager],
) -> None:
    served, manager = box
    gateway, worker = served.gateway.pid, served.worker_processes[0].pid
    await asyncio.to_thread(manager.ready, gateway, worker)
    await asyncio.to_thread(manager.hears, gateway, worker)  # idle, too
    decoder = await asyncio.to_thread(only_child, worker)
    os.kill(decoder, signal.SIGSTOP)  # it hangs: nobody else gives a sign of life for it
    await asyncio.to_thread(manager.misses, worker, 3 * WATCHDOG_S)
    os.kill(decoder, signal.SIGCONT)
    await asyncio.to_thread(manager.hears, gateway, worker)

    lead = await served.login()
    exam = await served.new_exam(lead, EVERYTHING, to="live")  # starts a relay as a unit
    candidate = served.api()
    attempt = (await candidate.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    await candidate.check_in()
    photo = await asyncio.to_thread(clips.portrait, "astronaut")
    jpeg = {"Content-Type": "image/jpeg"}
    path = "/api/v1/attempts/me/portrait"
    assert (await candidate.ok("PUT", path, data=photo, headers=jpeg))["accepted"]
    snippet = await asyncio.to_thread(clips.snippet, "astronaut")
    assert (await candidate.upload(1, snippet)).status == 201
    seat: dict[str, Any] = {"last_picture_ms": None}
    async with asyncio.timeout(60):
        while seat["last_picture_ms"] is None:
            await asyncio.sleep(0.1)
            looked = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/attempts/{attempt}")
            seat = looked["seat"]
    assert seat["state"] == AttemptState.RECORDING
    async with asyncio.timeout(60):
        while not (await lead.ok("GET", "/api/v1/box"))["relay"]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    log = served.log()
    assert "landlock=" in log  # the worker's own, narrower sandbox stands inside the unit's
    assert "seccomp=on" in log


def test_the_janitor_runs_under_the_rules_of_its_unit(tmp_path: Path) -> None:
    """A whole night and its drill do in integration/night/test_under_its_units.py."""
    box = RealBox(tmp_path / "box", free_port())
    box.make()
    unit = ROOT / "systemd" / "hallvakt-janitor.service"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.support.unit_sandbox", str(unit)),
            *(sys.executable, "-m", "appliance.cli.main", "janitor", "--state", str(box.state)),
        ],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_console_s_libraries_run_under_the_rules_of_its_unit() -> None:
    """Drawing and a live view's peer, whose foreign functions could want executable memory."""
    code = (
        "import asyncio, tui.app, textual.app\n"
        "from aiortc import RTCPeerConnection\n"
        "async def main():\n"
        "    peer = RTCPeerConnection()\n"
        "    peer.addTransceiver('video', direction='recvonly')\n"
        "    print('fingerprint' in (await peer.createOffer()).sdp)\n"
        "    await peer.close()\n"
        "asyncio.run(main())\n"
    )
    unit = ROOT / "systemd" / "hallvakt-console@.service"
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.unit_sandbox", str(unit), sys.executable, "-c", code],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("unit", sorted((ROOT / "systemd").glob("*.service")), ids=lambda u: u.stem)
def test_no_unit_may_do_what_none_needs(unit: Path) -> None:
    never = {"ptrace", "mount", "init_module", "kexec_load", "reboot", "bpf", "swapon", "chroot"}
    assert allowed_system_calls(unit) & never == set()


def test_the_rules_really_bind(tmp_path: Path) -> None:
    """The launcher of these tests refuses what it should; else they would show nothing."""
    tries = (
        "import mmap, socket, ctypes, os\n"
        "def refused(work):\n"
        "    try:\n"
        "        return work() is None\n"
        "    except OSError:\n"
        "        return True\n"
        "print(refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),\n"
        "      refused(lambda: socket.socket(socket.AF_INET)),\n"
        "      refused(lambda: os.chroot('/tmp')),\n"
        "      ctypes.CDLL(None).unshare(0x20000) == -1)\n"
    )
    unit = ROOT / "systemd" / "hallvakt-media-worker@.service"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.unit_sandbox",
            str(unit),
            sys.executable,
            "-c",
            tries,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == ["True"] * 4, done.stderr
