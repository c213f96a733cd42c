"""Who sits where: joining, hall codes, takeovers, and what invigilators do to seats."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.adapters.crypto.join_proof import PageKeyProof
from appliance.processes.exam_parts import ExamParts
from appliance.processes.foundation import Foundation
from appliance.services.acts import Acts
from appliance.services.hall_codes import HallCodes
from appliance.services.joining import Joining
from appliance.services.takeovers import Takeovers


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceParts:
    acts: Acts
    hall_codes: HallCodes
    joining: Joining
    takeovers: Takeovers


def attendance_parts(on: Foundation, exam: ExamParts) -> AttendanceParts:
    hall_codes = HallCodes(on.clock, on.randomness, on.config.halls)
    takeovers = Takeovers(on.clock, on.randomness)
    return AttendanceParts(
        acts=Acts(
            access=on.access,
            attempts=exam.attempt_life,
            attendance=on.stores.attendance,
            channels=on.channels,
            live_views=exam.live_views,
            halls=on.halls,
            takeovers=takeovers,
            clock=on.clock,
        ),
        hall_codes=hall_codes,
        joining=Joining(
            exams=on.stores.exams,
            attempts=on.stores.attempts,
            attendance=on.stores.attendance,
            life=exam.attempt_life,
            audit=on.stores.audit,
            halls=on.halls,
            hall_codes=hall_codes,
            takeovers=takeovers,
            channels=on.channels,
            proofs=PageKeyProof(),
            clock=on.clock,
            randomness=on.randomness,
        ),
        takeovers=takeovers,
    )
