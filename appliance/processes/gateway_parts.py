"""Puts the gateway together: the foundation, the exam's parts, and a use case behind each route."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cbor2

from appliance.adapters.crypto.head_words import head_words
from appliance.adapters.crypto.one_time_codes import TimeCodes
from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores
from appliance.adapters.workers.pool import WorkerPool
from appliance.config.box import BoxConfig
from appliance.core.attempt import Attempt
from appliance.core.exam import Exam
from appliance.core.snippet import Snippet
from appliance.processes.attendance_parts import attendance_parts
from appliance.processes.candidate_parts import after_hand_in, remarks
from appliance.processes.checkup_here import checkup_here
from appliance.processes.data_protection_parts import erasure_desk, hold_desk
from appliance.processes.disk_parts import disk_watch
from appliance.processes.exam_parts import ExamParts, exam_parts
from appliance.processes.foundation import Foundation, lay_foundation
from appliance.processes.neighbours import Neighbours
from appliance.processes.night_parts import night_line, night_of
from appliance.processes.settings_checks import check_settings
from appliance.processes.start_gate_parts import keep_free
from appliance.processes.unlisted import orphans
from appliance.services.accommodations import Accommodations
from appliance.services.accounts import Accounts
from appliance.services.box import Box, Measured
from appliance.services.byte_budget import ByteBudget
from appliance.services.candidates import Candidates
from appliance.services.check_in import CheckIn
from appliance.services.clock_watch import ClockWatch
from appliance.services.close_exam import CloseExam
from appliance.services.decisions import Decisions
from appliance.services.disk_watch import DiskWatch
from appliance.services.erasure import BoxSignature
from appliance.services.evidence import EvidenceRoom
from appliance.services.ingest import Ingest
from appliance.services.looking import Looking
from appliance.services.looks import Looks
from appliance.services.night_desk import NightDesk
from appliance.services.orphans import Orphans
from appliance.services.people import People
from appliance.services.preparation import Preparation
from appliance.services.upload_pace import UploadPace
from appliance.services.upload_share import UploadShare
from appliance.web.application_keys import Gateway

UPLOAD_BYTES = 128 * 1024 * 1024  # in memory at once: about 100 snippets with their copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the process starts, stops and serves."""

    gateway: Gateway
    stores: Stores
    workers: WorkerPool
    relay: Coturn
    looking: Looking
    orphans: Orphans
    measured: Measured
    clock_watch: ClockWatch
    disk_watch: DiskWatch


def build(state: Path, config: BoxConfig, beside: Neighbours) -> Parts:
    """Open everything below `state`. Nothing runs yet; needs no event loop."""
    on = lay_foundation(state, config, beside)
    exam = exam_parts(on)
    return Parts(
        gateway=_gateway(on, exam),
        stores=on.stores,
        workers=on.workers,
        relay=on.relay,
        looking=exam.looking,
        orphans=orphans(on.stores, on.blobs, on.clock, config.box_id),
        measured=on.measured,
        clock_watch=ClockWatch(on.clock, on.measured, on.stores.audit, config.box_id),
        disk_watch=disk_watch(on),
    )


def _gateway(on: Foundation, exam: ExamParts) -> Gateway:
    stores, config = on.stores, on.config
    hasher, codes = PassphraseHashes(), TimeCodes()
    disk = os.statvfs(on.state)
    disk_bytes = disk.f_blocks * disk.f_frsize
    ingest = _ingest(on, exam, disk_bytes)
    attendance = attendance_parts(on, exam)
    return Gateway(
        access=on.access,
        accounts=Accounts(
            users=stores.users,
            exams=stores.exams,
            audit=stores.audit,
            hasher=hasher,
            codes=codes,
            clock=on.clock,
            randomness=on.randomness,
            after_login=exam.unlocking.after_login,
        ),
        after_hand_in=after_hand_in(on, exam),
        accommodations=Accommodations(
            access=on.access,
            attempts=exam.attempt_life,
            attendance=stores.attendance,
            halls=on.halls,
            clock=on.clock,
        ),
        acts=attendance.acts,
        box=_box(on, exam, disk_bytes),
        candidates=Candidates(
            exams=stores.exams,
            attempts=stores.attempts,
            attendance=stores.attendance,
            life=exam.attempt_life,
            arrivals=exam.arrivals,
            live_views=exam.live_views,
            messages=exam.messages,
            clock=on.clock,
        ),
        channels=on.channels,
        check_in=CheckIn(
            exams=stores.exams,
            life=exam.attempt_life,
            audit=stores.audit,
            halls=on.halls,
            portraits=exam.portraits,
            languages=on.languages,
        ),
        clock=on.clock,
        closing_out=attendance.closing_out,
        closing=_closing(on, exam, ingest),
        decisions=Decisions(
            on.access, stores.observations, on.halls, on.clock, exam.incident_locks
        ),
        evidence=EvidenceRoom(
            access=on.access,
            snippets=stores.snippets,
            observations=stores.observations,
            objects=on.objects,
            portraits=exam.portraits,
            workers=on.workers,
            halls=on.halls,
            looks=Looks(on.clock),
        ),
        erasures=erasure_desk(
            on.state,
            stores,
            on.access,
            exam.names,
            BoxSignature(
                box_id=config.box_id, sign=on.signing.sign, public_key=on.signing.public_bytes
            ),
            on.clock,
        ),
        exam_life=exam.exam_life,
        hall_codes=attendance.hall_codes,
        group_acts=attendance.group_acts,
        hall_microphone=exam.hall_microphone,
        halls=on.halls,
        holds=hold_desk(stores, on.access, on.clock),
        ingest=ingest,
        joining=attendance.joining,
        live_views=exam.live_views,
        names=exam.names,
        night_desk=NightDesk(on.access, config.box_id, night_of(config, stores).pause),
        people=People(
            users=stores.users,
            audit=stores.audit,
            hasher=hasher,
            codes=codes,
            clock=on.clock,
            randomness=on.randomness,
        ),
        phone_camera=attendance.phone_camera,
        preparation=Preparation(
            access=on.access,
            exams=stores.exams,
            attempts=stores.attempts,
            life=exam.attempt_life,
            users=stores.users,
            names=exam.names,
            unlocking=exam.unlocking,
            clock=on.clock,
            randomness=on.randomness,
            page_url=config.web.page_url,
            check_policy=partial(check_settings, on.state, on.config),
            languages=on.languages,
        ),
        seating=attendance.seating,
        shift_desk=attendance.shift_desk,
        start_gate=exam.start_gate,
        checkup=checkup_here(on),
    )


def _ingest(on: Foundation, exam: ExamParts, disk_bytes: int) -> Ingest:
    def look(of: Exam, attempt: Attempt, snippet: Snippet, media: bytes) -> None:
        exam.looking.add(of, attempt, snippet, media)

    return Ingest(
        exams=on.stores.exams,
        snippets=on.stores.snippets,
        blobs=on.blobs,
        objects=on.objects,
        arrivals=exam.arrivals,
        halls=on.halls,
        clock=on.clock,
        look=look,
        budget=ByteBudget(UPLOAD_BYTES),
        share=UploadShare(on.clock, on.halls),
        pace=UploadPace(on.clock.monotonic),
        keep_free=keep_free(disk_bytes),
    )


def _box(on: Foundation, exam: ExamParts, disk_bytes: int) -> Box:
    return Box(
        microphone=exam.hall_microphone,
        box_id=on.config.box_id,
        name=on.config.name,
        version=version("hallvakt"),
        measured=on.measured,
        halls=on.halls,
        looking=exam.looking,
        watch=exam.watch,
        workers=on.workers,
        relay=on.relay,
        blobs=on.blobs,
        keys=on.keys,
        clock=on.clock,
        disk_bytes=disk_bytes,
        night=night_line(on.config, on.stores),
        sign=on.signing.sign,
        key_id=on.signing.key_id,
        public_key=on.signing.public_bytes,
        pepper=on.pepper,
    )


def _closing(on: Foundation, exam: ExamParts, ingest: Ingest) -> CloseExam:
    return CloseExam(
        access=on.access,
        exams=on.stores.exams,
        attempts=on.stores.attempts,
        attendance=on.stores.attendance,
        handovers=on.stores.handovers,
        snippets=on.stores.snippets,
        observations=on.stores.observations,
        users=on.stores.users,
        audit=on.stores.audit,
        objects=on.objects,
        keys=on.keys,
        relay=on.relay,
        live_views=exam.live_views,
        ingest=ingest,
        looking=exam.looking,
        workers=on.workers,
        watch=exam.watch,
        halls=on.halls,
        channels=on.channels,
        names=exam.names,
        portraits=exam.portraits,
        clock=on.clock,
        encode=_cbor,
        flag=Packs(on.stores.box).flag,
        words=head_words,
        remarks=remarks(on),
    )


def _cbor(value: Any) -> bytes:
    """Deterministic CBOR (RFC 8949, section 4.2)."""
    return cbor2.dumps(value, canonical=True)
