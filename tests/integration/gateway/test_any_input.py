"""Whatever is sent, the box answers as `openapi.yaml` says and never with its own failure.

schemathesis makes the requests out of the contract: for a candidate, for a lead invigilator, and
for somebody who is neither. Left out is what ends the login that it works with, and snippets, whose
bytes have tests of their own (`tests/unit/test_webm_fuzz.py`).
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gateway.contract import PATH as CONTRACT
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
LEFT_OUT = (
    "putSnippet",
    "logout",
    "changePassphrase",
    "leave",
    "handIn",
    "removeUser",
    "resetSecondFactor",
)
TAGS = {"candidate": ["candidate"], "lead": ["console"], "nobody": ["candidate", "console"]}
CONFIG = """\
[parameters]
"path.exam" = "{exam}"
"path.attempt" = "{attempt}"
"""


# By number and not by time: of a time that is too short nothing comes, on a slow machine.
SHORT = ("--phases", "fuzzing", "--max-examples", "2")
LONG = ("--phases", "coverage,fuzzing", "--max-time", "300")
SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("who", "how_much"),
    [
        ("candidate", SHORT),
        ("lead", SHORT),
        *(pytest.param(who, LONG, marks=SOAK) for who in TAGS),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_any_input_is_answered_as_the_contract_says(
    box: RealBox,
    lead: BoxApi,
    exam: Prepared,
    candidate: BoxApi,
    who: str,
    how_much: tuple[str, ...],
    tmp_path: Path,
) -> None:
    me = await candidate.ok("GET", "/api/v1/attempts/me")
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(exam=exam.exam, attempt=me["attempt"]))
    token = {"candidate": candidate.token, "lead": lead.token, "nobody": None}[who]
    done = await asyncio.to_thread(
        subprocess.run,
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                f"--config-file={config}",
                "run",
                str(CONTRACT),
            ),
            *("--url", box.origin, "--tls-verify", str(box.authority)),
            *("--checks", CHECKS, *how_much),
            *(part for tag in TAGS[who] for part in ("--include-tag", tag)),
            *("--seed", "5", "--no-color", "--warnings", "off"),
            *("--request-timeout", "20", "--suppress-health-check", "all"),
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
            *(part for name in LEFT_OUT for part in ("--exclude-operation-id", name)),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    made = re.search(r"(\d+) generated, \1 passed", done.stdout)
    assert made, done.stdout
