"""`hallvakt sync` and `hallvakt janitor` beside a running gateway, which signs over its socket."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.config.night import NightConfig
from appliance.core.errors import NotFound
from appliance.core.night_window import Window
from appliance.rehearsal.free_ports import free_port
from tests.support.closed_exam import closed_exam

PASSPHRASE = "correct horse battery"


async def _hallvakt(*words: str, **passphrases: str) -> tuple[int, Any, str]:
    """Exit code, the JSON it printed or None, and what it said on standard error. `passphrases` go
    by a descriptor each: passphrase, new_passphrase."""
    by_descriptor: list[str] = []
    descriptors: list[int] = []
    for name, passphrase in passphrases.items():
        read, write = os.pipe()
        os.write(write, f"{passphrase}\n".encode())
        os.close(write)
        by_descriptor += [f"--{name.replace('_', '-')}-fd", str(read)]
        descriptors.append(read)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", *words, *by_descriptor, "--json",
        pass_fds=descriptors,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    for read in descriptors:
        os.close(read)
    out, said = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else None, said.decode()


@pytest.fixture
async def made_box(state: Path) -> None:
    ports = [str(free_port()) for _ in range(3)]
    words = ("--host", "127.0.0.1", "--port", ports[0], "--lead", "lead", "--no-second-factor")
    relay = ("--relay-port", ports[1], "--relay-tls-port", ports[2])
    code, _, said = await _hallvakt(
        "init", *words, *relay, "--state", str(state), passphrase=PASSPHRASE
    )
    assert code == 0, said


async def _answers(socket: Path) -> bool:
    """A file may be left over from a gateway before."""
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def _gateway(state: Path) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.processes.gateway", "--state", str(state),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while not await _answers(state / "run" / "gateway.sock"):
                assert process.returncode is None, "the gateway ended"
                await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.usefixtures("made_box")
async def test_the_night_by_command(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    at = ("--state", str(state))
    _, planned, _ = await _hallvakt("sync", "plan", *at)
    assert planned["bytes"] > 0
    assert [o["kind"] for o in planned["order"]] == ["records", "flagged", "portraits", "rest"]
    assert sum(o["bytes"] for o in planned["order"]) == planned["bytes"]
    (window,) = planned["windows"]
    assert (window["cap_bit_s"], window["metered"], window["shared"]) == (None, False, False)
    midnight = [datetime.fromisoformat(window[end]) for end in ("from", "to")]
    assert midnight[1] - midnight[0] == timedelta(days=1)

    code, _, said = await _hallvakt("sync", "run", *at)
    assert code == 5  # nobody signs
    assert "hallvakt serve" in said

    async with _gateway(state):
        code, ran, said = await _hallvakt("sync", "run", *at)
        assert code == 0, said
        assert ran["exams"] == [made.exam_id]
    code, verified, said = await _hallvakt("sync", "verify", *at)
    assert code == 0, said
    assert (verified["verified"], verified["bytes"]) == (True, planned["bytes"])
    _, status, _ = await _hallvakt("sync", "status", *at)
    assert (status["backlog_bytes"], status["confirmed_bytes"]) == (0, planned["bytes"])
    assert status["last_verified_at"] is not None
    _, cleaned, _ = await _hallvakt("janitor", *at)
    assert cleaned["purged"] == len(made.plain)
    assert made.names == []


@pytest.mark.usefixtures("made_box")
async def test_a_box_without_cloud_says_so_to_a_person_and_is_calm_under_its_timer(
    state: Path,
) -> None:
    at = ("--state", str(state))
    code, document, said = await _hallvakt("sync", "run", *at)
    assert (code, document) == (4, None)
    assert "stays on the box" in said
    code, document, said = await _hallvakt("sync", "run", "--timer", *at)
    assert (code, said) == (0, "")
    assert document == {"sent": False, "why": "Nothing to do: this box keeps everything."}


@pytest.mark.usefixtures("made_box")
async def test_outside_its_windows_and_paused_a_box_sends_only_for_a_reason(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    config = await asyncio.to_thread(box.load, state)
    hour = datetime.now(UTC).hour
    window = Window(opens=f"{(hour + 3) % 24:02}:00", closes=f"{(hour + 4) % 24:02}:00")
    night = NightConfig(time_zone="UTC", window=(window,))
    await asyncio.to_thread(box.write, state, replace(config, night=night))
    at = ("--state", str(state))
    code, _, said = await _hallvakt("sync", "run", *at)
    assert code == 4
    assert "Outside the windows" in said
    code, calm, _ = await _hallvakt("sync", "run", "--timer", *at)
    assert (code, calm["sent"]) == (0, False)
    code, calm, _ = await _hallvakt("backup", "drill", "--timer", *at)
    assert (code, calm["drilled"]) == (0, False)
    for half in (("--now",), ("--now", "--reason", "because"), ("--now", "--as", "lead")):
        code, _, said = await _hallvakt("sync", "run", *half, *at)
        assert (code, "--reason TEXT and --as NAME" in said) == (2, True)
    by_nobody = ("--now", "--reason", "because", "--as", "nobody")
    code, _, said = await _hallvakt("sync", "run", *by_nobody, *at)
    assert (code, "no user nobody" in said) == (NotFound.exit_code, True)
    code, _, said = await _hallvakt("sync", "pause", "--as", "it", *at, passphrase=PASSPHRASE)
    assert code == 5  # a person's command goes through the gateway
    async with _gateway(state):
        words = ("user", "add", "it", "technician", "--no-second-factor", "--as", "lead", *at)
        code, person, said = await _hallvakt(
            *words, passphrase=PASSPHRASE, new_passphrase=PASSPHRASE
        )
        assert code == 0, said
        code, _, said = await _hallvakt("sync", "pause", "--as", "lead", *at, passphrase=PASSPHRASE)
        assert code == 4, said  # the line is the technicians'
        _, paused, _ = await _hallvakt("sync", "pause", "--as", "it", *at, passphrase=PASSPHRASE)
        assert paused == {"paused": True}
        _, status, _ = await _hallvakt("sync", "status", *at)
        assert (status["paused"], status["cap_bit_s"]) == (True, None)
        assert (status["window"]["open"], status["backlog_bytes"] > 0) == (False, True)
        reason = "the school closes for the holidays"
        forced = ("--now", "--reason", reason, "--as", "it")
        code, ran, said = await _hallvakt("sync", "run", *forced, *at)
        assert code == 0, said
        assert ran["exams"] == [made.exam_id]
        _, resumed, _ = await _hallvakt("sync", "resume", "--as", "it", *at, passphrase=PASSPHRASE)
        assert resumed == {"paused": False}
    stores = await asyncio.to_thread(open_stores, state)
    entries = [(e.actor, e.action, e.about) for e in await stores.audit.entries()]
    await stores.close()
    who, box_id = person["user_id"], config.box_id
    assert (who, "sync.forced", reason) in entries
    assert {(who, "sync.paused", box_id), (who, "sync.resumed", box_id)} <= set(entries)
