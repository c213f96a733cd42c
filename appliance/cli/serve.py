"""`hallvakt serve`: the box in the foreground."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from appliance.adapters.host import tls
from appliance.adapters.host.credentials import WARNINGS, machine_pepper, pepper_keeping
from appliance.adapters.vision import weights
from appliance.cli.options import DEFAULT_STATE, State
from appliance.config.box import load
from appliance.processes.log_lines import log_to_stderr
from appliance.processes.supervisor import Door, Supervisor, alone, children

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def serve(*, models: Path | None = None, state: State = DEFAULT_STATE) -> None:
    """Run gateway, media workers and relay together until SIGTERM or Ctrl-C.

    Prints one line, `ready https://...`, when the box answers. Its log goes to standard error.

    Parameters
    ----------
    models
        Directory of model files; default: this installation's own.
    """
    log_to_stderr()
    state = state.absolute()
    config = load(state)
    if warning := WARNINGS.get(pepper_keeping(machine_pepper())):
        print(warning, file=sys.stderr, flush=True)
    with alone(state):
        files = tls.ensure_certificate(state / "tls", config.web.names, datetime.now(UTC))
        name = config.web.names[0]
        door = Door(
            host=_EVERYWHERE.get(config.web.host, config.web.host),
            port=config.web.port,
            name=name,
            authority=files.authority,
        )
        shown = f"[{name}]" if ":" in name else name
        models = (models or weights.default_directory()).absolute()
        asyncio.run(
            Supervisor(
                children(
                    state,
                    config.workers.count,
                    models,
                    hall_microphone=bool(config.hall_microphone.device),
                ),
                door,
                lambda: print(f"ready https://{shown}:{config.web.port}", flush=True),
            ).run()
        )
