"""What a wrapped key is bound to (FORMAT.md, section 4): each field behind its length in 4 bytes,
big-endian, so that no two contexts are the same bytes."""

from __future__ import annotations

from appliance.core.ids import AttemptId, ExamId, UserId


def live_wrap_context(exam: ExamId, user: UserId) -> bytes:
    """Of an exam's live key under one person's passphrase."""
    return _join(b"hvo1 live", bytes.fromhex(exam), bytes.fromhex(user))


def under_live_context(exam: ExamId, attempt: AttemptId, epoch: int) -> bytes:
    """Of an attempt key (or the identity key: attempt is the exam's id) under the live key."""
    fields = (bytes.fromhex(exam), bytes.fromhex(attempt), epoch.to_bytes(8, "big"))
    return _join(b"hvo1 under live", *fields)


def _join(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
