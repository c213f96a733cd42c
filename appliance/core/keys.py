"""Key material as rows: who may open what. The keys themselves never stand in these types'
representation (`repr` hides them)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.core.ids import AttemptId, ExamId, RecipientId, UserId

KEY_BYTES = 32


class RecipientKind(StrEnum):
    REVIEWER = "reviewer"
    RECOVERY = "recovery"
    DATA_PROTECTION_OFFICER = "data_protection_officer"


class PepperKeeping(StrEnum):
    """What the pepper of a live key is bound to: a credential in this machine's TPM, one on its
    disk, or nothing."""

    TPM = "machine"
    HOST = "machine_without_tpm"
    FILE = "plain_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A public HPKE key (MLKEM768-X25519, raw bytes) that new keys are wrapped for.

    `recipient_id` is the first 16 bytes of SHA-256 of the public key, in hexadecimal.
    """

    recipient_id: RecipientId
    kind: RecipientKind
    label: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptKey:
    epoch: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An attempt key under one recipient's public key. For an exam's identity key,
    `attempt_id` is the exam's id and `epoch` 0."""

    exam_id: ExamId
    attempt_id: AttemptId
    epoch: int
    recipient_id: RecipientId
    sealed_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWrap:
    """The exam's live key under one person's passphrase and the exam's pepper."""

    exam_id: ExamId
    user_id: UserId
    salt: bytes
    wrapped: bytes
