"""Keys of the cloud that are no files of the box, but encrypted credentials of its machine.

`firmware_scripts/seal_cloud_keys.py` makes them and writes `credential:NAME` into box.toml in place
of a file. systemd decrypts one for the units that load it (`LoadCredentialEncrypted=`, see
systemd.exec(5)), the night's, and for nobody else: not for the gateway, nor for what somebody
types.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.core.errors import Unreachable

if TYPE_CHECKING:
    from appliance.config.box import CloudConfig

NOT_HANDED = "keys-not-handed"
_PREFIX = "credential:"
FILES = tuple(
    f"{who}{what}_file"
    for who in ("", "verifier_", "eraser_")
    for what in ("credentials", "records_uri")
)
"""The keys of [cloud] whose files hold secrets."""


def name_of(key: str) -> str:
    """What the credential is called that takes the place of the file at `key` of [cloud]."""
    return "hallvakt-cloud-" + key.removesuffix("_file").replace("_", "-")


def are_known(cloud: CloudConfig) -> bool:
    """Whether every credential named is one that the night's units load."""
    known = {_PREFIX + name_of(key) for key in FILES}
    return all(str(path) in known for path in _files(cloud).values() if _is_one(path))


def whole(
    cloud: CloudConfig, base: Path, environment: Mapping[str, str] = os.environ
) -> CloudConfig:
    """With the paths of files below `base`, and of credentials where systemd has put them; one that
    it has not handed to this process stays as it is written."""
    given = {key: base / path for key, path in _files(cloud).items() if not _is_one(path)}
    given |= {
        key: file
        for key, path in _files(cloud).items()
        if _is_one(path) and (file := _handed(str(path).removeprefix(_PREFIX), environment))
    }
    directory = cloud.directory and base / cloud.directory
    return replace(cloud, directory=directory, **given)  # type: ignore[arg-type]


def opened(path: Path | None) -> Path | None:
    """A file that can be read. Raise Unreachable for a credential that this process has not got."""
    if path is not None and _is_one(path):
        raise Unreachable(
            "The keys of the cloud are credentials of this machine, and systemd hands them to the "
            "night alone. `systemctl start hallvakt-syncer` sends now; for anything else, as root: "
            "/opt/hallvakt/current/firmware_scripts/with_cloud_keys.sh hallvakt ... (On another "
            "machine than that one they are gone: name the school's files in box.toml again.)",
            code=NOT_HANDED,
        )
    return path


def _files(cloud: CloudConfig) -> dict[str, Path]:
    return {key: path for key in FILES if (path := getattr(cloud, key)) is not None}


def _is_one(path: Path) -> bool:
    return str(path).startswith(_PREFIX)


def _handed(name: str, environment: Mapping[str, str]) -> Path | None:
    directory = environment.get("CREDENTIALS_DIRECTORY")
    file = Path(directory or "/nonexistent") / name
    return file if directory and file.exists() else None
