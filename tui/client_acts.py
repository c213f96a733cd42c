"""Requests about the whole hall: acts for several, seats, codes, the gate, the change of shift."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from appliance.core.close_out import CloseOut
from appliance.core.feed import SeatStatus
from appliance.core.handover import Duty, SeenBy, ShiftNote
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.processing import Category
from appliance.core.start_gate import GateReport
from tui.act_replies import GroupDone, HallCodes, SeatsMoved, TakeoverCode
from tui.replies import decode


class ClientActs(ABC):
    """The part of `BoxClient` for these. Every method raises what `BoxClient` raises."""

    @abstractmethod
    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        token: str | None = None,
        within_s: float = 15.0,
    ) -> bytes: ...

    async def hall_codes(self, exam: ExamId) -> HallCodes:
        return decode(await self._ask("GET", f"/exams/{exam}/hall-codes"), HallCodes)

    async def takeover_code(self, exam: ExamId, attempt: AttemptId) -> TakeoverCode:
        path = f"/exams/{exam}/attempts/{attempt}/takeover-code"
        return decode(await self._ask("POST", path, json_body={}), TakeoverCode)

    async def change_seat(
        self, exam: ExamId, attempt: AttemptId, hall: str, seat: str, reason: str
    ) -> SeatsMoved:
        """To an empty seat, or in exchange with who sits there."""
        body = {"hall": hall, "seat": seat, "reason": reason}
        path = f"/exams/{exam}/attempts/{attempt}/seat"
        return decode(await self._ask("POST", path, json_body=body), SeatsMoved)

    async def accommodate(
        self, exam: ExamId, attempt: AttemptId, switched_off: Collection[Category], reason: str
    ) -> SeatStatus:
        """From the next footage on exactly these detectors are off for this candidate."""
        body = {"switched_off": sorted(switched_off), "reason": reason}
        path = f"/exams/{exam}/attempts/{attempt}/accommodation"
        return decode(await self._ask("PUT", path, json_body=body), SeatStatus)

    async def group_act(
        self, exam: ExamId, to: Mapping[str, Any], act: str, **arguments: str | int
    ) -> GroupDone:
        """`to` as the contract has it, e.g. `{"hall": "Aula", "row": "A"}`."""
        body = {"to": to, "act": act, **arguments}
        return decode(await self._ask("POST", f"/exams/{exam}/acts", json_body=body), GroupDone)

    async def start_gate(self, exam: ExamId) -> GateReport:
        return decode(await self._ask("GET", f"/exams/{exam}/start-gate"), GateReport)

    async def close_out(self, exam: ExamId) -> CloseOut:
        return decode(await self._ask("GET", f"/exams/{exam}/close-out"), CloseOut)

    async def shift_note(self, exam: ExamId, text: str) -> ShiftNote:
        """To all halls that this person may see."""
        path = f"/exams/{exam}/shift-notes"
        return decode(await self._ask("POST", path, json_body={"text": text}), ShiftNote)

    async def take_duty(self, exam: ExamId) -> Duty:
        return decode(await self._ask("PUT", f"/exams/{exam}/duty", json_body={}), Duty)

    async def leave_duty(self, exam: ExamId) -> Duty:
        return decode(await self._ask("DELETE", f"/exams/{exam}/duty"), Duty)

    async def seen(self, exam: ExamId, incident: IncidentId) -> SeenBy:
        """This person has looked at it."""
        path = f"/exams/{exam}/incidents/{incident}/seen"
        return decode(await self._ask("POST", path, json_body={}), SeenBy)
