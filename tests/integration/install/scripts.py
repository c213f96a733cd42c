"""The scripts of a box's first hour, called as a person does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

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


def put_version(directory: Path, number: str, answer: str = "hallvakt_media_workers 2.0") -> None:
    """`answer`: what its gateway says when it is asked how it is; empty when it does not run."""
    (directory / ".venv" / "bin").mkdir(parents=True)
    (directory / "systemd").mkdir()
    for name in ("hallvakt-gateway.service", "hallvakt-syncer.timer", "hallvakt.target"):
        shutil.copy(ROOT / "systemd" / name, directory / "systemd" / name)
    (directory / "firmware_scripts").mkdir()
    needs = (SCRIPTS / "box.sh").read_text() + "hv_box_packages=(openssl)\n"  # it is there
    (directory / "firmware_scripts" / "box.sh").write_text(needs)
    (directory / "pyproject.toml").write_text(f'[project]\nversion = "{number}"\n')
    command = directory / ".venv" / "bin" / "hallvakt"
    asked = f"echo '{answer}'" if answer else "exit 5"
    command.write_text(
        f'#!/bin/sh\n[ "$1" != metrics ] || {{ {asked}; exit; }}\n'
        f'exec {sys.executable} -m appliance.cli.main "$@"\n'
    )
    command.chmod(0o755)
    (directory / "complete").touch()


def sign(release: Path, number: str, packages: str = "openssl") -> Path:
    """A bundle whose version is already unpacked: what an update does after the packages."""
    source = release / "source-of" / number
    put_version(source, number)
    with (source / "firmware_scripts" / "box.sh").open("a") as box:
        box.write(f"hv_box_packages=({packages})\n")
    suite = bash("-c", f". {SCRIPTS}/box.sh; hv_suite").stdout
    (release / "debs" / suite).mkdir(parents=True, exist_ok=True)
    with tarfile.open(release / "payload", "w") as tar:
        tar.add(source, "source")
        tar.add(release / "debs", "debs")
    made = bash(
        "-c",
        f"""set -e; . {SCRIPTS}/box.sh; cd {release}; cp payload next.bundle
        sha256sum payload | cut -d' ' -f1 | tr -d '\\n' >digest
        openssl pkeyutl -sign -rawin -inkey release.pem -in digest -out signature
        {{ printf %s $hv_mark; cat signature; }} >>next.bundle""",
    )
    assert made.returncode == 0, made.stderr
    return release / "next.bundle"


def update(
    root: Path, *words: str, systemctl: str = "true", **environment: str
) -> subprocess.CompletedProcess[str]:
    return bash(
        str(SCRIPTS / "update.sh"),
        *words,
        HALLVAKT_ROOT=str(root),
        HALLVAKT_SYSTEMCTL=systemctl,
        HALLVAKT_UPDATE_PATIENCE="3",
        HALLVAKT_UPDATE_PAUSE="0",
        PYTHONPATH=str(ROOT),
        **environment,
    )


def running(root: Path) -> str:
    return os.readlink(root / "opt" / "hallvakt" / "current")
