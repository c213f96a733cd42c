"""One candidate without a browser: joins, checks in, records, answers live views, hands in."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
import structlog

from appliance.core.errors import HallvaktError, Unreachable
from appliance.rehearsal.candidate_client import Answered, CandidateClient
from appliance.rehearsal.live_sender import LiveSender
from appliance.rehearsal.page_key import PageKey

log = structlog.get_logger()

_RETRY_FIRST_S, _RETRY_MOST_S = 0.5, 8.0
# As the page does (HURRY_WITHIN_MS of web/static/uploader.js, CALL_WITHIN_MS of channel.js,
# END_WITHIN_MS of hand_in.js): a hall does not come back, or end, in the same moment.
_COME_BACK_WITHIN_S, _CALL_WITHIN_S, _END_WITHIN_S = 12.0, 3.0, 3.0
_GIVE_UP = frozenset({"seat-taken", "not-webm", "conflict", "too-large"})


class Footage(Protocol):
    """What this candidate's camera sees and microphone hears, as a function of time."""

    def portrait(self) -> bytes:
        """JPEG."""

    def snippet(self, start_s: float, seconds: float, *, sound: bool) -> bytes:
        """A self-contained VP8 WebM. Takes CPU: called in a thread."""

    def picture(self, at_s: float) -> Any:
        """RGB array (height, width, 3), uint8, for a live view."""


@dataclass(slots=True)
class Tally:
    """What one candidate did. Times are Unix milliseconds."""

    recorded: int = 0
    acknowledged: int = 0
    bytes: int = 0
    retries: int = 0
    started_recording_ms: int | None = None
    live_views: int = 0
    handed_in: bool = False
    refused: int = 0
    upload_s: list[float] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)  # Unix seconds
    acknowledged_as: list[int] = field(default_factory=list)  # sequence numbers, beside the times


class SimulatedCandidate:
    def __init__(
        self,
        client: CandidateClient,
        footage: Footage,
        *,
        exam_code: str,
        seat_code: str,
        language: str = "en",
        first_snippet: float = 1.0,
    ) -> None:
        """`first_snippet`: its length as a share of the others', so that a class that starts in
        one moment does not send in one moment for ever."""
        self._client = client
        self._footage = footage
        self._codes = (exam_code, seat_code)
        self._language = language
        self._key = PageKey()
        self._status: dict[str, Any] = {}
        self._status_changed = asyncio.Condition()
        self._spool: list[tuple[int, bytes, int]] = []
        self._channel: aiohttp.ClientWebSocketResponse | None = None
        self._channel_task: asyncio.Task[None] | None = None
        self._views: dict[str, LiveSender] = {}
        self._began = 0.0
        self._first_snippet = first_snippet
        self._held_until = 0.0
        self._linked = asyncio.Event()
        self._linked.set()
        self.tally = Tally()

    async def check_in(self) -> None:
        """Join, acknowledge the notice, show camera and face, and say ready."""
        await self._client.join(*self._codes, self._key)
        self._status = await self._client.status()
        notice = await self._client.notice(self._language)
        await self._client.answer_notice(notice["version"])
        features = self._status["features"]
        await self._client.devices(
            camera=features["video_snippets"], microphone=features["audio_presence"]
        )
        if features["face_photo"]:
            answer = await self._client.portrait(self._footage.portrait())
            if not answer["accepted"]:
                log.warning("portrait not accepted", hints=answer["hints"])
        self._channel_task = asyncio.create_task(self._listen())
        await self._client.ready()

    async def sit_exam(self, time_is_up: asyncio.Event) -> None:
        """Record while the exam is live and until `time_is_up`, then hand in."""
        await self._until_live()
        self._began = time.monotonic()
        self.tally.started_recording_ms = int(time.time() * 1000)
        capture = self._status["capture"]
        sound = bool(self._status["features"]["audio_presence"])
        seconds = float(capture["snippet_seconds"])
        recorded = asyncio.Event()
        uploading = asyncio.create_task(self._upload_spool(recorded))
        start = 0.0
        while self._goes_on(time_is_up):
            wanted = seconds if start else seconds * self._first_snippet
            await self._wait_until(start + wanted, time_is_up)
            if not self._goes_on(time_is_up):
                self._held_until = time.monotonic() + random.random() * _END_WITHIN_S
            length = min(wanted, time.monotonic() - self._began - start)
            if length >= 1.0 and self._status["attempt_state"] != "on_break":
                await self._record(start, length, sound=sound)
            start += length
        recorded.set()
        await uploading
        await self._client.hand_in(self.tally.recorded)
        self.tally.handed_in = True

    def _goes_on(self, time_is_up: asyncio.Event) -> bool:
        return not time_is_up.is_set() and self._status["exam_state"] == "live"

    def seconds_recorded(self) -> float:
        """From the start of recording until now."""
        return time.monotonic() - self._began if self._began else 0.0

    async def cut_link(self) -> None:
        """From now on nothing reaches the box, as when an access point goes down; recording goes
        on into the spool."""
        self._linked.clear()
        if self._channel:
            await self._channel.close()

    def mend_link(self) -> None:
        self._linked.set()

    @property
    def waiting(self) -> int:
        """Snippets recorded and not yet acknowledged."""
        return len(self._spool)

    async def leave(self) -> None:
        """Close the page: channel and live views end."""
        if self._channel_task:
            self._channel_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._channel_task
        for view in list(self._views.values()):
            await view.close()
        self._views.clear()

    # --- recording and uploading

    async def _record(self, start: float, seconds: float, *, sound: bool) -> None:
        media = await asyncio.to_thread(self._footage.snippet, start, seconds, sound=sound)
        self.tally.recorded += 1
        began_ms = (self.tally.started_recording_ms or 0) + int(start * 1000)
        self._spool.append((self.tally.recorded, media, began_ms))

    async def _upload_spool(self, recorded: asyncio.Event) -> None:
        """Oldest first, one at a time, until all is `recorded` and none is left."""
        delay, began = _RETRY_FIRST_S, 0.0
        while self._spool or not recorded.is_set():
            if not self._spool:
                await asyncio.sleep(0.1)
                continue
            if not self._linked.is_set():
                await self._linked.wait()
                await asyncio.sleep(random.random() * _COME_BACK_WITHIN_S)
            await asyncio.sleep(max(0.0, self._held_until - time.monotonic()))
            sequence, media, began_ms = self._spool[0]
            began = began or time.monotonic()  # from the first try on
            try:
                answer = await self._client.upload(sequence, media, began_ms)
            except (Unreachable, Answered) as no:
                if no.code in _GIVE_UP:
                    log.error("snippet refused", sequence=sequence, code=no.code, why=str(no))
                    self._spool.pop(0)
                    self.tally.refused += 1
                    began = 0.0
                    continue
                self.tally.retries += 1
                wait = getattr(no, "retry_after_s", None)
                await asyncio.sleep(delay if wait is None else wait)
                delay = min(delay * 2, _RETRY_MOST_S)
                continue
            delay = _RETRY_FIRST_S
            self._spool.pop(0)
            self.tally.acknowledged += 1
            self.tally.bytes += len(media)
            self.tally.upload_s.append(time.monotonic() - began)
            began = 0.0
            self.tally.acknowledged_at.append(time.time())
            self.tally.acknowledged_as.append(sequence)
            await asyncio.sleep(float(answer.get("wait_ms", 0)) / 1000)

    async def _wait_until(self, at_s: float, time_is_up: asyncio.Event) -> None:
        left = self._began + at_s - time.monotonic()
        if left > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(time_is_up.wait(), left)

    # --- the channel

    async def _until_live(self) -> None:
        async with self._status_changed:
            await self._status_changed.wait_for(
                lambda: self._status["exam_state"] not in {"ready", "open"}
            )

    async def _listen(self) -> None:
        """Keep the channel up; a lost link is normal and is tried again."""
        while True:
            if not self._linked.is_set():
                await self._linked.wait()
                await asyncio.sleep(random.random() * _CALL_WITHIN_S)
            try:
                channel = await self._client.channel()
                self._channel = channel
                # What changed while nobody listened is in the status.
                await self._take_status(await self._client.status())
                async for message in channel:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await self._handle(channel, message.json())
            except HallvaktError as lost:
                log.info("channel lost", why=str(lost))
            await asyncio.sleep(1.0)

    async def _take_status(self, status: dict[str, Any]) -> None:
        async with self._status_changed:
            self._status = {**self._status, **status}
            self._status_changed.notify_all()

    async def _handle(
        self, channel: aiohttp.ClientWebSocketResponse, message: dict[str, Any]
    ) -> None:
        match message["kind"]:
            case "status":
                await self._take_status(message)
            case "live_offer":
                sender = LiveSender(self._footage, self._began or time.monotonic())
                self._views[message["view"]] = sender
                self.tally.live_views += 1
                answer = await sender.answer(message["sdp"], message["ice_servers"])
                await channel.send_json(
                    {"kind": "live_answer", "view": message["view"], "sdp": answer}
                )
            case "live_ice_candidate":
                if known := self._views.get(message["view"]):
                    await known.add_ice_candidate(message["candidate"])
            case "live_end":
                if ended := self._views.pop(message["view"], None):
                    await ended.close()
