"""Footage as the files that Chromium plays as its camera and microphone."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

from appliance.rehearsal.material import SOUND_RATE, Picture, Samples


def write_camera(path: Path, pictures: Iterable[Picture], frames_per_second: int = 10) -> Path:
    """A y4m file (YUV 4:2:0, uncompressed) of red-green-blue pictures of one size; return
    `path`. Chromium plays it in a loop at its own rate."""
    with path.open("wb") as out:
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            if number == 0:
                header = f"YUV4MPEG2 W{frame.width} H{frame.height} F{frames_per_second}:1"
                out.write(f"{header} Ip A1:1 C420jpeg\n".encode())
            planes = frame.reformat(format="yuv420p").to_ndarray()
            out.write(b"FRAME\n" + planes.tobytes())
    return path


def write_microphone(path: Path, samples: Samples) -> Path:
    """A wav file, 48 kHz mono; return `path`."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SOUND_RATE)
        out.writeframes(samples.astype("<i2").tobytes())
    return path
