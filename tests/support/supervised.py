"""A supervisor over the children given as JSON; the door is the port given. Prints `ready`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from appliance.core.errors import HallvaktError
from appliance.processes.log_lines import log_to_stderr
from appliance.processes.supervisor import Child, Door, Supervisor


def main() -> int:
    log_to_stderr()
    given = json.loads(sys.argv[1])
    door = Door(host="127.0.0.1", port=given["port"], name="127.0.0.1", authority=Path(given["ca"]))
    children = [
        Child(name=name, command=tuple(command), death_signal=death, nice=sum(nice))
        for name, command, death, *nice in given["children"]
    ]
    try:
        asyncio.run(Supervisor(children, door, lambda: print("ready", flush=True)).run())
    except HallvaktError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
