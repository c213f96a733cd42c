"""What firmware_scripts/seal_cloud_keys.py makes, and what systemd hands of it to a unit
(systemd.exec(5)), by a host key beside the store instead of this machine's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.support.box import ROOT


def host_key(store: Path) -> Path:
    return store.with_name(f"{store.name}.host-key")


def seal(state: Path, store: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "firmware_scripts" / "seal_cloud_keys.py"
    words = [str(script), "--state", str(state), "--store", str(store)]
    return subprocess.run(words, env=_environment(store), capture_output=True, text=True)


def handed(store: Path, names: Iterable[str], directory: Path) -> dict[str, str]:
    """The environment of a unit that loads `names`; what is not in the store it has not."""
    directory.mkdir(exist_ok=True)
    for name in names:
        if (store / name).exists():
            command = ["systemd-creds", "decrypt", f"--name={name}", str(store / name)]
            subprocess.run([*command, str(directory / name)], env=_environment(store), check=True)
    return {"CREDENTIALS_DIRECTORY": str(directory)}


def _environment(store: Path) -> dict[str, str]:
    return os.environ | {"SYSTEMD_CREDENTIAL_SECRET": str(host_key(store))}
