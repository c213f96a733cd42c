"""Signed bundles of this tree: the one that is installed, and the next version of the same."""

from __future__ import annotations

import re
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from tests.machine.debian import SOURCE
from tests.support.box import ROOT

_MARK = b"HVBUNDL1"
NEXT_VERSION = "99.0.0"


class Bundles:
    """`given`: a bundle whose packages and models are taken over; its source is this tree's, and it
    is signed with the key made here. `before`: another tree, whose source the first one has."""

    def __init__(self, directory: Path, given: Path | None, before: Path = ROOT) -> None:
        directory.mkdir()
        self._directory = directory
        self._key = directory / "release.pem"
        self.public = directory / "release.pub"
        self.first = directory / "first.bundle"
        _openssl("genpkey", "-algorithm", "ed25519", "-out", str(self._key))
        _openssl("pkey", "-in", str(self._key), "-pubout", "-out", str(self.public))
        if given is None:
            script = ROOT / "firmware_scripts" / "build_bundle.sh"
            subprocess.run(
                [str(script), "--key", str(self._key), "--out", str(self.first)], check=True
            )
        else:
            self._with_source(given, self.first, before)

    def next(self) -> Path:
        """The same as version 99.0.0."""
        made = self._directory / "next.bundle"
        self._with_source(self.first, made, ROOT, NEXT_VERSION)
        return made

    def _with_source(self, old: Path, made: Path, tree: Path, version: str = "") -> None:
        with tarfile.open(old) as packages, tarfile.open(made, "w") as new:
            for member in packages:
                if not member.name.startswith("./source"):
                    new.addfile(member, packages.extractfile(member) if member.isfile() else None)
            for name in SOURCE:
                new.add(tree / name, f"./source/{name}", filter=_without_what_python_leaves)
            if version:
                text = (tree / "pyproject.toml").read_text()
                text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
                about = new.gettarinfo(tree / "pyproject.toml", "./source/pyproject.toml")
                about.size = len(text.encode())
                new.addfile(about, BytesIO(text.encode()))  # the last of a name counts
        self._sign(made)

    def _sign(self, payload: Path) -> None:
        digest, signature = self._directory / "digest", self._directory / "signature"
        summed = subprocess.run(
            ["sha256sum", str(payload)], check=True, capture_output=True, text=True
        )
        digest.write_text(summed.stdout.split()[0])
        _openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self._key),
                 "-in", str(digest), "-out", str(signature))  # fmt: skip
        with payload.open("ab") as file:
            file.write(_MARK + signature.read_bytes())


def _without_what_python_leaves(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name.endswith("__pycache__") else member


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
