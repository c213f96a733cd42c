"""Who sits where: joining, hall codes, takeovers, and what invigilators do to seats."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.adapters.crypto.join_proof import PageKeyProof
from appliance.processes.exam_parts import ExamParts
from appliance.processes.foundation import Foundation
from appliance.services.acts import Acts
from appliance.services.closing_out import ClosingOut
from appliance.services.group_acts import GroupActs
from appliance.services.hall_codes import HallCodes
from appliance.services.joining import Joining
from appliance.services.phone_camera import PhoneCamera
from appliance.services.seating import Seating
from appliance.services.shift_desk import ShiftDesk
from appliance.services.takeovers import Takeovers


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceParts:
    acts: Acts
    group_acts: GroupActs
    hall_codes: HallCodes
    joining: Joining
    phone_camera: PhoneCamera
    seating: Seating
    shift_desk: ShiftDesk
    closing_out: ClosingOut


def attendance_parts(on: Foundation, exam: ExamParts) -> AttendanceParts:
    hall_codes = HallCodes(on.clock, on.randomness, on.config.halls)
    takeovers = Takeovers(on.clock, on.randomness)
    acts = Acts(
        access=on.access,
        attempts=exam.attempt_life,
        attendance=on.stores.attendance,
        channels=on.channels,
        live_views=exam.live_views,
        halls=on.halls,
        takeovers=takeovers,
        messages=exam.messages,
        portraits=exam.portraits,
        clock=on.clock,
    )
    return AttendanceParts(
        phone_camera=PhoneCamera(
            on.stores.exams,
            takeovers,
            on.halls,
            page_url=on.config.web.page_url,
            public_certificate=on.config.web.public_certificate,
        ),
        closing_out=ClosingOut(on.stores.attempts, on.stores.snippets, exam.arrivals, on.halls),
        shift_desk=ShiftDesk(
            access=on.access,
            handovers=on.stores.handovers,
            observations=on.stores.observations,
            halls=on.halls,
            clock=on.clock,
            randomness=on.randomness,
        ),
        acts=acts,
        group_acts=GroupActs(on.access, on.stores.attempts, acts, on.halls),
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
        seating=Seating(
            access=on.access,
            attempts=on.stores.attempts,
            attendance=on.stores.attendance,
            life=exam.attempt_life,
            halls=on.halls,
            clock=on.clock,
        ),
    )
