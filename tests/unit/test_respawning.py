"""A process that dies again and again is replaced each time, and fills no log."""

from __future__ import annotations

import json
import subprocess
import sys

from appliance.processes.log_limit import LINES

CANARY = "Canary Testperson"
DEATHS = LINES + 20
# It forks, which wants a process with a single thread. The last child says 3, which ends it.
_DYING = f"""
import itertools
from functools import partial
from appliance.processes import respawning
from appliance.processes.log_limit import LogLimit

respawning._PAUSE_S = 0.0
respawning.LogLimit = partial(LogLimit, lambda: 0.0)
lives = itertools.count()
fork = respawning.os.fork

def counted():
    global life
    life = next(lives)
    return fork()

def work(beat):
    if life == {DEATHS}:
        return 3
    raise ValueError("{CANARY}")

respawning.os.fork = counted
code = respawning.keep_alive(work, lambda text: print(text, flush=True))
print("code", code, "after", life)
"""


def test_its_deaths_are_said_so_often_and_quote_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DYING], capture_output=True, text=True, timeout=120
    )
    *deaths, last = done.stdout.splitlines()
    assert last == f"code 3 after {DEATHS}", done.stderr
    assert len(deaths) == LINES
    assert deaths[0].endswith("ended with exit code 1 and is replaced")
    assert CANARY not in done.stderr
    told = [json.loads(line)["exception"] for line in done.stderr.splitlines()]
    assert len(told) == LINES
    assert told[0][0] == "builtins.ValueError"
    assert told[0][-1].startswith("__main__:")
