"""The deletion certificate: what was destroyed, when, on whose decision, and what remains.

Two forms of one content: a plain dict for deterministic CBOR, which the box signs, and Markdown
for people. No name stands in it: a person is who the school's case number says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from appliance.core.erasure import Erasure, NameLeft

VERSION = 1

# DESIGN ruling 5 and SECURITY section 1: said to everybody who gets a certificate.
RESIDUES = (
    "Someone who kept a copy of an envelope made before the erasure and holds that term's reviewer "
    "or recovery key could open a kept copy of the ciphertext, until that key is destroyed at the "
    "end of its term.",
    "The audit log keeps its entries about the pseudonym until its own retention ends; it holds "
    "no name.",
    "Flash disks may keep overwritten blocks; what lies there is ciphertext without its key.",
)
NAME_SEALED = (
    "The name is sealed together with the other names of this exam, which the box cannot open "
    "after close. From now on every program of Hallvakt that opens them drops this name; the "
    "sealed names themselves go when the exam's retention ends."
)
NAME_REMOVED = "The name was removed from the exam's sealed names."


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedInCloud:
    """`packs`: (name, size, sha256 in hexadecimal or None when it was never sent).
    `location`: what the object store says of itself; empty when there is no cloud."""

    location: str
    packs: tuple[tuple[str, int, str | None], ...]


def certificate_payload(
    erasure: Erasure, cloud: DestroyedInCloud, finished_ms: int
) -> dict[str, Any]:
    residues = [NAME_SEALED, *RESIDUES] if erasure.name is NameLeft.SEALED else list(RESIDUES)
    return {
        "version": VERSION,
        "box": erasure.box_id,
        "exam": erasure.exam_id,
        "attempt": erasure.attempt_id,
        "reference": erasure.reference,
        "decided_ms": erasure.begun_ms,
        "finished_ms": finished_ms,
        "decided_by": list(erasure.officers),
        "name": erasure.name.value,
        "envelopes": [[e.epoch, e.recipient_id, e.sha256] for e in erasure.envelopes],
        "objects": [[o.name, int(o.kind), o.sequence, o.size, o.sha256] for o in erasure.objects],
        "cloud": {"location": cloud.location, "packs": [list(pack) for pack in cloud.packs]},
        "residues": residues,
    }


def certificate_text(payload: Mapping[str, Any], fingerprint: str) -> str:
    """Markdown. `fingerprint` is that of the box's key, as on its card."""
    cloud = payload["cloud"]
    lines = [
        "# Deletion certificate",
        "",
        f"* Attempt (pseudonym): `{payload['attempt']}`",
        f"* Exam: `{payload['exam']}`",
        f"* Reference: {payload['reference'] or '-'}",
        f"* Decided: {_time(payload['decided_ms'])}, by `{payload['decided_by'][0]}` and "
        f"`{payload['decided_by'][1]}`",
        f"* Finished: {_time(payload['finished_ms'])}",
        f"* Signed by the box `{payload['box']}`, key {fingerprint}; the signature is in the "
        "`.cbor` file beside this one.",
        "",
        "## Destroyed",
        "",
        f"{len(payload['envelopes'])} envelopes (the keys), {len(payload['objects'])} sealed "
        f"objects on the box, {len(cloud['packs'])} packs in the cloud "
        f"({cloud['location'] or 'nothing was ever sent'}).",
        "",
        NAME_REMOVED if payload["name"] == NameLeft.REMOVED.value else "",
        "",
        *_table(("Epoch", "Recipient", "SHA-256 of the sealed key"), payload["envelopes"]),
        *_table(("Object", "Kind", "Number", "Bytes", "SHA-256"), payload["objects"]),
        *_table(("Pack", "Bytes", "SHA-256"), cloud["packs"]),
        "## What remains",
        "",
        *(f"* {residue}" for residue in payload["residues"]),
        "",
    ]
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    if not rows:
        return []
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join("-" if c is None else str(c) for c in row) + " |" for row in rows),
        "",
    ]


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
