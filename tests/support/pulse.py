"""A microphone without hardware: a PulseAudio of the test's own, whose source hears what is played.

with Pulse(directory) as pulse:
    pulse.plug()                # the microphone `hallmic` is there
    pulse.play(samples)         # ... and hears this
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from appliance.rehearsal.camera_files import write_microphone
from appliance.rehearsal.material import SOUND_RATE

DEVICE = "hallmic"
_ALSA = f"""</usr/share/alsa/alsa.conf>
pcm.!default {{ type pulse }}
ctl.!default {{ type pulse }}
pcm.{DEVICE} {{ type pulse device {DEVICE} hint {{ show on description "hall microphone" }} }}
"""


class Pulse:
    """`environment` is what a program needs to find it and nothing else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        alsa = directory / "asound.conf"
        alsa.write_text(_ALSA)
        self._socket = directory / "native"
        self.environment = {
            "HOME": str(directory),
            "XDG_RUNTIME_DIR": str(directory),
            "PULSE_RUNTIME_PATH": str(directory),
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(alsa),
            "PATH": os.environ["PATH"],
        }
        self._modules: list[str] = []
        self._playing: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Pulse:
        self.directory.chmod(0o700)
        options = "--daemonize=no --use-pid-file=no --exit-idle-time=-1 --disallow-exit"
        options += " --realtime=no --high-priority=no --log-level=error"
        module = f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}"
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", *options.split(), "-L", module],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 90
        while self._pactl("info", check=False).returncode:
            assert time.monotonic() < deadline, "PulseAudio does not start"
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.quiet()
        self._server.kill()
        self._server.wait()

    def plug(self) -> None:
        for words in (
            "load-module module-null-sink sink_name=hall rate=48000 channels=1",
            f"load-module module-remap-source master=hall.monitor source_name={DEVICE}",
        ):
            self._modules.append(self._pactl(*words.split()).stdout.strip())

    def unplug(self) -> None:
        """With what it hears: PulseAudio would hand its listeners on to any other source."""
        self.quiet()
        while self._modules:
            self._pactl("unload-module", self._modules.pop())

    def listeners(self) -> int:
        """How many programs have a microphone open."""
        outputs = self._pactl("list", "short", "source-outputs").stdout.splitlines()
        return sum("protocol-native" in line for line in outputs)  # the other is the remapping

    def play(self, samples: NDArray[np.int16]) -> None:
        """Begin to play, 48 kHz mono, in place of what plays now."""
        self.quiet()
        handle, name = tempfile.mkstemp(".wav", dir=self.directory)
        os.close(handle)
        path = write_microphone(Path(name), samples)
        self._playing = subprocess.Popen(
            ["paplay", "--device=hall", str(path)], env=self.environment
        )

    def hum(self) -> None:
        """Without an end, into what is plugged in."""
        words = "load-module module-sine sink=hall frequency=100"
        self._modules.append(self._pactl(*words.split()).stdout.strip())

    def quiet(self) -> None:
        if self._playing is not None:
            self._playing.kill()
            self._playing.wait()
            self._playing = None

    def _pactl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *words], env=self.environment, capture_output=True, text=True, check=check
        )


def looped(samples: NDArray[np.int16], seconds: float) -> NDArray[np.int16]:
    length = round(seconds * SOUND_RATE)
    return np.resize(samples, length)
