"""People with a login on the box, and the tokens that a login gives."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.ids import ExamId, UserId
from appliance.core.roles import Person, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`passphrase_hash` is Argon2id in PHC form; `totp_secret` base32 or None when no second
    factor is enrolled; `totp_last_step` makes each code single-use."""

    user_id: UserId
    name: str
    role: Role
    passphrase_hash: str
    totp_secret: str | None = None
    totp_last_step: int = 0
    exams: frozenset[ExamId] = frozenset()
    all_exams: bool = False
    halls: frozenset[str] | None = None
    created_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A token is kept as its SHA-256 only. It ends at `expires_ms` and with the exams."""

    token_hash: str
    person: Person
    user_name: str
    created_ms: int
    expires_ms: int
