"""The whole write set of `hallvakt review open`: while all is looked at, decided and printed, the
kernel lets it write below one directory only, and there is nothing but receipts in the end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from appliance.adapters.crypto.private_keys import write_private_key
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import TITLE, ClosedExam

_ROOT = Path(__file__).parents[3]
_KINDS = {
    ObjectKind.SNIPPET: "snippets",
    ObjectKind.THUMBNAIL: "thumbnails",
    ObjectKind.PORTRAIT: "portrait",
}
_REASON = "Kanariefågeln i burken."
_CHILD = """
import ctypes, signal, sys
from pathlib import Path
from appliance.adapters.host.landlock import restrict_to
from appliance.cli.main import run

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
home = Path(sys.argv[1])
assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0  # no new privileges
assert restrict_to([], programs=[Path("/")], writable=[home, Path("/dev")], network=True) > 0
for elsewhere in (home.parent, Path("/tmp"), Path("/var/tmp"), Path.cwd()):
    try:
        open(elsewhere / "elsewhere", "w")
    except PermissionError:
        continue
    sys.exit("the kernel lets it write elsewhere: this would prove nothing")
sys.exit(run(sys.argv[2:]))
"""


@asynccontextmanager
async def _opened(home: Path, *words: str) -> AsyncIterator[tuple[int, str]]:
    """Process id and address, of `hallvakt review open` that may write below `home` only."""
    read, write = os.pipe()
    os.write(write, b"open sesame\n")
    os.close(write)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, str(home), "review", "open", *words),
        *("--passphrase-fd", str(read), "--json"),
        pass_fds=(read,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(_ROOT),
            "HOME": str(home),
            "TMPDIR": str(home),
            "XDG_CACHE_HOME": str(home),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    os.close(read)
    assert process.stdout is not None
    try:
        yield process.pid, json.loads(await process.stdout.readuntil(b"}"))["url"]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
        print(said.decode())


async def _everything(address: str, made: ClosedExam) -> bytes:
    """Look at all of it as the page does, sign a finding, print the report: which is returned."""
    base, _, token = address.partition("#token=")
    async with aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as page:

        async def get(path: str) -> bytes:
            async with page.get(path) as reply:
                assert reply.status == 200, path
                return await reply.read()

        async with page.post("enter", data=token) as reply:
            assert reply.status == 204
        await get("api/exams")
        await get(f"api/exams/{made.exam_id}")
        for attempt in made.attempts:
            await get(f"api/exams/{made.exam_id}/attempts/{attempt}")
        for (attempt, kind, number), plain in made.plain.items():
            if kind is not ObjectKind.RECORD:
                one = f"api/exams/{made.exam_id}/attempts/{attempt}/{_KINDS[kind]}/{number}"
                assert await get(one) == plain
        own = f"api/exams/{made.exam_id}/attempts/{made.attempts[0]}"
        finding = {"verdict": "finding", "reason": _REASON, "answer": "Noterat."}
        async with page.post(f"{own}/decisions", json=finding) as reply:
            assert reply.status == 201, await reply.text()
        return await get(f"{own}/report.pdf")


def _write_files(pid: int) -> list[str]:
    """Files on a disk, named or not, that the process holds open or mapped for writing."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        flags = re.search(r"flags:\s+(\d+)", Path(f"/proc/{pid}/fdinfo/{link.name}").read_text())
        assert flags is not None
        if stat.S_ISREG(link.stat().st_mode) and int(flags[1], 8) & os.O_ACCMODE:
            found.append(os.readlink(link))
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        place, rights, _, _, node, *name = line.split(maxsplit=5)
        if rights[1] == "w" and rights[3] == "s" and node != "0":
            found.append(name[0] if name else place)
    return found


def _files(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


async def test_nothing_decrypted_touches_the_disk(
    archived: ArchivedExam, cloud: CloudServers, database: str, tmp_path: Path
) -> None:
    home = tmp_path / "reviewer"
    await asyncio.to_thread(home.mkdir)
    key, toml = home / "reviewer.key", home / "cloud.toml"
    await asyncio.to_thread(write_private_key, key, archived.made.reviewer, "open sesame")
    await asyncio.to_thread(cloud.describe, toml, database=database)
    before = await asyncio.to_thread(_files, home)
    async with _opened(home, "--cloud", str(toml), "--key", str(key)) as (pid, address):
        report = await _everything(address, archived.made)
        held = await asyncio.to_thread(_write_files, pid)
    after = await asyncio.to_thread(_files, home)
    assert held == []
    made = {path.name: content for path, content in after.items() if path not in before}
    assert set(made) == {"reviewer.key.receipts", "reviewer.key.receipts.sent"}
    assert all(after[path] == content for path, content in before.items())
    assert report.startswith(b"%PDF-")
    assert made["reviewer.key.receipts"].count(b"\n") > len(archived.made.plain)  # all was seen
    middles = [plain[len(plain) // 2 :][:24] for plain in archived.made.plain.values()]
    told: list[Any] = [TITLE.encode(), b"Brandlarmet", "Två ansikten".encode()]
    for secret in (*middles, *told, _REASON.encode(), report[200:264]):
        assert all(secret not in content for content in made.values())
