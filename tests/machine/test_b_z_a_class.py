"""A whole class, rehearsed on the installed box: its units, users and sandboxes as they are.

`HALLVAKT_CLASS` is how many candidates, for three minutes; without it a small class for one.
What the rehearsal says is printed (`pytest -s`). How fast it was is not asserted here: that is a
property of the machine.

After the tests of memory: media workers that have looked at a class take no more for a snippet.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.machine.booted import Machine
from tests.machine.hall import LEAD

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]

_GIVEN = os.environ.get("HALLVAKT_CLASS")
_CANDIDATES, _MINUTES = (int(_GIVEN), "3") if _GIVEN else (40, "1")
_REPORT = "/var/tmp/class.json"


def test_nothing_of_a_class_is_lost(machine: Machine) -> None:
    rehearse = f"exec hallvakt rehearse --as {LEAD} --passphrase-fd 3 --report {_REPORT}"
    rehearse += f" --candidates {_CANDIDATES} --minutes {_MINUTES} 3</srv/setup/passphrase.txt"
    done = machine.run("runuser", "-u", "hallvakt", "--", "sh", "-c", rehearse, accept=(0, 6))
    print(done.stdout)
    report = json.loads(machine.seen(_REPORT).read_text())
    held = report["held"]
    assert (held["lost"], held["refused"]) == (0, 0)
    assert held["observed"] == held["staged"]
    assert held["live_views_shown"] == held["live_views"]
    # What a person would read, and whatever it found not good is in it.
    assert ("GOOD: the box held all" in done.stdout) == (done.returncode == 0)
