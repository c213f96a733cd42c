"""The time a picture was drawn, written into the picture: for measuring how old it is when seen.

The browser's camera is a canvas. Its lower half is a row of black and white blocks, the low bits of
the computer's clock in milliseconds, most significant first, between a black and a white block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BITS = 16  # 65.5 s, then it begins again
_BLOCKS = BITS + 2

# Runs before the page's modules: camera and microphone are a canvas and silence.
CANVAS_CAMERA = """
{
  const [WIDTH, HEIGHT, BITS] = [320, 240, $BITS];
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  const draw = () => {
    const now = Date.now();
    context.fillStyle = `hsl(${(now / 20) % 360} 40% 60%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT / 2);
    const bits = [0, 1, ...Array.from({ length: BITS }, (_, i) => (now >> (BITS - 1 - i)) & 1)];
    bits.forEach((bit, i) => {
      context.fillStyle = bit ? "white" : "black";
      context.fillRect((i * WIDTH) / bits.length, HEIGHT / 2, WIDTH / bits.length, HEIGHT / 2);
    });
  };
  const beat = new Blob(["setInterval(() => postMessage(0), 33)"]);
  const clock = new Worker(URL.createObjectURL(beat));
  clock.onmessage = draw;
  draw();
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
}
""".replace("$BITS", str(BITS))


def drawn_ms(frame: Any) -> int | None:
    """The low bits of the clock when `frame` (av.VideoFrame) was drawn; None when unreadable."""
    grey = frame.reformat(format="gray").to_ndarray()
    height, width = grey.shape
    rows = grey[round(height * 0.65) : round(height * 0.85)]
    at = [round((i + 0.5) * width / _BLOCKS) for i in range(_BLOCKS)]
    levels = [float(np.mean(rows[:, x - 2 : x + 3])) for x in at]
    if levels[1] - levels[0] < 100:
        return None
    middle = (levels[0] + levels[1]) / 2
    return sum(1 << (BITS - 1 - i) for i, level in enumerate(levels[2:]) if level > middle)


def age_ms(frame: Any, now_ms: float) -> float | None:
    """How long ago `frame` was drawn, on a machine that shares the browser's clock."""
    drawn = drawn_ms(frame)
    return None if drawn is None else (now_ms - drawn) % (1 << BITS)
