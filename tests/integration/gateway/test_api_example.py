"""The client that the API document shows is run as it stands there, against a real gateway."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from tests.integration.gateway.contract import document
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.tiny_webm import tiny_webm


async def test_the_documents_own_client_takes_an_exam(
    box: RealBox, lead: BoxApi, exam: Prepared, tmp_path: Path
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", document()["info"]["description"], re.DOTALL)
    program, film = tmp_path / "client.py", tmp_path / "film.webm"
    program.write_text(code)
    film.write_bytes(tiny_webm(1))
    words = [sys.executable, "-W", "error", str(program), box.origin, str(box.authority)]
    done = await asyncio.to_thread(
        subprocess.run,
        [*words, exam.code, exam.seats["B1"], str(film)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Matematik 3c" in done.stdout
    assert done.stdout.endswith("acknowledged 1\n")
    seats = (await lead.ok("GET", f"/api/v1/exams/{exam.exam}"))["state"]
    assert seats == "live"
