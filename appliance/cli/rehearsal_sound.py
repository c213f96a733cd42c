"""Sound for the demo and the tests, made on this machine: nobody's voice is in it.

`speech.wav` and `conversation.wav` are spoken by espeak-ng (one voice; two taking turns),
`noise.wav` is loud pink noise, `quiet.wav` a room at rest. All 48 kHz, mono, 16 bit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from appliance.adapters.vision.convert.install import place
from appliance.core.errors import Unreachable

_RATE = 48_000
_SECONDS = 20
_FIRST = (
    "The train to the coast leaves every hour, and on most days it is on time. "
    "People read, or look out of the window at the fields."
)
_SECOND = (
    "In winter the lake freezes over, and children skate on it after school. "
    "Somebody always brings warm soup."
)


def make_sounds(into: Path, made_before: Path | None, say: Callable[[str], None]) -> int:
    """Make what is missing in `into`, or copy it from `made_before`, and return how many files that
    were; raise Unreachable when espeak-ng or sox is needed and not installed."""
    makers: dict[str, Callable[[Path, Path], None]] = {
        "speech.wav": _speech,
        "conversation.wav": _conversation,
        "noise.wav": lambda path, _: _sox("-n", path, f"synth {_SECONDS} pinknoise gain -6"),
        "quiet.wav": lambda path, _: _sox("-n", path, f"synth {_SECONDS} pinknoise gain -50"),
    }
    missing = {name: make for name, make in makers.items() if not (into / name).is_file()}
    if made_before is not None and all((made_before / name).is_file() for name in missing):
        for name in missing:
            place(into / name, (made_before / name).read_bytes())
        return len(missing)
    for tool in ("espeak-ng", "sox") if missing else ():
        if shutil.which(tool) is None:
            raise Unreachable(f"{tool} is needed to make sound: install the package {tool}.")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hallvakt-sound-") as scratch:
        for name, make in missing.items():
            say(f"{name}: made here")
            half = into / f".{os.getpid()}-{name}"
            make(half, Path(scratch))
            half.replace(into / name)
    return len(missing)


def _speech(path: Path, scratch: Path) -> None:
    spoken = _spoken(_FIRST, "en-gb", 45, scratch)
    _sox(spoken, path, f"rate {_RATE} gain -n -6 repeat 5 trim 0 {_SECONDS}")


def _conversation(path: Path, scratch: Path) -> None:
    turns = [
        _spoken(_FIRST, "en-gb", 35, scratch),
        _spoken(_SECOND, "en-us", 70, scratch),
    ]
    both = scratch / "both.wav"
    _run("sox", *map(str, turns), str(both))
    _sox(both, path, f"rate {_RATE} gain -n -6 repeat 5 trim 0 {_SECONDS}")


def _spoken(text: str, voice: str, pitch: int, scratch: Path) -> Path:
    path = scratch / f"{voice}-{pitch}.wav"
    _run("espeak-ng", "-v", voice, "-p", str(pitch), "-s", "150", "-w", str(path), text)
    return path


def _sox(source: str | Path, path: Path, effects: str) -> None:
    _run(
        *("sox", "-R", "-r", str(_RATE), str(source), "-c", "1", "-b", "16", str(path)),
        *effects.split(),
    )


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise Unreachable(f"{command[0]} failed: {said[-1]}.")
