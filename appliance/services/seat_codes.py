"""What a candidate types to sit down: eight characters, of which the box keeps a hash only."""

from __future__ import annotations

import hashlib

from appliance.core.ids import ExamId

EXAM_CODE_LENGTH = 6
SEAT_CODE_LENGTH = 8


def typed(code: str) -> str:
    """As it stands on the slip, however it was typed: `abcd-2345` is `ABCD2345`."""
    return "".join(c for c in code.upper() if c.isalnum())


def seat_code_hash(exam: ExamId, code: str) -> str:
    """Bound to the exam: a list of hashes is of no use for the next one."""
    return hashlib.sha256(f"hallvakt-seat\n{exam}\n{typed(code)}".encode()).hexdigest()
