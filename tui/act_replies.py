"""What the box answers to acts of the hall: groups, codes, the gate and the close-out."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from appliance.core.joining import HallCode


@dataclass(frozen=True, slots=True, kw_only=True)
class HallCodes:
    """`needed`: whether the exam asks for a code at all."""

    needed: bool
    codes: tuple[HallCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverCode:
    code: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    attempt_id: AttemptId
    seat: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDone:
    done: tuple[AttemptId, ...]
    not_done: tuple[NotDone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsMoved:
    seats: tuple[SeatStatus, ...]
