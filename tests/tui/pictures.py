"""The pictures of the README, drawn by the console itself: `python -m tests.tui.terminal_pictures`.

The box is the scripted one, so that there is one of everything to see; names are hidden and the
candidates are drawn shapes. Look at the pictures before you commit them.
"""

from __future__ import annotations

import asyncio
import io
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from tests.tui import halls, scenes
from tests.tui.conftest import give_pictures
from tests.tui.scripted_box import ScriptedBox
from tui.app import ConsoleApp
from tui.box_clock import BoxClock
from tui.client import BoxClient
from tui.language import speak
from tui.screenshot import picture_of
from tui.shift import Shift
from tui.target import Target

_PICTURES = Path(__file__).parents[2] / "tui" / "pictures"
_SCENES = {
    "hall.svg": (scenes.hall, (120, 30)),
    "seat.svg": (scenes.seat, (110, 24)),
}


async def take(scene: scenes.Scene, size: tuple[int, int]) -> str:
    """The picture of a console that was brought to `scene`."""
    box = ScriptedBox(halls.usual_hall(), now_ms=halls.NOW_MS)
    give_pictures(box)
    box.thumbnail = two_people()
    with TemporaryDirectory(prefix="hv-") as directory:
        socket = Path(directory) / "box.sock"
        await box.start(socket)
        async with BoxClient(Target(socket=socket)) as client:
            shift = Shift(
                client=client,
                clock=BoxClock(lambda: halls.NOW_MS),
                user="ingrid",
                exam_code=halls.exam().code,
                names_hidden=True,
            )
            app = ConsoleApp(shift)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await scene(pilot, box)
                await pilot.pause(0.3)
                app.clear_notifications()
                await pilot.pause(0.1)
                svg = picture_of(app)
        await box.stop()
    return svg


def two_people() -> bytes:
    """A JPEG of a candidate and somebody behind them, as shapes: nobody's face."""
    image = Image.new("RGB", (160, 120), (52, 62, 78))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 44, 70), fill=(98, 116, 138))  # a window
    for x, y, size, shirt in ((118, 34, 0.7, (118, 84, 92)), (72, 48, 1.0, (72, 104, 136))):
        head, shoulders = 21 * size, 42 * size
        draw.ellipse((x - shoulders, y + 28 * size, x + shoulders, y + 140 * size), fill=shirt)
        draw.ellipse((x - head, y - 27 * size, x + head, y + 27 * size), fill=(206, 166, 136))
        draw.chord(
            (x - head - 2, y - 31 * size, x + head + 2, y + 16 * size), 180, 360, fill=(58, 46, 40)
        )
    draw.rectangle((0, 112, 160, 120), fill=(84, 66, 52))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    speak("en")
    for name, (scene, size) in _SCENES.items():
        (_PICTURES / name).write_text(asyncio.run(take(scene, size)), "utf-8")


if __name__ == "__main__":
    main()
