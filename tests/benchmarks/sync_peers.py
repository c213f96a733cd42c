"""A night against rclone with its crypt remote and restic, on the same files to the same server.

    python -m tests.benchmarks.sync_peers --json [--bytes 1GB] [--thin-bytes 64MB]
        [--line open|thin|both] [--tool NAME] [--cap-only]

Each reads snippet-sized files, encrypts, sends to SeaweedFS and verifies: a box compares what the
store says of every pack and reads a sample back, rclone runs `cryptcheck`, restic `check`. On an
open line, and on one of 5 Mbit/s upwards with 80 ms there and back and 1 % loss. `resent_bytes` is
what went again after a kill at half way; `cap_error_percent` how far ten seconds were from a cap of
20 Mbit/s on the open line and of 2 Mbit/s on the thin one, of two such times the worse;
`--cap-only` measures nothing else. Bytes and requests are those of a proxy in front of the server;
a box's records, some kilobytes, go to a database beside it. Peers come from Debian: apt install
rclone restic.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.sync_peers_tools import CAP_BIT_S, TOOLS, Tool
from tests.benchmarks.thin_line import FAR, ThinLine
from tests.support.tap import Tap

DELAY_S, RATE_MBIT_S, LOSS_PERCENT = 0.080, 5.0, 1
FAR_PORT = 9000
_CUT_BYTES = 24_000_000  # what the kill is measured on: half of it goes before, half after
_CAP_S, _CAP_WINDOWS = 10.0, 2
_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(slots=True)
class Run:
    tool: str
    line: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    wire_bytes: int = 0
    requests: int = 0
    resent_bytes_after_cut: int = 0
    media_bytes: int = 0
    cap_error_percent: float | None = None


@dataclass(slots=True)
class Usage:
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    killed: bool


async def drive(
    host: str,
    port: int,
    line: str,
    size: int,
    scratch: Path,
    tools: Sequence[str],
    *,
    cap_only: bool = False,
) -> list[Run]:
    """All tools through one proxy, one after another."""
    delay_s, pieces = (DELAY_S / 2, 4) if line == "thin" else (0.0, 64)
    whole, small = scratch / "files", scratch / "cut"
    await asyncio.to_thread(_files, whole, size, 1)
    await asyncio.to_thread(_files, small, min(size, _CUT_BYTES), 2)
    runs = []
    async with Tap(host, port, delay_s=delay_s, pieces=pieces) as tap:
        for make in [tool for tool in TOOLS if tool.name in tools]:
            run = Run(tool=make.name, line=line, media_bytes=_weight(whole))
            if not cap_only:
                async with _ready(make(scratch / f"{make.name}-whole", whole, tap.port)) as tool:
                    await _measure(tool, tap, run)
                async with _ready(make(scratch / f"{make.name}-cut", small, tap.port)) as tool:
                    run.resent_bytes_after_cut = await _resent(tool, tap, _weight(small))
            cap_bit_s = CAP_BIT_S[line]
            capped = make(scratch / f"{make.name}-cap", whole, tap.port, cap_bit_s=cap_bit_s)
            async with _ready(capped) as tool:
                run.cap_error_percent = await _cap_error(tool, tap, cap_bit_s)
            runs.append(run)
            print(json.dumps(asdict(run)), file=sys.stderr, flush=True)
    return runs


@asynccontextmanager
async def _ready(tool: Tool) -> AsyncIterator[Tool]:
    """Prepared in a thread: what it asks of the store goes through the proxy in this one."""
    await asyncio.to_thread(tool.prepare)
    try:
        yield tool
    finally:
        await asyncio.to_thread(tool.close)


async def _measure(tool: Tool, tap: Tap, run: Run) -> None:
    bytes_before, requests_before = tap.sent_bytes, tap.requests
    for command in (tool.send(), *tool.verify()):
        usage = await _run(command, tool)
        run.wall_s += usage.wall_s
        run.cpu_s += usage.cpu_s
        run.peak_rss_mb = max(run.peak_rss_mb, usage.peak_rss_mb)
    run.wall_s, run.cpu_s = round(run.wall_s, 2), round(run.cpu_s, 2)
    run.wire_bytes = tap.sent_bytes - bytes_before
    run.requests = tap.requests - requests_before


async def _resent(tool: Tool, tap: Tap, size: int) -> int:
    """What two runs with a kill in between sent, beyond what the files need."""
    before = tap.sent_bytes
    usage = await _run(tool.send(), tool, tap=tap, kill_at=before + size // 2)
    assert usage.killed, "it was done before it could be killed"
    await _run(tool.send(), tool)
    return max(0, tap.sent_bytes - before - size)


async def _cap_error(tool: Tool, tap: Tap, cap_bit_s: int) -> float:
    """In percent of the cap; of the window that is farthest from it."""
    start, begun = tap.sent_bytes, asyncio.Event()

    def look(total: int) -> None:
        if total > start + 500_000:
            begun.set()

    tap.watch = look
    sending = asyncio.ensure_future(_run(tool.send(), tool))
    await asyncio.wait_for(begun.wait(), 60)
    await asyncio.sleep(1.0)
    errors: list[float] = []
    for _ in range(_CAP_WINDOWS):
        before, at = tap.sent_bytes, time.monotonic()
        await asyncio.sleep(_CAP_S)
        rate = 8 * (tap.sent_bytes - before) / (time.monotonic() - at)
        errors.append(100 * (rate / cap_bit_s - 1))
        if sending.done():
            raise SystemExit(f"{tool.name} had sent all before its cap was measured: more --bytes")
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    worst = max(errors, key=lambda error: error * error)
    return round(worst, 1)


async def _run(
    command: list[str], tool: Tool, *, tap: Tap | None = None, kill_at: int | None = None
) -> Usage:
    """Wall and processor time, and the largest its memory ever was."""
    started = time.monotonic()
    log = await asyncio.to_thread((tool.scratch / "log").open, "ab")
    with log:
        child = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", "--", *command),
            env=tool.environment(),
            stdout=log,
            stderr=log,
        )
    peak_kb = cpu_s = 0.0
    killed = False

    def kill(total: int) -> None:
        nonlocal killed
        if kill_at is not None and total >= kill_at and not killed:
            killed = True
            os.kill(child.pid, signal.SIGKILL)

    if tap is not None:
        tap.watch = kill
    try:
        while child.returncode is None:
            seen = await asyncio.to_thread(_usage, child.pid)
            peak_kb, cpu_s = max(peak_kb, seen[0]), max(cpu_s, seen[1])
            await asyncio.wait([asyncio.ensure_future(child.wait())], timeout=0.02)
    finally:
        if tap is not None:
            tap.watch = lambda total: None
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"{tool.name} failed: see {tool.scratch / 'log'}")
    return Usage(time.monotonic() - started, cpu_s, peak_kb / 1000, killed)


def _usage(pid: int) -> tuple[float, float]:
    """`VmHWM` in kB and processor seconds so far; zeros when it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    ticks = sum(map(int, fields[11:15]))  # its own and those of children it waited for
    return float(peak[0]) if peak else 0.0, ticks / 100


def _files(directory: Path, size: int, seed: int) -> None:
    """Random content in files of 300 to 800 kB, as snippets are."""
    directory.mkdir(parents=True)
    dice, left, number = random.Random(seed), size, 0
    while left > 0:
        take = min(left, dice.randrange(300_000, 800_000))
        (directory / f"{number:06}.webm").write_bytes(dice.randbytes(take))
        left, number = left - take, number + 1


def _weight(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def _parse_size(text: str) -> int:
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return round(float(text.removesuffix(unit)) * factor)
    return int(text)


def _open(size: int, scratch: Path, tools: Sequence[str], *, cap_only: bool) -> list[Run]:
    from tests.support.object_servers import SeaweedFS

    server = SeaweedFS(scratch / "server")
    server.start()
    try:
        place = scratch / "open"
        driven = drive("127.0.0.1", server.port, "open", size, place, tools, cap_only=cap_only)
        return asyncio.run(driven)
    finally:
        server.stop()


def _thin(size: int, scratch: Path, tools: Sequence[str], *, cap_only: bool) -> list[Run]:
    """The server on the far end, and this very program again on the near one."""
    module = [sys.executable, "-m", "tests.benchmarks.sync_peers"]
    only = [word for name in tools for word in ("--tool", name)]
    only += ["--cap-only"] if cap_only else []
    with ThinLine(RATE_MBIT_S, LOSS_PERCENT) as line:
        far = subprocess.Popen(
            [*line.far, *module, "--far", str(scratch / "far")], stdout=subprocess.PIPE, text=True
        )
        try:
            assert far.stdout is not None
            if far.stdout.readline().strip() != "ready":
                raise SystemExit("the server on the far end did not start")
            near = subprocess.run(
                [*line.near, *module, "--near", str(scratch / "near"), "--bytes", str(size), *only],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        finally:
            far.terminate()
            far.wait()
    return [Run(**run) for run in json.loads(near.stdout)]


async def _far(scratch: Path) -> None:
    from tests.support.object_servers import SeaweedFS

    server = SeaweedFS(scratch)
    await asyncio.to_thread(server.start)
    try:
        async with Tap("127.0.0.1", server.port, listen=(FAR, FAR_PORT)):
            print("ready", flush=True)
            await asyncio.Event().wait()
    finally:
        server.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--bytes", type=_parse_size, default=64_000_000)
    options.add_argument(
        "--thin-bytes",
        type=_parse_size,
        help="On the thin line, where 1GB takes each of them some 27 minutes; else as --bytes.",
    )
    options.add_argument("--line", choices=["open", "thin", "both"], default="both")
    names = [tool.name for tool in TOOLS]
    options.add_argument("--tool", choices=names, action="append", help="Only this one.")
    options.add_argument("--cap-only", action="store_true", help="How well caps hold, no more.")
    options.add_argument("--far", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--near", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    tools = chosen.tool or names
    if chosen.far is not None:
        asyncio.run(_far(chosen.far))
        return
    if chosen.near is not None:
        driven = drive(
            *(FAR, FAR_PORT, "thin", chosen.bytes, chosen.near, tools), cap_only=chosen.cap_only
        )
        runs = asyncio.run(driven)
        print(json.dumps([asdict(run) for run in runs]))
        return
    missing = [name for name in ("rclone", "restic") if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"Not installed: apt install {' '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="hv-peers-") as directory:
        scratch, runs = Path(directory), []
        if chosen.line in ("open", "both"):
            runs += _open(chosen.bytes, scratch, tools, cap_only=chosen.cap_only)
        if chosen.line in ("thin", "both"):
            size = chosen.thin_bytes or chosen.bytes
            runs += _thin(size, scratch, tools, cap_only=chosen.cap_only)
    if chosen.json:
        print(json.dumps({"runs": [asdict(run) for run in runs]}, indent=2))
        return
    for run in runs:
        print(
            f"{run.line:5} {run.tool:9} {run.wall_s:7.1f} s wall {run.cpu_s:6.2f} s CPU "
            f"{run.peak_rss_mb:5.0f} MB {run.wire_bytes / run.media_bytes:6.3f} x bytes "
            f"{run.requests:5} requests, {run.resent_bytes_after_cut / 1e6:5.1f} MB again, "
            f"cap {run.cap_error_percent} %"
        )


if __name__ == "__main__":
    main()
