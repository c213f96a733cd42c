"""What was erased comes back with a restore, and one of its files cannot be deleted: the box starts
for its exam all the same, shows nothing of it, says so, and tries again."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.adapters.store.stores import open_stores
from appliance.core.erasure import ERASURE_REASON
from appliance.core.ids import AttemptId, ExamId
from appliance.core.pack_journal import Tombstone
from appliance.processes.erased_state import tombstone_file
from appliance.rehearsal.page_key import PageKey
from tests.support.box import RealBox
from tests.support.box_api import BoxApi
from tests.support.tiny_webm import tiny_webm


async def test_an_exam_does_not_wait_for_it(box: RealBox, lead: BoxApi) -> None:
    exam, page = await box.new_exam(lead), box.api()
    joined = await page.join(exam.code, exam.seats["A1"], PageKey())
    await page.check_in()
    assert (await page.upload(1, tiny_webm(1))).status == 201
    attempt, token = AttemptId(joined.json["attempt"]), lead.token
    await box.stop()
    erased = Tombstone(
        exam_id=ExamId(exam.exam), attempt_id=attempt, at_ms=1, reason=ERASURE_REASON
    )
    await tombstone_file(box.state).append([erased])
    files = await asyncio.to_thread(_in_the_way, await _files_of(box.state, attempt))

    await box.start()
    lead = box.api(token)
    note = (await lead.ok("GET", "/api/v1/box"))["note"]
    assert note.startswith(f"Files of what was erased that cannot be deleted: {len(files)}.")
    assert await _files_of(box.state, attempt) == []  # nothing that is shown, sent or exported
    stores = await asyncio.to_thread(open_stores, box.state)
    assert await stores.envelopes.of_attempt(attempt) == []
    assert attempt not in [a.attempt_id for a in await stores.attempts.of_exam(ExamId(exam.exam))]
    await stores.close()
    found = {c["name"]: c for c in (await _hallvakt(box, "doctor", codes=(0, 5)))["checks"]}
    assert found["erasure"]["status"] == "warn"
    assert "hallvakt janitor" in found["erasure"]["advice"]
    await _hallvakt(box, "janitor", codes=(5,))  # tried, and said again

    await asyncio.to_thread(_out_of_the_way, files)
    await _hallvakt(box, "janitor", codes=(0,))
    assert [path for path in files if await asyncio.to_thread(path.exists)] == []
    found = {c["name"]: c for c in (await _hallvakt(box, "doctor", codes=(0, 5)))["checks"]}
    assert "erasure" not in found


async def _files_of(state: Path, attempt: AttemptId) -> list[Path]:
    stores = await asyncio.to_thread(open_stores, state)
    try:
        names = [stored.name for stored in await stores.snippets.objects(attempt)]
    finally:
        await stores.close()
    return [state / "blobs" / name[:2] / name for name in names]


def _in_the_way(files: Sequence[Path]) -> Sequence[Path]:
    """Directories of that name, with something in them: not even root deletes those as files."""
    for path in files:
        path.unlink()
        (path / "held").mkdir(parents=True)
    return files


def _out_of_the_way(files: Sequence[Path]) -> None:
    for path in files:
        (path / "held").rmdir()
        path.rmdir()
        path.write_bytes(b"ciphertext")


async def _hallvakt(box: RealBox, *words: str, codes: Sequence[int]) -> Any:
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", *words, "--json", "--state", str(box.state)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await command.communicate()
    assert command.returncode in codes, error.decode()
    return json.loads(out) if out else None
