"""The list of those whose keys open an exam's archive, signed by the school root.

FORMAT.md section 7. An unsigned list, an attacker's list and last year's list are all refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.crypto.public_keys import PublicKey, encode_public_key
from appliance.adapters.crypto.signed_lists import (
    ROOT,
    SignedList,
    pinned_root,
    read_file,
)
from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import BadInput, IntegrityFailure, NotAllowed, NotFound
from appliance.core.keys import Recipient
from appliance.whole_file import replace_whole

FILE = "recipients.json"
_LIST = SignedList(format="hallvakt recipients 1", purpose="recipients", name="list of recipients")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientList:
    """`version` grows with every list a root signs; `root` is the root's public key."""

    version: int
    recipients: tuple[Recipient, ...]
    root: bytes


def sign_recipients(root: SigningKey, version: int, keys: Sequence[PublicKey]) -> bytes:
    """The content of a recipients.json. Raise BadInput when a key is there twice, is no
    recipient's, or nobody on the list can review."""
    recipients = [key.recipient() for key in keys]
    if len({recipient.recipient_id for recipient in recipients}) != len(recipients):
        raise BadInput("The same public key is given twice: give each once.")
    if not any(recipient.kind == "reviewer" for recipient in recipients):
        raise BadInput("No reviewer is among the keys: nobody could review an exam. Add one.")
    rows = [
        {"kind": r.kind.value, "label": r.label, "public_key": r.public_key} for r in recipients
    ]
    return _LIST.sign(root, {"version": version, "recipients": rows})


def read_recipients(content: bytes, *, root: bytes, at_least: int = 0) -> RecipientList:
    """Check the signature by `root`, then read the list.

    Raises NotAllowed for a list signed by another root or older than version `at_least`,
    IntegrityFailure for one that is not signed as it stands.
    """
    fields = _LIST.read(content, root=root, at_least=at_least)
    try:
        recipients = tuple(
            PublicKey(kind=r["kind"], label=r["label"], raw=r["public_key"]).recipient()
            for r in fields["recipients"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _LIST.damaged() from error
    return RecipientList(version=fields["version"], recipients=recipients, root=root)


def load_recipients(keys: Path) -> RecipientList:
    """The list a box uses, out of its `keys` directory. Raise NotFound when none was installed."""
    pinned, content = pinned_root(keys), read_file(keys / FILE)
    if pinned is None or content is None:
        raise NotFound(
            "This box has no list of recipients: install one with `hallvakt keys recipients "
            "install`."
        )
    return read_recipients(content, root=pinned)


def install_recipients(
    keys: Path, content: bytes, *, root: PublicKey | None = None
) -> RecipientList:
    """Put a list into a box's `keys` directory, after all checks. The first needs `root`, the
    public key whose fingerprint was compared; later ones must be of that root and not older.
    """
    pinned = pinned_root(keys)
    trusted = pinned if root is None else root.raw
    if trusted is None:
        raise NotAllowed(
            "This box knows no school root yet: give the root's .pub file with the first list."
        )
    if pinned is not None and pinned != trusted:
        raise NotAllowed("This box belongs to another school root: it takes no other.")
    current = read_file(keys / FILE)
    try:
        seen = read_recipients(current, root=trusted).version if current is not None else 0
    except IntegrityFailure as error:
        raise IntegrityFailure(
            f"The list that this box has, {keys / FILE}, is damaged: move it away, then install "
            "this one again."
        ) from error
    installed = read_recipients(content, root=trusted, at_least=seen)
    if root is not None:
        replace_whole(keys / ROOT, encode_public_key(root), 0o644)
    replace_whole(keys / FILE, content, 0o644)
    return installed
