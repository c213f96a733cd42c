"""Where model files lie, and the check that they are the ones the manifest names.

A model is loaded from the bytes that were checked, never from a path that was: nothing can be
swapped in between.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from appliance.adapters.vision.manifest import Manifest, read_manifest
from appliance.core.errors import IntegrityFailure, WrongConfiguration


def default_directory() -> Path:
    """`HALLVAKT_MODELS`, else share/hallvakt/models of this installation."""
    if chosen := os.environ.get("HALLVAKT_MODELS"):
        return Path(chosen)
    return Path(sys.prefix) / "share" / "hallvakt" / "models"


def find(name: str, directory: Path | None = None, manifest: Manifest | None = None) -> Path:
    """Return the path of model `name` (`yunet`, `dlib`, `facemesh`, `silero`, `mobilefacenet`)
    after checking it. Errors as `load_bytes`; prefer that one for loading."""
    manifest = manifest or read_manifest()
    load_bytes(name, directory, manifest)
    return (directory or default_directory()) / manifest.model(name).file


def load_bytes(name: str, directory: Path | None = None, manifest: Manifest | None = None) -> bytes:
    """Return the model as bytes for onnxruntime. `manifest`: this installation's own by default.

    Raises NotFound for a name the manifest does not have, WrongConfiguration when the file is not
    installed, IntegrityFailure when it is not the file the manifest names.
    """
    model = (manifest or read_manifest()).model(name)
    path = (directory or default_directory()) / model.file
    try:
        content = path.read_bytes()
    except OSError:
        extra = f" --with {name}" if model.opt_in else ""
        raise WrongConfiguration(
            f"The model {name} is not installed in {path.parent}: run "
            f"`hallvakt models install{extra}`.",
            code="model-missing",
        ) from None
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise IntegrityFailure(
            f"{path} is not the file that the manifest names: delete it and run "
            "`hallvakt models install`.",
            code="model-changed",
        )
    return content
