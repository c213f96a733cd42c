"""Who may sit down from where, and until when: the rules of joining. Pure.

The code of a hall proves that somebody is in the room: it is shown at the console there, differs
from hall to hall and changes every few minutes. A slip that was photographed and sent away is of
no use without it. The code is HMAC-SHA-256 over hall and period, cut to five digits: they can be
drawn large in any terminal, read out in any language and typed on any keyboard. What guards
against guessing is that a seat code is needed first and that tries are limited per seat and
address (10 at once, then one in five seconds, for two codes of 100,000).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from appliance.core.attempt import Attempt
from appliance.core.exam import Exam, ExamState

HALL_CODE_LENGTH = 5
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HallCode:
    """`until_ms`: when the next one takes its place; this one still counts until the next but
    one, so that nobody is caught typing."""

    hall: str
    code: str
    until_ms: int


def hall_code(secret: bytes, hall: str, minutes: int, now_ms: int) -> HallCode:
    """The code of `hall` at `now_ms`. `secret` is the exam's own, 32 random bytes."""
    period = now_ms // (minutes * _MINUTE_MS)
    return HallCode(
        hall=hall,
        code=_code(secret, hall, period),
        until_ms=(period + 1) * minutes * _MINUTE_MS,
    )


def is_hall_code(secret: bytes, hall: str, minutes: int, now_ms: int, typed: str) -> bool:
    """Whether `typed` (no spaces) is this hall's code of now or the one before."""
    period = now_ms // (minutes * _MINUTE_MS)
    return any(
        hmac.compare_digest(_code(secret, hall, p).encode(), typed.encode("utf-8", "replace"))
        for p in (period, period - 1)
    )


def is_in_networks(address: str, networks: Sequence[str]) -> bool:
    """Whether `address` (IPv4, IPv6 or IPv4 in IPv6) lies in one of `networks` (CIDR). False for
    what is no address, e.g. of a local socket."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ip_network(network, strict=False) for network in networks)


def joins_late(exam: Exam, attempt: Attempt, now_ms: int) -> bool:
    """Whether a person has to let this candidate in first: it is the first page of an attempt, and
    the exam started more than `join.late_minutes` ago."""
    if attempt.joined_ms is not None or attempt.admitted_late_ms is not None:
        return False
    if exam.state is not ExamState.LIVE or exam.started_ms is None:
        return False
    return now_ms > exam.started_ms + exam.settings.join.late_minutes * _MINUTE_MS


def _code(secret: bytes, hall: str, period: int) -> str:
    said = hmac.new(secret, f"hallvakt-hall\n{hall}\n{period}".encode(), hashlib.sha256).digest()
    number: int = int.from_bytes(said[:8]) % 10**HALL_CODE_LENGTH
    return f"{number:0{HALL_CODE_LENGTH}}"
