"""Plain mode: what concerns the whole hall, in lines: breaks, codes, open seats, shift, gate."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.core.checkup import Check, CheckStatus
from appliance.core.exam import ExamState
from appliance.core.start_gate import GateReport
from tui.check_lines import check_name
from tui.language import several, text, tr
from tui.plain_part import Act, PlainPart
from tui.screens.break_ledger import in_ledger, total_ms
from tui.screens.close_out import WHY, what_waits
from tui.told import told
from tui.words import stopwatch, time_of_day

_STATUS = {
    CheckStatus.OK: text("in order"),
    CheckStatus.WARN: text("good to know"),
    CheckStatus.FAIL: text("not ready"),
}


class PlainDesk(PlainPart):
    def actions(self) -> dict[str, Act]:
        return {
            "breaks": self._breaks,
            "codes": self._codes,
            "open": self._open,
            "shift": self._shift_told,
            "duty": self._take,
            "off": self._leave,
            "note": self._note,
            "gate": self._gate,
            "start": self._start,
        }

    async def _breaks(self, _: str) -> None:
        now = self._shift.clock.now_ms()
        seats = in_ledger(self._watch.view.seats.values(), now)
        for seat in seats:
            name = f", {seat.name}" if seat.name and not self._shift.names_hidden else ""
            count = several("{n} break", "{n} breaks", seat.breaks)
            total = tr("{time} in all", time=stopwatch(total_ms(seat, now)))
            out = ""
            if seat.break_started_ms is not None:
                out = tr("out {away}", away=stopwatch(now - seat.break_started_ms)) + ", "
            self._write(
                tr("Seat {seat}", seat=self._shift.place(seat)) + f"{name}: {out}{count}, {total}."
            )
        if not seats:
            self._write(tr("Nobody has had a break."))

    async def _codes(self, _: str) -> None:
        found = await self._shift.client.hall_codes(self._watch.exam_id)
        for code in found.codes:
            until = time_of_day(code.until_ms)[:5]
            self._write(f"{code.hall}: {' '.join(code.code)}, " + tr("until {time}", time=until)
                        + ".")  # fmt: skip
        if not found.codes:
            self._write(tr("This exam asks for no code: a slip is enough."))

    async def _open(self, _: str) -> None:
        found = await self._shift.client.close_out(self._watch.exam_id)
        for seat in found.open_seats:
            waits = what_waits(seat)
            self._write(tr("Seat {seat}", seat=self._shift.place(seat)) + f": {tr(WHY[seat.why])}"
                        + (f", {waits}" if waits else "") + ".")  # fmt: skip
        many = len(found.open_seats)
        self._write(several("{n} seat is still open.", "{n} seats are still open.", many))

    async def _shift_told(self, _: str) -> None:
        view = self._watch.view
        for one in view.duty.on_duty:
            where = tr("all halls") if one.halls is None else ", ".join(one.halls)
            since = tr("since {time}", time=time_of_day(one.since_ms)[:5])
            self._write(f"{one.name}, {where}, {since}.")
        if not view.duty.on_duty:
            self._write(tr("Nobody has taken the shift."))
        for note in view.shift_notes:
            self._write(f"{time_of_day(note.at_ms)[:5]} {note.by_name}: {note.text}")

    async def _take(self, _: str) -> None:
        await self._shift.client.take_duty(self._watch.exam_id)
        self._write(tr("You are on duty."))

    async def _leave(self, _: str) -> None:
        await self._shift.client.leave_duty(self._watch.exam_id)
        self._write(tr("You have left the shift."))

    async def _note(self, rest: str) -> None:
        await self._shift.client.shift_note(self._watch.exam_id, rest)
        self._write(tr("The note is there for everybody in this exam."))

    async def _gate(self, _: str) -> None:
        found = await self._shift.client.start_gate(self._watch.exam_id)
        self._tell(found, found.checks)

    async def _start(self, reason: str) -> None:
        """What the gate has to say is said; `reason` starts although not all is ready."""
        found = await self._shift.client.start_gate(self._watch.exam_id)
        self._tell(found, [check for check in found.checks if check.status is not CheckStatus.OK])
        if not found.passed and not reason:
            self._write(tr("To start all the same, type: start and why."))
            return
        override = "" if found.passed else reason
        await self._shift.client.change_state(self._watch.exam_id, ExamState.LIVE, override)

    def _tell(self, gate: GateReport, checks: Sequence[Check]) -> None:
        for check in checks:
            stops = check.name in gate.needs_reason
            how = tr(_STATUS[CheckStatus.FAIL if stops else check.status])
            said = f"{check_name(check)}, {how}: {told(check.detail)}."
            self._write(said + (f" {told(check.advice)}" if check.advice else ""))
