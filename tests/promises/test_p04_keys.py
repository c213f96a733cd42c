"""Promise 4: a copy of everything on the box opens nothing, before close without a passphrase and
after close with every passphrase there is; and each term's reviewer opens that term's exams."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.host.credentials import machine_pepper
from appliance.core.errors import Locked, WrongConfiguration
from appliance.core.ids import AttemptId, ExamId
from appliance.core.keys import PepperKeeping
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.support.box import PASSPHRASE, RealBox
from tests.support.box_api import BoxApi
from tests.support.erasing import openable
from tests.support.thief import steal
from tests.support.tiny_webm import tiny_webm

KINDS = ("reviewer", "recovery", "data_protection_officer")
GUESSES = ("", "hallvakt", "korrekt häst")


@pytest.fixture
async def box() -> AsyncIterator[RealBox]:
    directory = Path(tempfile.mkdtemp(prefix="hvbox-"))  # short: a Unix socket lies in it
    served = RealBox(directory / "box", free_port())
    await asyncio.to_thread(served.make)
    try:
        await served.start()
        yield served
    finally:
        await served.stop()
        await asyncio.to_thread(shutil.rmtree, directory)


async def _sit(box: RealBox, lead: BoxApi) -> tuple[str, AttemptId]:
    """A live exam with one snippet of the candidate at A1."""
    exam = await box.new_exam(lead)
    page = box.api()
    joined = await page.join(exam.code, exam.seats["A1"], PageKey())
    await page.check_in()
    assert (await page.upload(1, tiny_webm(1))).status == 201
    return exam.exam, AttemptId(joined.json["attempt"])


async def _close(lead: BoxApi, exam: str) -> None:
    report = await lead.ok("POST", f"/api/v1/exams/{exam}/state", json={"to": "closed"})
    assert report["live_key_destroyed"] is True


async def test_a_stolen_box_opens_nothing(box: RealBox, tmp_path: Path) -> None:
    lead = await box.login()
    exam, attempt = await _sit(box, lead)
    await box.stop(signal.SIGKILL)  # as when somebody pulls the plug and takes the box
    image = tmp_path / "image"
    await asyncio.to_thread(
        shutil.copytree, box.state, image, ignore=shutil.ignore_patterns("*.sock")
    )

    loot = await steal(image, passphrases=GUESSES)
    assert loot.held == 2  # a snippet and the names
    assert loot.tried > 100
    assert loot.opened == []
    # The same attack with what the thief lacks: it does open, so it is an attack.
    assert len((await steal(image, passphrases=[PASSPHRASE])).opened) == 2
    reviewer = box.school["reviewer"].seed
    assert len((await steal(image, more_keys=[reviewer])).opened) == 2

    await box.start()
    lead = await box.login()
    await _close(lead, exam)
    await box.stop()
    loot = await steal(box.state, passphrases=[PASSPHRASE, *GUESSES])
    assert (loot.held, loot.opened) == (5, [])  # and a record of each of the three seats
    assert len((await steal(box.state, more_keys=[reviewer])).opened) == 5
    assert await asyncio.to_thread(lambda: list((box.state / "live").iterdir())) == []
    assert await openable(box.state, attempt, [box.school["reviewer"]]) == [(1, 1), (4, 1)]


async def test_each_terms_reviewer_opens_that_terms_exams(box: RealBox) -> None:
    lead = await box.login()
    spring, first = await _sit(box, lead)
    await _close(lead, spring)
    old = box.school["reviewer"]
    new = box.school["reviewer"] = PrivateKey.generate("reviewer", "Autumn term")
    # While the gateway runs: it reads the list whenever it makes a key.
    await asyncio.to_thread(box.install_recipients, KINDS, 2)
    autumn, second = await _sit(box, lead)
    await _close(lead, autumn)
    snippet_and_record = [(1, 1), (4, 1)]
    assert await openable(box.state, first, [old]) == snippet_and_record
    assert await openable(box.state, first, [new]) == []
    assert await openable(box.state, second, [new]) == snippet_and_record
    assert await openable(box.state, second, [old]) == []
    assert await openable(box.state, second, [box.school["recovery"]]) == snippet_and_record


async def test_names_are_under_a_passphrase_from_the_import_of_the_roster_on(
    box: RealBox,
) -> None:
    """No second login, no credential of the machine: the box is made, its lead logs in once and
    imports the roster; that very night the box is stolen."""
    lead = await box.login()
    exam = await box.new_exam(lead, to="ready")
    await box.stop(signal.SIGKILL)
    loot = await steal(box.state, passphrases=GUESSES)
    assert (loot.held, loot.opened) == (1, [])
    assert (await steal(box.state, passphrases=[PASSPHRASE])).opened == ["names"]

    # In the morning: the token of yesterday is not enough, a login is.
    await box.start()
    lead = box.api(lead.token)
    state = f"/api/v1/exams/{exam.exam}/state"
    refused = await lead.ask("POST", state, json={"to": "open"})
    assert refused.status == 423
    assert "log in again and repeat this" in refused.json["detail"]
    assert (await lead.ask("GET", f"/api/v1/exams/{exam.exam}/slips")).status == 423
    lead = await box.login()
    slips = (await lead.ok("GET", f"/api/v1/exams/{exam.exam}/slips"))["slips"]
    assert {slip["name"] for slip in slips} >= {"Canary Testperson"}
    await lead.ok("POST", state, json={"to": "open"})


EXAM, PEPPER = ExamId("0e" * 16), b"\xa5" * 32


def test_a_pepper_bound_to_the_machine_is_worth_nothing_elsewhere(tmp_path: Path) -> None:
    here, there = b"h" * 32, b"t" * 32
    LiveKeyFiles(tmp_path, machine=here).put_pepper(EXAM, PEPPER)
    bound = LiveKeyFiles(tmp_path, machine=here).pepper(EXAM)
    assert bound == LiveKeyFiles(tmp_path, machine=here).pepper(EXAM)
    assert bound not in (PEPPER, LiveKeyFiles(tmp_path, machine=there).pepper(EXAM))
    with pytest.raises(Locked, match="credential"):
        LiveKeyFiles(tmp_path).pepper(EXAM)
    assert bound not in (tmp_path / EXAM / "pepper-bound").read_bytes()
    LiveKeyFiles(tmp_path, machine=here).destroy(EXAM)
    with pytest.raises(Locked):
        LiveKeyFiles(tmp_path, machine=here).pepper(EXAM)


def test_a_pepper_of_before_the_credential_goes_on_working(tmp_path: Path) -> None:
    LiveKeyFiles(tmp_path).put_pepper(EXAM, PEPPER)
    assert LiveKeyFiles(tmp_path, machine=b"h" * 32).pepper(EXAM) == PEPPER


def test_the_machines_secret_is_a_credential(tmp_path: Path) -> None:
    where = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert machine_pepper({}) is None
    assert machine_pepper(where) is None
    (tmp_path / "hallvakt-pepper").write_bytes(b"s" * 32)
    kept = machine_pepper(where)
    assert kept is not None
    assert (kept.secret, kept.keeping) == (b"s" * 32, PepperKeeping.TPM)
    assert "ssss" not in repr(kept)
    (tmp_path / "hallvakt-pepper").write_bytes(b"short")
    with pytest.raises(WrongConfiguration):
        machine_pepper(where)


async def test_a_plain_pepper_is_said(box: RealBox) -> None:
    lead = await box.login()
    assert (await lead.ok("GET", "/api/v1/box"))["pepper"] == "plain_file"
