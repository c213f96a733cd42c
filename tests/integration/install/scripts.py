"""The scripts of a box's first hour, called as a person does."""

from __future__ import annotations

import os
import subprocess

from tests.support.box import ROOT

SCRIPTS = ROOT / "firmware_scripts"


def bash(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
