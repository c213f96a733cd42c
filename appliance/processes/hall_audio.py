"""The hall's microphone: `python -m appliance.processes.hall_audio --state DIR --models DIR`.

It asks the gateway about once a second whether it may listen, and opens the device only then. Sound
is turned into a level and a share of voice per second, in memory; these numbers go to the gateway's
Unix socket and nothing goes anywhere else. No byte can be written to any file: the kernel refuses
it (RLIMIT_FSIZE).

A parent that does nothing else forks the process that listens. That one ends whenever the device
is lost or not there, and the next one looks for it anew. Each question to the gateway, asked after
a second of sound or of waiting, is its sign of life to systemd's watchdog: a device that hangs ends
the service, which then starts anew.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from appliance.adapters.hearing.hall_microphone import HallMicrophone
from appliance.adapters.hearing.voice import RATE, Samples, VoiceDetector, level_dbfs
from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.adapters.host.sandbox import leave_the_network
from appliance.adapters.host.service_manager import ServiceManager
from appliance.adapters.vision import weights
from appliance.config.box import BoxConfig, load
from appliance.core.errors import HallvaktError, Unreachable, WrongConfiguration
from appliance.processes import respawning

_LOOK_AGAIN = 0  # the exit code of a child that lost the device, or need not listen any more
_EVERY_S = 1.0
_TRY_AGAIN_S = 2.0
_ANSWER_S = 5.0
# A room is never without any sound at all: digital silence for so long is a muted or dead device.
_DEAD_DBFS, _DEAD_WINDOWS = -99.0, 5


def main() -> int:
    options = argparse.ArgumentParser(prog="hall_audio", description="Hallvakt's hall microphone")
    options.add_argument("--state", type=Path, required=True)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--gateway", type=Path, help="the gateway's socket, if not in --state")
    given = options.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, who ends us
    try:
        leave_no_core_dump()
        config = load(given.state)
        if not given.models.is_dir():
            raise WrongConfiguration(
                f"There is no directory of model files {given.models}: run `hallvakt models "
                "install`, or name it with --models."
            )
        leave_the_network()
        manager = ServiceManager()
        manager.ready("asking whether to listen")
    except HallvaktError as error:
        _say(error.message)
        return error.exit_code
    gateway = given.gateway or given.state / "run" / "gateway.sock"
    work = partial(_listen, config, gateway, given.models)
    return respawning.keep_alive(work, _say, expected=_LOOK_AGAIN, on_beat=manager.alive)


def _listen(config: BoxConfig, gateway: Path, models: Path, beat: respawning.Beat) -> int:
    """Until the device is lost; what is to be told is told to the gateway."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    voice = VoiceDetector(partial(weights.load_bytes, "silero", directory=models))
    report: dict[str, Any] = {"heard": False, "windows": []}
    try:
        while not _report(gateway, report):
            beat()
            time.sleep(_EVERY_S)
        microphone = HallMicrophone(config.hall_microphone.device)
        dead = 0
        while dead < _DEAD_WINDOWS:
            samples = microphone.window()
            dead = dead + 1 if level_dbfs(samples) <= _DEAD_DBFS else 0
            report = {"heard": dead == 0, "windows": _measured(voice, samples)}
            beat()
            if not _report(gateway, report):
                return _LOOK_AGAIN
    except Unreachable:
        _report(gateway, {"heard": False, "windows": []})
    time.sleep(_TRY_AGAIN_S)
    return _LOOK_AGAIN


def _measured(voice: VoiceDetector, samples: Samples) -> list[dict[str, Any]]:
    started_ms = round(time.time() * 1000 - len(samples) * 1000 / RATE)
    return [
        {
            "started_ms": started_ms + round(sound.at_s * 1000),
            "length_s": sound.length_s,
            "level_dbfs": sound.level_dbfs,
            "voice": sound.voice,
        }
        for sound in voice.measure(samples)
    ]


class _GatewaySocket(http.client.HTTPConnection):
    """HTTP over the gateway's Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=_ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_ANSWER_S)
        self.sock.connect(str(self._path))


def _report(gateway: Path, report: dict[str, Any]) -> bool:
    """Whether to listen (on). A gateway that does not answer is a no: nobody said yes."""
    connection = _GatewaySocket(gateway)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/box/v1/hall-sound", json.dumps(report), headers)
        answer = connection.getresponse()
        said = json.loads(answer.read(4096))
        return answer.status == 200 and said.get("listen") is True
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _say(text: str) -> None:
    sys.stderr.write(f"hall microphone: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
