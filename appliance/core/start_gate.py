"""What must be right before an exam is started, and how each reading is judged. Pure.

The doctor (`core.checkup`) looks at the box; the gate looks at the box for this exam. What is not
ok stops the start unless a person starts it all the same and says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from appliance.core.attempt import Attempt
from appliance.core.checkup import Check, CheckStatus, fail, ok, warn
from appliance.core.keys import PepperKeeping
from appliance.core.night_forecast import Forecast
from appliance.core.night_words import sentence, size, whole
from appliance.core.settings import Descriptor, ExamSettings

_GB = 1_000_000_000
_MINUTE_S = 60
# Thumbnails, rows and the sealing of 10 s snippets on top of the rates the page is told.
_ON_TOP = 1.08
_TIGHT = 0.8

# A warning of these is told and asks for nothing. Nobody in a hall can change them before the
# start, and they are alike at every exam of a box: a reason typed each time would mean nothing.
_TOLD_ONLY = frozenset({"night", "pepper"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """`needs_reason`: names of the checks for which somebody must say why the exam is started all
    the same; `passed`: there is none."""

    passed: bool
    checks: tuple[Check, ...]
    needs_reason: tuple[str, ...]

    @property
    def not_ready(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.name in self.needs_reason)


def report(checks: Sequence[Check]) -> GateReport:
    names = tuple(check.name for check in checks if _needs_reason(check))
    return GateReport(passed=not names, checks=tuple(checks), needs_reason=names)


def _needs_reason(check: Check) -> bool:
    if check.name in _TOLD_ONLY:
        return check.status is CheckStatus.FAIL
    return check.status is not CheckStatus.OK


def forecast_bytes(settings: ExamSettings, attempts: Sequence[Attempt]) -> int:
    """What the whole exam will put on the disk, each attempt with its own extra time."""
    if not settings.features.video_snippets:
        return 0
    minutes = sum(settings.duration_minutes + a.extra_minutes for a in attempts)
    rate = settings.capture.video_bits_per_second
    if settings.features.audio_presence:
        rate += settings.capture.audio_bits_per_second
    return round(minutes * _MINUTE_S * rate / 8 * _ON_TOP)


def disk(needed: int, free: int) -> Check:
    """Bytes; `free` without what the box never writes to."""
    said = f"the exam needs {needed / _GB:.1f} GB, {max(0, free) / _GB:.1f} GB are free"
    if needed > free:
        return fail("disk", said, "Free room first, or lower capture.video_bits_per_second.")
    if needed > _TIGHT * free:
        return warn("disk", said, "It fits, with little to spare: free room before the next exam.")
    return ok("disk", said)


def certificate(seconds_left: float, exam_s: float, missing: Sequence[str]) -> Check:
    """`exam_s`: how long the certificate is still needed; `missing`: names of the box that it
    does not carry."""
    if seconds_left < exam_s:
        return fail(
            "certificate",
            "it ends before the exam does" if seconds_left > 0 else "it has ended",
            "Start the box again for a new one, or put a renewed one in its place.",
        )
    if missing:
        return warn(
            "certificate",
            f"it does not carry {', '.join(missing)}",
            "Pages that use this name are warned off: correct web.names in box.toml.",
        )
    return ok("certificate", f"good for {seconds_left / 86_400:.0f} days")


def needed_models(settings: ExamSettings) -> frozenset[str]:
    """Names of models/manifest.toml; none when the exam recognises nothing."""
    features, needed = settings.features, set[str]()
    if features.track_misuse_metrics:
        needed |= {"yunet", "facemesh"}
        if features.face_photo:
            both = settings.descriptor is Descriptor.BOTH
            needed |= {"dlib", "mobilefacenet"} if both else {settings.descriptor.value}
    if features.audio_presence:
        needed.add("silero")
    return frozenset(needed)


def models(found: Mapping[str, str]) -> Check:
    """Per needed model `good`, `missing` or `changed`."""
    changed = sorted(name for name, how in found.items() if how == "changed")
    missing = sorted(name for name, how in found.items() if how == "missing")
    if changed:
        return fail(
            "models",
            f"not the files that the manifest names: {', '.join(changed)}",
            "Delete them, run `hallvakt models install`, and find out who changed them.",
        )
    if missing:
        return fail("models", f"missing: {', '.join(missing)}", "Run `hallvakt models install`.")
    if not found:
        return ok("models", "this exam needs none")
    return ok("models", f"{', '.join(sorted(found))}: as in the manifest")


def workers(needed: bool, alive: int) -> Check:
    if not needed:
        return ok("media workers", "this exam looks at nothing")
    if not alive:
        return warn(
            "media workers",
            "none runs: snippets are kept, and nobody looks at them",
            "See `hallvakt doctor` and the log; until then watch the hall yourselves.",
        )
    return ok("media workers", f"{alive} at work")


def relay(wanted: bool, took_ms: float | None, why: str) -> Check:
    """`took_ms`: a packet through the exam's own relay and back, None when `why` says why not."""
    if not wanted:
        return ok("relay", "this exam has no live views")
    if took_ms is None:
        return fail("relay", why, "Live views would not open: see `hallvakt doctor`.")
    return ok("relay", f"a packet came through the exam's own relay in {took_ms:.1f} ms")


def relay_later() -> Check:
    return ok("relay", "tried once check-in is open: the exam's own relay starts then")


def backlog(waiting_bytes: int) -> Check:
    if not waiting_bytes:
        return ok("backlog", "nothing of earlier exams waits to be sent")
    return warn(
        "backlog",
        f"{waiting_bytes / _GB:.1f} GB of earlier exams wait to be sent",
        "Nothing is lost: `hallvakt sync status` says how far it is.",
    )


def night(forecast: Forecast | None, now_ms: int, zone: tzinfo | None = None) -> Check:
    """What the nights after this exam will send; None on a box that keeps everything."""
    if forecast is None:
        return ok("night", "this box keeps everything")
    if not forecast.bytes:
        return ok("night", sentence(forecast, now_ms, zone))
    said = f"{size(forecast.bytes)} with this exam: {whole(forecast, now_ms, zone)}"
    if not forecast.nights:
        return warn("night", said, "Nothing is lost: what is not sent stays on the box.")
    if forecast.nights > 1:
        return warn(
            "night",
            said,
            "Until then it stays on the box; a longer window or a higher cap makes it quicker.",
        )
    return ok("night", said)


def roster(attempts: Sequence[Attempt]) -> Check:
    seats = Counter((a.seat.hall, a.seat.label) for a in attempts)
    twice = sorted(f"{hall} {label}" for (hall, label), n in seats.items() if n > 1)
    if not attempts:
        return fail("roster", "it names no candidate", "Import the roster.")
    if twice:
        return fail(
            "roster", f"seats given twice: {', '.join(twice)}", "Give each candidate a seat."
        )
    return ok("roster", f"{len(attempts)} candidates, each with a seat of their own")


def halls(
    held_in: Collection[str], listed: Collection[str], watched: Collection[str] | None
) -> Check:
    """`listed`: halls that box.toml knows, none when it lists none; `watched`: halls that somebody
    is assigned to, None when somebody is assigned to all."""
    unknown = sorted(set(held_in) - set(listed)) if listed else []
    if unknown:
        return warn(
            "halls",
            f"not in box.toml: {', '.join(unknown)}",
            "Correct the spelling in the roster, or add the hall to [halls].",
        )
    alone = sorted(set(held_in) - set(watched)) if watched is not None else []
    if alone:
        return warn(
            "halls",
            f"nobody is assigned to {', '.join(alone)}",
            "Assign an invigilator with `hallvakt user add --hall`.",
        )
    return ok("halls", ", ".join(sorted(held_in)) or "none")


def pepper(keeping: PepperKeeping) -> Check:
    if keeping is PepperKeeping.TPM:
        return ok("pepper", "a credential bound to this machine's TPM")
    return warn(
        "pepper",
        "not bound to a TPM: who takes the box with its disk can try passphrases",
        "Lock the box away while an exam is open; `hallvakt doctor` says what else helps.",
    )
