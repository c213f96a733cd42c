"""How long a backlog takes through the windows and caps of a line: bytes in, nights out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.core.night_window import Span
from appliance.core.settings import Capture, ExamSettings, SyncScope
from appliance.core.snippet import PriorityClass

# Where no exam of this box has been measured: bytes a second of one candidate's footage, as a share
# of the rate asked of the encoder. VP8 at 320x240 and 10 frames a second gives 0.41 of it (Chromium
# 156, a seated person); a busier picture gives more, and a forecast should not be too low.
ENCODED_SHARE = 0.5
SEALED_OVERHEAD = 1.01  # header, authentication tags, container
RECORD_BYTES = 20_000  # one attempt's record, with a few incidents
PORTRAIT_BYTES = 60_000  # photo and descriptor
FLAGGED_SHARE = 0.08  # of the footage lies near an observation, where nothing was measured yet
LINE_SHARE = 0.95  # of a cap arrives as payload; the rest is packets, requests and pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What this box has seen so far; None where it has seen nothing."""

    footage_byte_s: float | None = None  # of one candidate
    line_bit_s: int | None = None
    flagged_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`finishes_ms` is None when nothing is to be sent, when nothing is known about the line, or
    when the windows of a week do not suffice (`nights` 0 and `bytes` above 0). `windows` are those
    that something goes through, each with its cap; one that is open now has opened before."""

    bytes: int
    nights: int
    finishes_ms: int | None
    order: tuple[tuple[PriorityClass, int], ...]
    windows: tuple[Span, ...]


def exam_bytes(
    settings: ExamSettings, candidates: int, extra_minutes: int, measured: Measured
) -> dict[PriorityClass, int]:
    """What an exam that is still to come will send; `extra_minutes` are those of all candidates
    together."""
    sizes = dict.fromkeys(PriorityClass, 0)
    if settings.sync is SyncScope.NONE:
        return sizes
    seconds = 60 * (candidates * settings.duration_minutes + extra_minutes)
    features = settings.features
    footage = 0.0
    if features.video_snippets:
        footage = seconds * (measured.footage_byte_s or expected_byte_s(settings.capture))
    share = measured.flagged_share if measured.flagged_share is not None else FLAGGED_SHARE
    sizes[PriorityClass.RECORDS] = candidates * RECORD_BYTES
    sizes[PriorityClass.FLAGGED] = round(footage * share)
    if features.face_photo:
        sizes[PriorityClass.PORTRAITS] = candidates * PORTRAIT_BYTES
    if settings.sync is SyncScope.ALL:
        sizes[PriorityClass.REST] = round(footage * (1 - share))
    return sizes


def expected_byte_s(capture: Capture) -> float:
    """Of one candidate's footage, sealed, before anything was measured."""
    media = capture.video_bits_per_second * ENCODED_SHARE + capture.audio_bits_per_second
    return media / 8 * SEALED_OVERHEAD


def forecast(
    sizes: Mapping[PriorityClass, int],
    spans: Iterable[Span],
    now_ms: int,
    line_bit_s: int | None,
) -> Forecast:
    """Fill `spans` (in order of time) with `sizes`, beginning now.

    The line carries what it was measured at, at most the window's cap; where neither is known there
    is no finishing time. A metered window carries records only. `nights` counts windows used.
    """
    order = tuple((kind, sizes.get(kind, 0)) for kind in PriorityClass)
    records = sizes.get(PriorityClass.RECORDS, 0)
    others = sum(size for _, size in order) - records
    total = records + others
    used: list[Span] = []

    def done(nights: int, finishes_ms: int | None = None) -> Forecast:
        return Forecast(
            bytes=total, nights=nights, finishes_ms=finishes_ms, order=order, windows=tuple(used)
        )

    for span in spans:
        if not records + others:
            break
        if span.metered and not records:
            continue
        rate = _rate(span.cap_bit_s, line_bit_s)
        if rate is None:
            used.append(span)
            return done(1)
        begins_ms = max(span.opens_ms, now_ms)
        room = int(rate / 8 * (span.closes_ms - begins_ms) / 1000)
        taken = min(records, room)
        records -= taken
        if not span.metered:
            more = min(others, room - taken)
            others -= more
            taken += more
        if taken:
            used.append(span)
        if not records + others:
            return done(len(used), begins_ms + round(taken * 8000 / rate))
    return done(0)


def _rate(cap_bit_s: int | None, line_bit_s: int | None) -> float | None:
    """Payload bits a second."""
    known = [rate for rate in (cap_bit_s and cap_bit_s * LINE_SHARE, line_bit_s) if rate]
    return min(known) if known else None
