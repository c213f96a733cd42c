"""Second factor: time-based one-time codes (RFC 6238) as authenticator apps make them."""

from __future__ import annotations

from hmac import compare_digest

import pyotp

STEP_S = 30
_DIGITS = 6


class TimeCodes:
    """Implements `services.accounts.OneTimeCodes`: SHA-1, six digits, 30 seconds."""

    def new_secret(self) -> str:
        """160 bits, base32."""
        return pyotp.random_base32()

    def step(self, secret: str, code: str, now_ms: int) -> int | None:
        """The time step `code` belongs to, one step early or late allowed; None otherwise.

        Whether that step was used before is the caller's to know: a code counts once.
        """
        code = code.strip().replace(" ", "")
        if len(code) != _DIGITS or not code.isascii() or not code.isdigit():
            return None
        generator = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP_S)
        now = now_ms // 1000 // STEP_S
        found = None
        for step in (now - 1, now, now + 1):
            if compare_digest(generator.generate_otp(step), code):
                found = step
        return found
