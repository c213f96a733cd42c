"""The code of each hall, and the check of it when somebody joins.

The secret behind the codes lives in memory only: after a restart of the gateway other codes are
shown and the old ones are no longer good.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from appliance.core.errors import NotAllowed
from appliance.core.exam import Exam
from appliance.core.ids import ExamId
from appliance.core.joining import HallCode, hall_code, is_hall_code, is_in_networks
from appliance.core.ports import Clock, Randomness
from appliance.services.seat_codes import typed


class HallCodes:
    """`networks`: what box.toml lists for each hall; a hall that is not listed is not bound."""

    def __init__(
        self, clock: Clock, randomness: Randomness, networks: Mapping[str, Sequence[str]]
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._networks = networks
        self._secrets: dict[ExamId, bytes] = {}

    def of(self, exam: Exam, halls: Collection[str]) -> list[HallCode]:
        """Empty when the exam asks for none."""
        join = exam.settings.join
        if not join.hall_code:
            return []
        secret, now = self._secret(exam), self._clock.now_ms()
        return [hall_code(secret, hall, join.code_minutes, now) for hall in sorted(halls)]

    def check(self, exam: Exam, hall: str, code: str, address: str) -> None:
        """Raise NotAllowed unless somebody at `address` who typed `code` may join in `hall`."""
        join, networks = exam.settings.join, self._networks.get(hall)
        if join.hall_network and networks and not is_in_networks(address, networks):
            raise NotAllowed(
                "This computer is not on the hall's network: join from a computer in the hall.",
                code="not-in-hall",
            )
        if not join.hall_code:
            return
        if not code.strip():
            raise NotAllowed(
                "Type the hall's code too: it is shown in the hall.", code="hall-code-missing"
            )
        now = self._clock.now_ms()
        if not is_hall_code(self._secret(exam), hall, join.code_minutes, now, typed(code)):
            raise NotAllowed(
                "The hall's code is not right, or is over: read it again.", code="hall-code-wrong"
            )

    def _secret(self, exam: Exam) -> bytes:
        if exam.exam_id not in self._secrets:
            self._secrets[exam.exam_id] = self._randomness.secret(32)
        return self._secrets[exam.exam_id]
