"""A gateway that is killed in the middle of uploads loses nothing that it acknowledged."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
from aiohttp import WSCloseCode

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId
from appliance.core.webm import check_and_strip
from appliance.rehearsal.page_key import PageKey
from tests.support.box import RealBox
from tests.support.box_api import BoxApi
from tests.support.tiny_webm import tiny_webm


async def opened_by_reviewer(box: RealBox, attempt: AttemptId) -> dict[int, bytes]:
    """Every snippet of `attempt`, from its row, its blob and its envelope, as a reviewer's key
    opens it without the gateway."""
    reviewer = box.school["reviewer"].for_opening()
    stores = await asyncio.to_thread(open_stores, box.state)
    blobs = await asyncio.to_thread(DirectoryBlobs, box.state / "blobs")
    try:
        secrets = {
            envelope.epoch: open_envelope(reviewer, envelope)
            for envelope in await stores.envelopes.of_attempt(attempt)
            if envelope.recipient_id == reviewer.recipient_id
        }
        found = {}
        for row in await stores.snippets.snippets(attempt):
            header = row.stored.header
            sealed = await blobs.get(row.stored.name)
            found[row.sequence] = ObjectSealing().open(secrets[header.epoch], header, sealed)
        return found
    finally:
        await stores.close()


async def _upload_until_cut(page: BoxApi, acknowledged: set[int]) -> None:
    for number in range(1, 200):
        if number in acknowledged:
            continue
        try:
            reply = await page.upload(number, tiny_webm(number % 8))
        except (aiohttp.ClientError, OSError):
            return
        if reply.status == 201:
            acknowledged.add(number)


async def test_killed_in_mid_upload_keeps_what_it_acknowledged(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead)
    page, key = box.api(), PageKey()
    attempt = AttemptId((await page.join(exam.code, exam.seats["A1"], key)).json["attempt"])
    await page.check_in()
    token, acknowledged = page.token, set[int]()
    for _ in range(3):
        before = len(acknowledged)
        uploading = asyncio.create_task(_upload_until_cut(page, acknowledged))
        while len(acknowledged) < before + 5:  # noqa: ASYNC110 - counts what the other task did
            await asyncio.sleep(0.005)
        box.gateway.send_signal(signal.SIGKILL)
        await uploading
        await box.restart(signal.SIGKILL)
        page = box.api(token)  # the old token still stands
        status = await page.ok("GET", "/api/v1/attempts/me")
        assert status["exam_state"] == "live"
        assert status["acknowledged"] >= len(acknowledged)

    found = await opened_by_reviewer(box, attempt)
    assert set(found) >= acknowledged
    for number in acknowledged:
        assert found[number] == check_and_strip(tiny_webm(number % 8)).media
    stores = await asyncio.to_thread(open_stores, box.state)
    epochs = await stores.envelopes.last_epoch(attempt)
    await stores.close()
    assert epochs == 3  # one for each life of the gateway that took a snippet


async def test_locked_after_a_restart_until_somebody_logs_in(box: RealBox) -> None:
    lead = await box.login()  # since the last restart: a roster needs a passphrase
    exam = await box.new_exam(lead)
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    await page.check_in()
    await page.upload(1, tiny_webm(1))
    page_token, lead_token = page.token, lead.token
    await box.restart(signal.SIGKILL)

    lead, page = box.api(lead_token), box.api(page_token)
    assert (await page.upload(2, tiny_webm(2))).status == 201
    strip = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/snippets/1/film-strip"
    locked = await lead.ask("GET", strip)
    assert (locked.status, locked.code) == (423, "locked-until-login")
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        snapshot = (await feed.receive_json(timeout=60))["data"]
        assert snapshot["box"]["unlocked"] is False
        assert {seat["name"] for seat in snapshot["seats"]} == {None}
        await box.login()
        async with asyncio.timeout(60):
            while (message := await feed.receive_json())["kind"] != "snapshot":
                pass
        assert "Canary Testperson" in {seat["name"] for seat in message["data"]["seats"]}


async def test_a_second_gateway_on_the_same_state_is_refused(box: RealBox) -> None:
    import sys

    from tests.support.box import ROOT, clean_environment

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.processes.gateway", "--state", str(box.state)),
        cwd=ROOT,
        env=clean_environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 4
    assert b"already" in said


async def test_the_log_holds_nobody(box: RealBox, lead: BoxApi) -> None:
    log = await asyncio.to_thread(box.log)
    for canary in ("Canary", "Zebra", "Quokka", "lena", "127.0.0.1:", str(Path.home())):
        assert canary not in log


async def test_a_box_that_stops_says_so_to_consoles_instead_of_waiting_for_them(
    box: RealBox, lead: BoxApi
) -> None:
    exam = await box.new_exam(lead, to="live")
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed?after=0") as feed:
        await feed.receive_json()
        box.gateway.terminate()
        async for _ in feed:
            pass
        assert feed.close_code == WSCloseCode.GOING_AWAY  # cut off at the end, it would be 1006
    await box.restart()
