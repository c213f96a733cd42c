"""What candidates' pages ask for, put together for the gateway."""

from __future__ import annotations

from appliance.processes.exam_parts import ExamParts
from appliance.processes.foundation import Foundation
from appliance.services.after_hand_in import AfterHandIn
from appliance.services.remarks import Remarks


def remarks(on: Foundation) -> Remarks:
    return Remarks(on.objects, on.stores.snippets)


def after_hand_in(on: Foundation, exam: ExamParts) -> AfterHandIn:
    return AfterHandIn(
        exams=on.stores.exams,
        attempts=on.stores.attempts,
        life=exam.attempt_life,
        observations=on.stores.observations,
        audit=on.stores.audit,
        remarks=remarks(on),
        languages=on.languages,
    )
