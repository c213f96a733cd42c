"""The list of parts of a signed bundle (SBOM), as CycloneDX JSON on standard output:

    python bundle_parts.py --python PYTHON --debs DIRECTORY --source DIRECTORY

Hallvakt itself, the Python packages of that interpreter's environment (with their licences, by
cyclonedx-bom), the Debian packages by suite (`DIRECTORY/SUITE/Packages`), the model files of the
manifest. Runs where cyclonedx-bom is installed (the extra `release`); tells its time by
SOURCE_DATE_EPOCH or not at all, so that the same parts give the same list.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]


def python_parts(python: Path, source: Path) -> dict[str, Any]:
    """The whole document, as far as Python knows it."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--spec-version", "1.6"),
            *("--pyproject", str(source / "pyproject.toml"), "--mc-type", "firmware"),
            *("--output-reproducible", "--output-format", "JSON", str(python)),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"cyclonedx-bom could not read {python}: {done.stderr.strip()[-300:]}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def debian_parts(debs: Path) -> Iterator[Component]:
    for index in sorted(debs.glob("*/Packages")):
        suite = index.parent.name
        for paragraph in index.read_text().strip().split("\n\n"):
            field = dict(
                line.split(": ", 1)
                for line in paragraph.splitlines()
                if ": " in line and not line.startswith(" ")
            )
            name, version = field["Package"], field["Version"]
            purl = f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch=amd64&distro={suite}"
            yield {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "purl": purl,
                "hashes": [{"alg": "SHA-256", "content": field["SHA256"]}],
            }


def model_parts(manifest: Path) -> Iterator[Component]:
    for model in tomllib.loads(manifest.read_text())["models"]:
        if model.get("opt_in"):
            continue  # built by who wants it, and in no bundle
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model:{model['name']}",
            "name": model["name"],
            "version": model["sha256"][:12],
            "description": model["use"],
            "licenses": [{"license": {"name": model["licence_of_weights"]}}],
            "hashes": [{"alg": "SHA-256", "content": model["sha256"]}],
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bundle_parts", description=__doc__)
    for option in ("--python", "--debs", "--source"):
        parser.add_argument(option, type=Path, required=True)
    given = parser.parse_args()
    document = python_parts(given.python, given.source)
    document.setdefault("components", []).extend(debian_parts(given.debs))
    document["components"].extend(model_parts(given.source / "models" / "manifest.toml"))
    json.dump(document, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
