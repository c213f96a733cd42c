"""What Chromium's own MediaRecorder writes passes the container check and plays as before.

A canvas and a tone stand in for camera and microphone: the recorder and the muxer are the same.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import av
import pytest
from playwright.async_api import async_playwright

from appliance.core.webm import check_and_strip

_open: Any = av.open
_RECORD = """async (codecs) => {
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 240;
  const draw = canvas.getContext("2d");
  const timer = setInterval(() => {
    draw.fillStyle = `hsl(${Date.now() % 360}, 50%, 50%)`;
    draw.fillRect(0, 0, 320, 240);
  }, 50);
  const stream = canvas.captureStream(10);
  if (codecs.includes("opus")) {
    const sound = new AudioContext();
    const tone = sound.createOscillator(), to = sound.createMediaStreamDestination();
    tone.connect(to); tone.start();
    stream.addTrack(to.stream.getAudioTracks()[0]);
  }
  const recorder = new MediaRecorder(stream, {
    mimeType: `video/webm;codecs=${codecs}`, videoBitsPerSecond: 300000,
    videoKeyFrameIntervalDuration: 1000,
  });
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  await new Promise((done) => setTimeout(done, 2500));
  recorder.stop(); await stopped; clearInterval(timer);
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


def _decoded(data: bytes, kind: str) -> list[tuple[int | None, bytes]]:
    with _open(io.BytesIO(data)) as container:
        return [(f.pts, f.to_ndarray().tobytes()) for f in container.decode(**{kind: 0})]


def _plays_s(data: bytes) -> float:
    """To the last packet, as another reader has it."""
    with _open(io.BytesIO(data)) as container:
        return max(float(p.pts * p.time_base) for p in container.demux() if p.pts is not None)


@pytest.mark.e2e
async def test_snippets_as_chromium_records_them() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        page = await browser.new_page()
        for codecs in ("vp8", "vp8,opus", "vp9,opus"):
            data = base64.b64decode(await page.evaluate(_RECORD, codecs))
            result = check_and_strip(data)
            sound = "opus" in codecs
            assert (result.width, result.height, result.has_sound) == (320, 240, sound)
            # How much of the time it was given a recorder fills, the machine decides.
            assert 1.0 < result.duration_s == pytest.approx(_plays_s(data), abs=0.5)
            assert result.key_frames >= 2
            assert b"Chrome" in data
            assert b"Chrome" not in result.media
            for kind in ("video", "audio") if sound else ("video",):
                assert _decoded(data, kind) == _decoded(result.media, kind) != []
        await browser.close()
