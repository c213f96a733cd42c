"""A second computer on a seat that is taken: who asked, and whom a person let in.

An invigilator approves the page that waits, by its key, so that nobody else gets the seat; or,
where no page waits yet, asks for a code that lets in whoever types it there, once, for some
minutes. Both live in memory: after a restart the page asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from appliance.core.errors import WrongState
from appliance.core.ids import AttemptId
from appliance.core.ports import Clock, Randomness
from appliance.services.seat_codes import typed

CODE_LENGTH = 6
GOOD_FOR_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverCode:
    """Told to the invigilator who asked for it, and to nobody else."""

    code: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class _Granted:
    """A page's key, or a code."""

    what: bytes
    until: float


class Takeovers:
    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._asking: dict[AttemptId, bytes] = {}
        self._keys: dict[AttemptId, _Granted] = {}
        self._codes: dict[AttemptId, _Granted] = {}
        self._used: dict[AttemptId, str] = {}

    def asked(self, attempt: AttemptId, public_key: bytes) -> None:
        """The page with this key wants the seat."""
        self._asking[attempt] = public_key

    def approve(self, attempt: AttemptId) -> None:
        """Let the page in that asked last; raise WrongState when none has."""
        key = self._asking.pop(attempt, None)
        if key is None:
            raise WrongState(
                "No other computer waits for this seat: join there first, or make a code."
            )
        self._keys[attempt] = _Granted(key, self._clock.monotonic() + GOOD_FOR_S)

    def new_code(self, attempt: AttemptId) -> TakeoverCode:
        """An earlier code of the seat ends."""
        code = self._randomness.code(CODE_LENGTH)
        self._codes[attempt] = _Granted(code.encode(), self._clock.monotonic() + GOOD_FOR_S)
        return TakeoverCode(code=code, until_ms=self._clock.now_ms() + round(1000 * GOOD_FOR_S))

    def use(self, attempt: AttemptId, public_key: bytes, code: str) -> bool:
        """Whether this page was let in; what let it in is used up."""
        by_code = bool(code) and self._good(self._codes, attempt, typed(code).encode())
        if not by_code and not self._good(self._keys, attempt, public_key):
            return False
        self._used[attempt] = typed(code) if by_code else ""
        self.forget(attempt)
        return True

    def used(self, attempt: AttemptId) -> str:
        """The code that let in the page that has the seat now; empty where none did."""
        return self._used.get(attempt, "")

    def forget(self, attempt: AttemptId) -> None:
        for kept in (self._keys, self._codes):
            kept.pop(attempt, None)
        self._asking.pop(attempt, None)

    def _good(self, granted: dict[AttemptId, _Granted], attempt: AttemptId, what: bytes) -> bool:
        found = granted.get(attempt)
        return (
            found is not None
            and self._clock.monotonic() < found.until
            and compare_digest(found.what, what)
        )
