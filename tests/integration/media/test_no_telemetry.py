"""onnxruntime's published build reports to its maker unless told not to: we tell it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]

_CODE = """
import os
{imports}
from appliance.adapters.vision.weights import load_bytes
from appliance.adapters.vision.inference import open_model
open_model(load_bytes("yunet"))
print(len(os.listdir("/proc/self/task")))
"""


def _threads(imports: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(imports=imports)],
        cwd=_ROOT,
        env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1", **environment},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return int(done.stdout)


@pytest.mark.parametrize("room", ["vision.inference", "hearing.voice"])
def test_the_reporting_thread_is_never_started(room: str) -> None:
    assert _threads(f"import appliance.adapters.{room}") == 1


def test_the_thread_is_what_would_tell() -> None:
    """Without the variable there is one more thread: otherwise the test above proves nothing.

    In a network namespace of its own, so that it reports to nobody.
    """
    imports = (
        "from appliance.adapters.host.sandbox import leave_the_network\n"
        "assert leave_the_network()\n"
        "import onnxruntime"
    )
    assert _threads(imports) == 2
