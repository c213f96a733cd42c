"""What tests look at in a candidate's page, and the camera they put in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request

from appliance.rehearsal.camera_files import write_camera, write_microphone
from appliance.rehearsal.material import SOUND_RATE
from tests.support.frame_numbers import draw_number

FRAMES_PER_SECOND = 10
FRAMES = 600  # a minute: longer than any test records, so that numbers only grow

# Runs before the page's own modules: counts who asks for camera and microphone.
COUNT_REQUESTS_FOR_DEVICES = """
window.askedFor = [];
if (navigator.mediaDevices) {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => {
    window.askedFor.push({ video: !!constraints.video, audio: !!constraints.audio });
    return real(constraints);
  };
}
"""

# The same for the lock that keeps a screen on: `window.awake` is the newest.
KEEP_WAKE_LOCK = """
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (kind) => {
  window.awake = await request(kind);
  return window.awake;
};
"""

# Every value of every store of the page's database: CryptoKeys by name and whether they can be
# extracted, bytes as base64, the rest as it is.
READ_DATABASE = """
async () => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open("hallvakt");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const bytes = (b) => {
    let text = "";
    for (const byte of new Uint8Array(b.buffer ?? b)) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const plain = (value) => {
    if (value instanceof CryptoKey) {
      return { key: value.type, extractable: value.extractable };
    }
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { bytes: bytes(value) };
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
    }
    return value;
  };
  const all = {};
  for (const store of database.objectStoreNames) {
    const request = database.transaction(store).objectStore(store).getAll();
    all[store] = await new Promise((resolve) => {
      request.onsuccess = () => resolve([...request.result].map((v) =>
        v instanceof CryptoKey || typeof v !== "object" ? plain(v)
          : "privateKey" in v ? { privateKey: plain(v.privateKey) } : plain(v)));
    });
  }
  database.close();
  return all;
}
"""


def numbered_camera(directory: Path, *, frames: int = FRAMES) -> Path:
    """A moving grey picture, 320 x 240, each frame with its number."""
    ramp = np.linspace(60, 190, 320, dtype=np.float32)

    def picture(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        row = np.roll(ramp, number * 3).astype(np.uint8)
        grey = np.broadcast_to(row[None, :, None], (240, 320, 3))
        return draw_number(np.ascontiguousarray(grey), number)

    return write_camera(directory / "camera.y4m", map(picture, range(frames)), FRAMES_PER_SECOND)


def tone(directory: Path, seconds: int = 5) -> Path:
    """A 440 Hz tone at -12 dBFS."""
    time = np.arange(SOUND_RATE * seconds) / SOUND_RATE
    samples = (8192 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    return write_microphone(directory / "microphone.wav", samples)


@dataclass(slots=True)
class Sent:
    """One snippet as it left the browser."""

    sequence: int
    started_ms: int
    body: bytes


@dataclass(slots=True)
class WatchedPage:
    """A page, what it complained about, and what it sent."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)  # requests to anything but the box

    async def strip(self) -> dict[str, str]:
        """The strip's data: recorded, waiting, acknowledged, recording, watchers, link, ..."""
        found = await self.page.evaluate("({...document.getElementById('strip').dataset})")
        return {str(name): str(value) for name, value in found.items()}

    async def says(self, line: str) -> str:
        """The sentence of one line of the strip, e.g. `recording`."""
        return await self.page.inner_text(f"#strip-{line} .said")

    async def until_strip(self, name: str, value: str, timeout_s: float = 90) -> None:
        await self.page.wait_for_function(
            "([name, value]) => document.getElementById('strip').dataset[name] === value",
            arg=[name, value],
            timeout=timeout_s * 1000,
            polling=50,  # a page that is out of sight paints nothing
        )

    async def until_recorded(self, count: int, timeout_s: float = 120) -> None:
        await self.page.wait_for_function(
            "count => Number(document.getElementById('strip').dataset.recorded) >= count",
            arg=count,
            timeout=timeout_s * 1000,
        )

    async def database(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = await self.page.evaluate(READ_DATABASE)
        return found


async def watched_page(context: BrowserContext, origin: str) -> WatchedPage:
    """A new page that notes errors and requests. A refused request is the test's own doing and
    not a complaint; a violated Content-Security-Policy is."""
    page = await context.new_page()
    watched = WatchedPage(page)

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            watched.complaints.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((origin, "blob:", "data:")):
            watched.elsewhere.append(request.url)
        if request.method == "PUT" and "/snippets/" in request.url:
            headers = request.headers
            watched.sent.append(
                Sent(
                    sequence=int(request.url.rsplit("/", 1)[1]),
                    started_ms=int(headers["hallvakt-started-ms"]),
                    body=request.post_data_buffer or b"",
                )
            )

    page.on("console", on_console)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", on_request)
    await page.add_init_script(COUNT_REQUESTS_FOR_DEVICES)
    return watched
