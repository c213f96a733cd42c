"""The list of stores and database servers that tell no location and lie in the EU/EEA all the same,
by the school's own word: signed by the school root, FORMAT.md section 7."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.crypto.signed_lists import (
    SignedList,
    pinned_root,
    read_file,
)
from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import BadInput, NotAllowed
from appliance.whole_file import replace_whole

FILE = "trusted_hosts.json"
_LIST = SignedList(
    format="hallvakt trusted hosts 1", purpose="trusted-hosts", name="list of trusted hosts"
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedHosts:
    """Host names in small letters; `version` 0: no list was ever installed."""

    version: int
    hosts: tuple[str, ...]


def sign_trusted_hosts(root: SigningKey, version: int, hosts: Sequence[str]) -> bytes:
    """The content of a trusted_hosts.json; an empty one takes trust back. Raise BadInput."""
    for host in hosts:
        if not _HOST.match(host):
            raise BadInput(f"{host!r} is not a host's name: write it in small letters, no port.")
    return _LIST.sign(root, {"version": version, "hosts": sorted(set(hosts))})


def read_trusted_hosts(content: bytes, *, root: bytes, at_least: int = 0) -> TrustedHosts:
    """Raises NotAllowed for another root's list or an older one, IntegrityFailure for a list that
    is not signed as it stands."""
    fields = _LIST.read(content, root=root, at_least=at_least)
    hosts = fields.get("hosts")
    if not isinstance(hosts, list) or not all(isinstance(h, str) and _HOST.match(h) for h in hosts):
        raise _LIST.damaged()
    return TrustedHosts(version=fields["version"], hosts=tuple(hosts))


def load_trusted_hosts(keys: Path) -> TrustedHosts:
    """Of a box, out of its `keys` directory; none where none was installed."""
    pinned, content = pinned_root(keys), read_file(keys / FILE)
    if pinned is None or content is None:
        return TrustedHosts(version=0, hosts=())
    return read_trusted_hosts(content, root=pinned)


def install_trusted_hosts(keys: Path, content: bytes) -> TrustedHosts:
    """Put a list into a box's `keys` directory, after all checks."""
    pinned = pinned_root(keys)
    if pinned is None:
        raise NotAllowed("This box knows no school root yet: install the list of recipients first.")
    installed = read_trusted_hosts(content, root=pinned, at_least=load_trusted_hosts(keys).version)
    replace_whole(keys / FILE, content, 0o644)
    return installed
