"""Object names: `packs/`, `manifests/` or `decisions/` and 32 hexadecimal digits, nothing else."""

from __future__ import annotations

import base64
import re

import google_crc32c

from appliance.core.errors import BadInput

_NAME = re.compile(r"(packs|manifests|decisions)/[0-9a-f]{32}\Z")


def check_name(name: str) -> str:
    """Return `name`; raise BadInput for any other, so that no name is ever another path."""
    if not _NAME.match(name):
        raise BadInput("That is not the name of a stored object.", code="bad-object-name")
    return name


def crc32c(content: bytes) -> str:
    """Base64 of the big-endian CRC-32C, as Google Cloud Storage gives it."""
    checksum: int = google_crc32c.value(content)
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()
