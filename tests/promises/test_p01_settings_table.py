"""Promise 1: nothing exists anywhere without its setting, for each of the 64 combinations.

For every combination that may be, a whole small exam runs on a real box: real gateway, real keys
and databases, a real media worker in its sandbox with its own copy of the models. The candidate's
page here is rude: it sends a photo, a snippet with a second person and a conversation in it, and
one with sound where no sound is permitted, and the console asks for a live view, whatever is
switched on. Then everything is looked at: what
the worker was asked and answered, rows, blobs, the sealed record (opened with the reviewer's key,
as nobody on the box can), the relay, which model files the kernel saw opened, and at last what
one night's sync brought to the cloud.

The combinations without face models come first, so that "never opened" means never.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import cbor2
import pytest
import pytest_asyncio

from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.vision.weights import default_directory
from appliance.core.ids import AttemptId, ExamId
from appliance.core.messages import (
    AnalyseSnippet,
    MakeFilmStrip,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
)
from appliance.core.processing import Category
from appliance.core.settings import Features
from appliance.core.settings_hash import settings_hash
from appliance.core.snippet import ObjectKind
from appliance.processes.cloud_ends import CloudEnds, cloud_ends
from appliance.processes.syncer import syncer
from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.material import PRESIDENT, VICE_PRESIDENT
from appliance.rehearsal.page_key import PageKey
from appliance.rehearsal.scenes import Scene, SceneKind
from appliance.services import cloud_documents as documents
from tests.support import clips
from tests.support.box import RealBox, use_hall_microphone, use_workers
from tests.support.box_api import BoxApi
from tests.support.cloud_servers import cloud, driver_may_look_around
from tests.support.file_events import OpenedFiles
from tests.support.media_workers import WorkerProcess
from tests.support.worker_tap import WorkerTap

__all__ = ["cloud", "driver_may_look_around"]

SWITCHES = ("live_view", "video_snippets", "face_photo", "audio_presence", "track_misuse_metrics",
            "hall_microphone")  # fmt: skip
# Written by hand, not read from the table in the code.
KINDS = {
    ObjectKind.SNIPPET: {"video_snippets"},
    ObjectKind.THUMBNAIL: {"video_snippets"},
    ObjectKind.PORTRAIT: {"face_photo"},
}
DURING_THE_EXAM = KINDS | {ObjectKind.DESCRIPTOR: {"track_misuse_metrics"}}
OBSERVATIONS = {
    "nobody_in_view": {"track_misuse_metrics"},
    "several_faces": {"track_misuse_metrics"},
    "other_person": {"track_misuse_metrics"},
    "looking_away": {"track_misuse_metrics"},
    "picture_covered": {"video_snippets"},
    "picture_frozen": {"video_snippets"},
    "conversation": {"audio_presence"},
    "noise": {"audio_presence"},
}
ASKED = {
    Category.THUMBNAIL: {"video_snippets"},
    Category.PICTURE_QUALITY: {"video_snippets"},
    Category.SOUND_PRESENCE: {"audio_presence"},
    Category.FACE_COUNT: {"track_misuse_metrics"},
    Category.HEAD_POSE: {"track_misuse_metrics"},
    Category.DESCRIPTOR: {"track_misuse_metrics"},
}
MODELS = {
    "silero_vad.onnx": {"audio_presence"},
    "yunet_n.onnx": {"track_misuse_metrics"},
    "facemesh468.onnx": {"track_misuse_metrics"},
    "dlib_resnet_v1.onnx": {"track_misuse_metrics"},
}
ROSTER = "name,number,seat,hall,extra_minutes\nCanary Testperson,1001,A1,Aula,0\n"


def _may_be(on: frozenset[str]) -> bool:
    if "track_misuse_metrics" in on and not {"video_snippets", "face_photo"} <= on:
        return False
    return "audio_presence" not in on or "video_snippets" in on


def _every() -> list[frozenset[str]]:
    every = [
        frozenset(name for name, switched in zip(SWITCHES, values, strict=True) if switched)
        for values in product((False, True), repeat=len(SWITCHES))
    ]
    return sorted(every, key=lambda on: ("track_misuse_metrics" in on, "audio_presence" in on))


POSSIBLE = [on for on in _every() if _may_be(on)]
IMPOSSIBLE = [on for on in _every() if not _may_be(on)]


def name_of(on: frozenset[str]) -> str:
    return "+".join(name for name in SWITCHES if name in on) or "nothing"


EVERYTHING = max(POSSIBLE, key=len)
SEEN_ONLY = frozenset({"video_snippets", "face_photo"})  # looked at, and nothing noticed
# What leaves the box, where it is not `all`: every combination above is sent whole.
NARROWER = [(EVERYTHING, "flagged"), (SEEN_ONLY, "flagged"), (EVERYTHING, "none")]


def settings_toml(on: frozenset[str], *, basis: bool = True, sync: str = "all") -> str:
    switches = "\n".join(f"{name} = {'true' if name in on else 'false'}" for name in SWITCHES)
    reasons = '[basis]\nlegal_basis = "a basis"\ndpia_reference = "1"\n' if basis else ""
    return (
        f'[exam]\ntitle = "Prov"\nduration_minutes = 60\nlate_upload_minutes = 0\n'
        f"[retention]\ndays = 30\n{reasons}"
        f"[rules]\nseveral_faces_s = 1\nconversation_s = 1\nanalyse_every_s = 0.5\n"
        f"[features]\n{switches}\n"
        f'[sync]\nwhat = "{sync}"\n'
    )


@cache
def footage(*, sound: bool) -> bytes:
    """A second person leans in, then somebody talks. One snippet: its seconds need not pass."""
    scenes = [Scene(SceneKind.SECOND_PERSON, 0, 4), Scene(SceneKind.CONVERSATION, 4, 8)]
    return StagedFootage(PRESIDENT, VICE_PRESIDENT, scenes).snippet(0.0, 8.0, sound=sound)


@dataclass(slots=True)
class Room:
    box: RealBox
    worker: WorkerProcess
    tap: WorkerTap
    opened: OpenedFiles
    token: str = ""
    used: set[str] = field(default_factory=set)
    closed: dict[ExamId, tuple[frozenset[str], str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    clips.portrait()  # these are made once, outside any event loop
    footage(sound=True)
    footage(sound=False)
    directory = Path(tempfile.mkdtemp(prefix="hvp1-"))
    models = Path(shutil.copytree(default_directory(), directory / "models"))
    box = RealBox(directory / "box", free_port())
    box.make()
    use_workers(box.state, 1)
    use_hall_microphone(box.state, "a microphone", "Aula")
    (box.state / "run").mkdir(exist_ok=True)
    with OpenedFiles(models) as opened:
        worker = WorkerProcess(directory, models=models)
        tap = WorkerTap(box.state / "run" / "media-worker-0.sock", worker.socket)
        try:
            asyncio.run(box.start())
            made = Room(box, worker, tap, opened)
            made.token = asyncio.run(_token(box))
            yield made
        finally:
            asyncio.run(box.stop())
            tap.close()
            worker.stop()
            shutil.rmtree(directory)


async def _token(box: RealBox) -> str:
    lead = await box.login()
    await box.close_apis()
    assert lead.token
    return lead.token


@pytest_asyncio.fixture
async def lead(room: Room) -> AsyncIterator[BoxApi]:
    room.tap.forget()
    yield room.box.api(room.token)
    await room.box.close_apis()


@pytest.mark.parametrize("on", IMPOSSIBLE, ids=name_of)
async def test_a_combination_that_contradicts_itself_never_becomes_an_exam(
    lead: BoxApi, on: frozenset[str]
) -> None:
    refused = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": settings_toml(on)})
    assert (refused.status, refused.code) == (400, "settings-dependency")


async def test_metrics_without_a_recorded_basis_never_become_an_exam(lead: BoxApi) -> None:
    metrics = settings_toml(frozenset(SWITCHES), basis=False)
    refused = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": metrics})
    assert (refused.status, refused.code) == (400, "settings-dependency")


@pytest.mark.parametrize("on", POSSIBLE, ids=name_of)
async def test_nothing_appears_without_its_setting(
    room: Room, lead: BoxApi, on: frozenset[str]
) -> None:
    await _sit_an_exam(room, lead, on, "all")


@pytest.mark.parametrize(
    ("on", "sync"), NARROWER, ids=[f"{sync}-{name_of(on)}" for on, sync in NARROWER]
)
async def test_nor_whatever_is_sent(
    room: Room, lead: BoxApi, on: frozenset[str], sync: str
) -> None:
    await _sit_an_exam(room, lead, on, sync)


async def _sit_an_exam(room: Room, lead: BoxApi, on: frozenset[str], sync: str) -> None:
    box = room.box
    prepared = await box.new_exam(lead, settings_toml(on, sync=sync), ROSTER)
    exam = ExamId(prepared.exam)
    page = box.api()
    joined = await page.join(prepared.code, prepared.seats["A1"], PageKey())
    attempt = AttemptId(joined.json["attempt"])
    await _sit_rudely(page, on)
    await _ask_for_a_live_view(lead, exam, attempt, on)
    await _talk_in_the_hall(box, on)
    relay = box.state / "run" / f"relay-{exam}"
    assert await asyncio.to_thread(relay.exists) == ("live_view" in on)
    kinds = set(await asyncio.to_thread(_kinds_of_blobs, box.state / "blobs", exam))
    permitted = {kind for kind, needed in DURING_THE_EXAM.items() if needed <= on}
    # A thumbnail is there when the snippet was looked at; close waits for that.
    assert kinds | {ObjectKind.THUMBNAIL} == permitted | {ObjectKind.THUMBNAIL}
    path = f"/api/v1/exams/{exam}/state"
    report = await lead.ok("POST", path, json={"to": "closed"})
    assert report["unanalysed"] == 0
    room.used |= on
    room.closed[exam] = (on, sync)

    _check_worker(room, on)
    await asyncio.to_thread(_check_models, room)
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        await _check_rows_blobs_and_record(room, stores, exam, attempt, on)
    finally:
        await stores.close()


async def _sit_rudely(page: BoxApi, on: frozenset[str]) -> None:
    me = "/api/v1/attempts/me"
    notice = await page.ok("GET", f"{me}/notice", params={"language": "sv"})
    acknowledged = {"version": notice["version"], "answer": "acknowledged"}
    await page.ok("POST", f"{me}/notice", json=acknowledged)
    await page.ok("POST", f"{me}/devices", json={"camera": True, "microphone": True})
    photo = await page.ask(
        "PUT", f"{me}/portrait", data=clips.portrait(), headers={"Content-Type": "image/jpeg"}
    )
    if "face_photo" in on:
        assert photo.json["accepted"] is True
    else:
        assert (photo.status, photo.code) == (403, "photo-off")
    await page.ok("POST", f"{me}/ready")
    now_ms = time.time_ns() // 1_000_000
    sent = await page.upload(1, footage(sound="audio_presence" in on), started_ms=now_ms)
    if "video_snippets" in on:
        assert sent.status == 201
    else:
        assert (sent.status, sent.code) == (403, "snippets-off")
    if "audio_presence" not in on:
        loud = await page.upload(2, footage(sound=True), started_ms=now_ms)
        assert loud.status in (403, 422)
        assert loud.code in ("snippets-off", "sound-not-permitted")


async def _ask_for_a_live_view(
    lead: BoxApi, exam: ExamId, attempt: AttemptId, on: frozenset[str]
) -> None:
    refused = await lead.ask("GET", f"/api/v1/exams/{exam}/attempts/{attempt}/live")
    assert (refused.code == "live-view-off") == ("live_view" not in on)


async def _talk_in_the_hall(box: RealBox, on: frozenset[str]) -> None:
    """What a process with the microphone would say, whether it was told to listen or not."""
    ago_ms = time.time_ns() // 1_000_000 - 30_000
    window = {"length_s": 1.0, "level_dbfs": -30.0, "voice": 0.9}
    windows = [window | {"started_ms": ago_ms + n * 1_000} for n in range(20)]
    said = await box.local_api().ok(
        "POST", "/box/v1/hall-sound", json={"heard": True, "windows": windows}
    )
    assert said == {"listen": "hall_microphone" in on}


def _check_worker(room: Room, on: frozenset[str]) -> None:
    """The request names what may be measured, the answer holds nothing else."""
    portraits = snippets = 0
    for request, reply in room.tap.exchanges:
        if isinstance(request, MakeFilmStrip):
            continue
        for category in request.permitted:
            assert ASKED.get(category, set(on)) <= on, category
        if isinstance(request, PreparePortrait):
            assert isinstance(reply, PortraitPrepared)
            assert (reply.descriptor is not None) == ("track_misuse_metrics" in on)
            portraits += 1
        if isinstance(request, AnalyseSnippet):
            assert isinstance(reply, SnippetMeasured)
            _check_measured(request, reply, on)
            snippets += 1
    assert portraits == ("face_photo" in on)
    assert snippets == ("video_snippets" in on)


def _check_measured(request: AnalyseSnippet, reply: SnippetMeasured, on: frozenset[str]) -> None:
    metrics = "track_misuse_metrics" in on
    assert (request.reference is not None) == metrics
    assert bool(reply.sound) == ("audio_presence" in on)
    assert reply.frames
    faces = [f for f in reply.frames if f.face_scores is not None]
    assert bool(faces) == metrics
    if not metrics:
        assert {(f.similarity, f.yaw, f.pitch) for f in reply.frames} == {(None, None, None)}
        assert set(reply.cpu_ms) & {"faces", "descriptor", "pose"} == set()


def _check_models(room: Room) -> None:
    """As the kernel saw it, since the worker started: no file without its setting."""
    opened = room.opened.names()
    assert opened <= set(MODELS)
    for file in opened:
        assert MODELS[file] <= room.used, f"{file} was opened with {sorted(room.used)}"
    if "track_misuse_metrics" in room.used:
        assert {"yunet_n.onnx", "dlib_resnet_v1.onnx"} <= opened


async def _check_rows_blobs_and_record(
    room: Room, stores: Stores, exam: ExamId, attempt: AttemptId, on: frozenset[str]
) -> None:
    expected = {kind for kind, needed in KINDS.items() if needed <= on} | {ObjectKind.RECORD}
    rows = list(await stores.snippets.objects_of_exam(exam))
    assert {row.header.kind for row in rows} == expected
    kinds = await asyncio.to_thread(_kinds_of_blobs, room.box.state / "blobs", exam)
    assert set(kinds) == expected
    assert sorted(kinds) == sorted(row.header.kind for row in rows)
    assert not await stores.observations.observations(attempt)

    frozen = await stores.exams.get(exam)
    assert frozen.settings.features == Features(**dict.fromkeys(on, True))
    assert frozen.settings_hash == settings_hash(frozen.settings)

    record = await _opened_record(room, stores, attempt)
    seen = {row["kind"] for row in record["observations"]}
    for kind in seen:
        assert OBSERVATIONS[kind] <= on, kind
    heard = {event["kind"] for event in record["hall_events"]}
    assert heard == ({"hall_conversation"} if "hall_microphone" in on else set())
    assert not await stores.observations.hall_events(exam)
    # The other half of the proof: what is switched on is found in this footage.
    assert ("several_faces" in seen) == ("track_misuse_metrics" in on)
    assert ("conversation" in seen) == ("audio_presence" in on)


def _kinds_of_blobs(blobs: Path, exam: ExamId) -> list[ObjectKind]:
    """From the plain headers of the sealed files (FORMAT.md section 2), not from rows."""
    whole = (path for path in blobs.glob("*/*") if len(path.name) == len(exam))  # not in writing
    headers = [_header(path.read_bytes()) for path in whole]
    return [ObjectKind(h["kind"]) for h in headers if h["exam"] == bytes.fromhex(exam)]


def _header(sealed: bytes) -> dict[str, Any]:
    assert sealed.startswith(b"HVO1")
    header: dict[str, Any] = cbor2.loads(sealed[7 : 7 + int.from_bytes(sealed[5:7], "big")])
    return header


async def _opened_record(room: Room, stores: Stores, attempt: AttemptId) -> dict[str, Any]:
    reviewer = room.box.school["reviewer"].for_opening()
    (stored,) = await stores.snippets.objects(attempt, ObjectKind.RECORD)
    (envelope,) = [
        e
        for e in await stores.envelopes.of_attempt(attempt)
        if e.recipient_id == reviewer.recipient_id and e.epoch == stored.header.epoch
    ]
    path = room.box.state / "blobs" / stored.name[:2] / stored.name
    sealed = await asyncio.to_thread(path.read_bytes)
    opened = ObjectSealing().open(open_envelope(reviewer, envelope), stored.header, sealed)
    record: dict[str, Any] = cbor2.loads(opened)
    return record


async def test_and_the_cloud_holds_no_more_than_that(
    room: Room, lead: BoxApi, cloud: CloudServers
) -> None:
    """The night after: what arrived is read back, pack by pack, object by object."""
    sat = set(room.closed.values())
    for on, sync in [*((on, "all") for on in POSSIBLE), *NARROWER]:
        if (on, sync) not in sat:  # when tests run side by side, another process had those
            room.tap.forget()
            await _sit_an_exam(room, lead, on, sync)
    assert len(room.closed) == len(POSSIBLE) + len(NARROWER)
    await asyncio.to_thread(cloud.configure, room.box.state)
    async with syncer(room.box.state) as night:
        report = await night.run(lambda sent, total: None)
        sent = {exam for exam, (_, sync) in room.closed.items() if sync != "none"}
        assert set(report.exams) == sent
        async with cloud_ends(night.config.cloud) as ends:
            for exam, (on, sync) in room.closed.items():
                kinds = await _kinds_in_cloud(ends, exam)
                assert kinds == _expected_in_cloud(on, sync), f"{sync} {name_of(on)}"
    # Kept at home is kept out altogether: not even its pseudonym is anywhere in the cloud.
    written = await asyncio.to_thread(_everything_below, cloud.directory)
    for exam, (on, sync) in room.closed.items():
        there = any(form in content for content in written for form in _forms(exam))
        assert there == (sync != "none"), f"{sync} {name_of(on)}"


async def _kinds_in_cloud(ends: CloudEnds, exam: ExamId) -> set[ObjectKind]:
    kinds = set()
    for pack in await ends.records.find(documents.PACKS, exam=exam):
        content = await ends.objects.get(f"packs/{pack['_id']}")
        for listed in pack["objects"]:
            header = _header(content[listed["offset"] :])
            assert header["exam"] == bytes.fromhex(exam)
            kinds.add(ObjectKind(header["kind"]))
    return kinds


def _expected_in_cloud(on: frozenset[str], sync: str) -> set[ObjectKind]:
    if sync == "none":
        return set()
    needed = {kind for kind, switches in KINDS.items() if switches <= on}
    if sync == "flagged" and on == SEEN_ONLY:
        needed.clear()
    return needed | {ObjectKind.RECORD}


def _everything_below(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


def _forms(exam: ExamId) -> tuple[bytes, bytes]:
    return exam.encode(), bytes.fromhex(exam)
