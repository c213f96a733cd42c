"""What the web application is given, under typed keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from appliance.core.ports import Clock
from appliance.services.access import Access
from appliance.services.accommodations import Accommodations
from appliance.services.accounts import Accounts
from appliance.services.acts import Acts
from appliance.services.after_hand_in import AfterHandIn
from appliance.services.box import Box
from appliance.services.candidates import Candidates
from appliance.services.channels import Channels
from appliance.services.check_in import CheckIn
from appliance.services.close_exam import CloseExam
from appliance.services.closing_out import ClosingOut
from appliance.services.decisions import Decisions
from appliance.services.doctor import Checkup
from appliance.services.erasure import ErasureDesk
from appliance.services.evidence import EvidenceRoom
from appliance.services.exam_life import ExamLife
from appliance.services.group_acts import GroupActs
from appliance.services.hall import Halls
from appliance.services.hall_codes import HallCodes
from appliance.services.hall_microphone import HallMicrophone
from appliance.services.ingest import Ingest
from appliance.services.joining import Joining
from appliance.services.legal_hold import HoldDesk
from appliance.services.live_view import LiveViews
from appliance.services.names import Names
from appliance.services.night_desk import NightDesk
from appliance.services.people import People
from appliance.services.phone_camera import PhoneCamera
from appliance.services.preparation import Preparation
from appliance.services.seating import Seating
from appliance.services.shift_desk import ShiftDesk
from appliance.services.start_gate import StartGate
from appliance.services.token_buckets import TokenBuckets


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The use cases behind the routes."""

    access: Access
    accommodations: Accommodations
    accounts: Accounts
    after_hand_in: AfterHandIn
    acts: Acts
    box: Box
    candidates: Candidates
    channels: Channels
    check_in: CheckIn
    checkup: Checkup
    closing: CloseExam
    closing_out: ClosingOut
    clock: Clock
    decisions: Decisions
    erasures: ErasureDesk
    evidence: EvidenceRoom
    exam_life: ExamLife
    group_acts: GroupActs
    hall_codes: HallCodes
    hall_microphone: HallMicrophone
    halls: Halls
    holds: HoldDesk
    ingest: Ingest
    joining: Joining
    live_views: LiveViews
    names: Names
    night_desk: NightDesk
    people: People
    phone_camera: PhoneCamera
    preparation: Preparation
    seating: Seating
    shift_desk: ShiftDesk
    start_gate: StartGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Token buckets in front of what can be guessed or flooded."""

    wrong_join_by_address: TokenBuckets
    join_by_seat: TokenBuckets
    acts_by_attempt: TokenBuckets
    login_by_address: TokenBuckets
    said_by_attempt: TokenBuckets


GATEWAY = web.AppKey("gateway", Gateway)
LIMITS = web.AppKey("limits", Limits)
STOPPING = web.AppKey("stopping", asyncio.Event)
"""Set when the box is told to stop: what would stay open for ever says goodbye by itself."""
