"""Object names: `packs/`, `manifests/` or `decisions/` and 32 hexadecimal digits, nothing else."""

from __future__ import annotations

import base64
import re

import google_crc32c

from appliance.core.errors import BadInput
from appliance.core.ports import Content

_PIECE = 256 * 1024
FOLDERS = ("packs", "manifests", "decisions")
_NAME = re.compile(r"(packs|manifests|decisions)/[0-9a-f]{32}\Z")
_PREFIX = re.compile(r"(packs|manifests|decisions)/[0-9a-f]{0,32}\Z")


def is_name(name: str) -> bool:
    return _NAME.match(name) is not None


def check_name(name: str) -> str:
    """Return `name`; raise BadInput for any other, so that no name is ever another path."""
    if not _NAME.match(name):
        raise BadInput("That is not the name of a stored object.", code="bad-object-name")
    return name


def check_prefix(prefix: str) -> str:
    """Return `prefix`; raise BadInput for what is not the beginning of names."""
    if not _PREFIX.match(prefix):
        raise BadInput("That is not the beginning of object names.", code="bad-object-name")
    return prefix


def crc32c(content: Content) -> str:
    """Base64 of the big-endian CRC-32C, as Google Cloud Storage gives it."""
    checksum = 0
    for at in range(0, len(content), _PIECE):  # the library takes nothing but `bytes`
        checksum = google_crc32c.extend(checksum, bytes(content[at : at + _PIECE]))
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()
