"""One byte string and one hash per meaning of a settings file.

The hash stands in the exam from `ready` on, in the manifest and on the paper exam record, so it
must not depend on the order of lines in a file or on which fields were left at their default.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json

from appliance.core.settings import ExamSettings


def canonical_json(settings: ExamSettings) -> bytes:
    """UTF-8 JSON with every field, keys sorted, no spaces, shortest form of numbers."""
    return json.dumps(
        dataclasses.asdict(settings),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def settings_hash(settings: ExamSettings) -> str:
    """Hexadecimal SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(settings)).hexdigest()
