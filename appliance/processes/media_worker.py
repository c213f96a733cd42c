"""The media worker: the only process that decodes what candidates send.

    python -m appliance.processes.media_worker --socket PATH --models DIR

It binds its Unix socket, leaves the network and forks the decoder, which shuts itself away
(adapters/host/sandbox.py) and answers the messages of `core.messages`. A decoder that dies is
replaced at once; one that hangs is noticed by systemd's watchdog, which it alone feeds, after each
answer and each turn of idling. The worker holds no key, keeps no state between requests, and opens
a model file only when a permitted category needs it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from appliance.adapters.host import landlock, sandbox
from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.adapters.host.service_manager import ServiceManager
from appliance.core.errors import HallvaktError, WrongConfiguration
from appliance.core.messages import WorkerReply, WorkerRequest
from appliance.processes import respawning
from appliance.processes.analysis import serving

# Without a watchdog nobody asks; with one, three signs of life within its time.
_TURN_S = 10.0


def main() -> int:
    options = _options()
    # Before anything that makes threads of its own: a core per worker is all there is, and the
    # user namespace of the sandbox wants a process with a single thread.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, who ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        leave_no_core_dump()
        if not options.models.is_dir():
            raise WrongConfiguration(
                f"There is no directory of model files {options.models}: run `hallvakt models "
                "install`, or name it with --models."
            )
        listening = serving.listen(options.socket, for_group=options.for_group)
        own_network = not options.no_sandbox and sandbox.leave_the_network()
        answer = _load(options.models)
        manager = ServiceManager()
        manager.ready("looking at snippets")
    except HallvaktError as error:
        _say(error.message)
        return error.exit_code
    except OSError as error:
        _say(f"{options.socket} cannot be used ({error.strerror}): check the state directory.")
        return 5

    turn_s = _TURN_S if manager.watchdog_s is None else manager.watchdog_s / 3

    def decode(beat: respawning.Beat) -> int:
        try:
            if options.no_sandbox:
                _say("sandbox=off")
            else:
                _say(f"own_network={own_network} landlock={landlock.version()} seccomp=on")
                sandbox.lock_down([options.models])
        except HallvaktError as error:
            _say(error.message)
            return error.exit_code
        serving.serve(listening, answer, serving.Turns(beat, turn_s))
        return 0

    return respawning.keep_alive(decode, _say, on_beat=manager.alive)


def _load(models_directory: Path) -> Callable[[WorkerRequest], WorkerReply]:
    """Import everything now: after the lock-down no library file can be read any more."""
    import cv2
    import PIL.Image
    import PIL.TiffImagePlugin

    from appliance.adapters.media.preload import import_every_part
    from appliance.adapters.vision import weights
    from appliance.adapters.vision.manifest import read_manifest
    from appliance.processes.analysis.answering import answer
    from appliance.processes.analysis.models import Models

    import_every_part()
    PIL.Image.preinit()
    cv2.setNumThreads(1)
    read_manifest()
    models = Models(partial(weights.load_bytes, directory=models_directory))
    return partial(answer, models=models)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="media_worker", description="Hallvakt's media worker")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to serve")
    parser.add_argument("--models", type=Path, required=True, help="directory of model files")
    parser.add_argument(
        "--for-group", action="store_true", help="the gateway is another user of this group"
    )
    parser.add_argument("--no-sandbox", action="store_true", help="for debugging only")
    return parser.parse_args()


def _say(text: str) -> None:
    print(f"media worker {os.getpid()}: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
