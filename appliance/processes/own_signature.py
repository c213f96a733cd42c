"""The box's signing key, and its public half beside it for who only compares: the night, whose
units do not see the private one."""

from __future__ import annotations

from pathlib import Path

import structlog

from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import HallvaktError, WrongConfiguration
from appliance.whole_file import replace_whole

log = structlog.get_logger(__name__)

OWN_SIGNATURE, _PUBLIC = Path("keys") / "box_signing.pem", Path("keys") / "box_signing.pub"
_KEY_BYTES = 32


def signing_key(state: Path) -> SigningKey:
    """Raise WrongConfiguration when there is none. Sees to the public half; a disk that does not
    take it stops nobody: the night says so then."""
    key = SigningKey.load(state / OWN_SIGNATURE)
    public = state / _PUBLIC
    line = key.public_bytes.hex().encode() + b"\n"
    try:
        if not public.exists() or public.read_bytes() != line:
            replace_whole(public, line, 0o644)
    except (HallvaktError, OSError):
        log.warning("the public half of the box's signing key cannot be written")
    return key


def own_public_keys(state: Path) -> set[bytes]:
    """32 bytes each; empty where the box has no signing key. Raise WrongConfiguration for a half
    that cannot be read, or where there is none yet and the whole may not be read."""
    public = state / _PUBLIC
    try:
        if not public.exists():
            whole = state / OWN_SIGNATURE
            return {SigningKey.load(whole).public_bytes} if whole.exists() else set()
        key = bytes.fromhex(public.read_text("ascii"))
    except (OSError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise WrongConfiguration(
            f"{public} cannot be read: start the box again, which writes it anew."
        )
    return {key}
