"""What runs an exam: looking at snippets, the life of attempts and exams, live views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from appliance.core.exam import Exam
from appliance.processes.foundation import Foundation
from appliance.processes.settings_checks import check_settings
from appliance.processes.start_gate_parts import start_gate
from appliance.services.arrivals import Arrivals
from appliance.services.attempt_life import AttemptLife
from appliance.services.exam_life import ExamLife
from appliance.services.hall_microphone import HallMicrophone
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.live_view import LiveViews
from appliance.services.looking import Looking
from appliance.services.messages import Messages
from appliance.services.names import Names
from appliance.services.portraits import Portraits
from appliance.services.start_gate import StartGate
from appliance.services.thumbnails import Thumbnails
from appliance.services.unlocking import Unlocking
from appliance.services.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamParts:
    """Shared by the use cases of people, pages and consoles."""

    arrivals: Arrivals
    attempt_life: AttemptLife
    exam_life: ExamLife
    hall_microphone: HallMicrophone
    incident_locks: KeyedLocks
    live_views: LiveViews
    looking: Looking
    messages: Messages
    names: Names
    portraits: Portraits
    start_gate: StartGate
    unlocking: Unlocking
    watch: Watch


def exam_parts(on: Foundation) -> ExamParts:
    stores, gate = on.stores, start_gate(on)
    incident_locks = KeyedLocks()
    watch = Watch(
        workers=on.workers,
        observations=stores.observations,
        snippets=stores.snippets,
        clock=on.clock,
        randomness=on.randomness,
        publish=on.halls.publish,
        keep_thumbnail=Thumbnails(stores.exams, stores.attempts, on.objects).keep,
        locks=incident_locks,
    )
    attempt_life = AttemptLife(
        exams=stores.exams,
        attempts=stores.attempts,
        attendance=stores.attendance,
        halls=on.halls,
        channels=on.channels,
        watch=watch,
        clock=on.clock,
    )
    arrivals = Arrivals(stores.snippets)
    names = Names(stores.identities, on.sealing, on.keys, on.config.box_id)
    portraits = Portraits(on.workers, on.objects, stores.snippets)
    looking = Looking(
        watch=watch,
        objects=on.objects,
        portraits=portraits,
        exams=stores.exams,
        attempts=stores.attempts,
        snippets=stores.snippets,
        keys=on.keys,
        halls=on.halls,
        clock=on.clock,
        at_once=4 * on.config.workers.count,
    )

    async def on_unlocked(exam: Exam) -> None:
        await names.all(exam.exam_id)
        await exam_life.unlocked(exam)
        await looking.resume(exam)

    unlocking = Unlocking(
        exams=stores.exams,
        users=stores.users,
        keys=on.keys,
        audit=stores.audit,
        halls=on.halls,
        on_unlocked=on_unlocked,
    )
    exam_life = ExamLife(
        access=on.access,
        exams=stores.exams,
        attempts=stores.attempts,
        attendance=stores.attendance,
        handovers=stores.handovers,
        observations=stores.observations,
        life=attempt_life,
        arrivals=arrivals,
        halls=on.halls,
        channels=on.channels,
        unlocking=unlocking,
        relay=on.relay,
        recipients=on.recipients,
        clock=on.clock,
        check_policy=partial(check_settings, on.state, on.config),
        gate=gate,
    )
    return ExamParts(
        arrivals=arrivals,
        attempt_life=attempt_life,
        exam_life=exam_life,
        hall_microphone=HallMicrophone(
            hall=on.config.hall_microphone.hall,
            exams=stores.exams,
            halls=on.halls,
            watch=watch,
            clock=on.clock,
        ),
        incident_locks=incident_locks,
        live_views=LiveViews(
            access=on.access,
            relay=on.relay,
            channels=on.channels,
            halls=on.halls,
            randomness=on.randomness,
        ),
        looking=looking,
        messages=Messages(),
        names=names,
        portraits=portraits,
        start_gate=gate,
        unlocking=unlocking,
        watch=watch,
    )
