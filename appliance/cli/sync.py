"""`hallvakt sync`: the night, what it will send, what is proven."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from appliance.cli.box_client import logged_in
from appliance.cli.night_progress import NightProgress
from appliance.cli.options import DEFAULT_STATE, Caller, Json, State, Timer
from appliance.cli.output import answer
from appliance.cli.sync_configure import configure
from appliance.cli.sync_prepare import prepare
from appliance.core.errors import BadInput, NotFound, Refused
from appliance.core.night_window import Span
from appliance.core.night_words import counted, sentence, size, when, window
from appliance.processes.cloud_ends import has_verifier
from appliance.processes.drill import Drill, last_drill
from appliance.processes.syncer import Syncer, syncer
from appliance.services.paced_line import Closed

app = App(name="sync", help="The night: upload, prove, plan.")
app.command(prepare)
app.command(configure)

Now = Annotated[
    bool,
    Parameter(name="--now", negative=(), help="Send outside the windows; needs --reason, --as."),
]
Reason = Annotated[str, Parameter(name="--reason", help="Why; it stands in the audit log.")]
By = Annotated[
    str, Parameter(name="--as", help="Your user name; it stands in the audit log as you say it.")
]
ExamCode = Annotated[str, Parameter(name="--exam", help="One exam only: its code.")]


@app.command
async def plan(*, exam: ExamCode = "", state: State = DEFAULT_STATE, json: Json = False) -> None:
    """What the nights to come will send, in which order, through which windows and caps, and done
    when: exams that are closed, and those to come by roster, settings and what was measured."""
    async with syncer(state) as night:
        only = (await night.stores.exams.by_code(exam.upper())).exam_id if exam else None
        planned = await night.night.plan(only)
        zone = night.config.night.zone
    now_ms = time.time_ns() // 1_000_000
    document = {
        "bytes": planned.bytes,
        "nights": planned.nights,
        "finishes_at": _time(planned.finishes_ms),
        "order": [{"kind": kind.value, "bytes": count} for kind, count in planned.order],
        "windows": [_window(span) for span in planned.windows],
    }
    lines = []
    if planned.bytes:
        lines = [f"{size(planned.bytes)} to send, in this order:"]
        lines += [f"  {kind.value}: {size(count)}" for kind, count in planned.order if count]
    if planned.windows:
        lines.append("Through:")
        lines += [f"  {window(span, now_ms, zone)}" for span in planned.windows]
    answer(document, [*lines, sentence(planned, now_ms, zone)], as_json=json)


@app.command
async def run(
    *,
    now: Now = False,
    reason: Reason = "",
    by: By = "",
    timer: Timer = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Send what is closed, prove it, and say so. Run again after a cut: it goes on."""
    if now != bool(reason.strip()) or now != bool(by):
        raise BadInput("--now, --reason TEXT and --as NAME belong together: both are audited.")
    progress = NightProgress()
    async with syncer(state) as night:
        try:
            report = await night.run(
                progress.packs,
                reason=reason.strip()[:200],
                person=await _person(night, by) if by else "box",
                by_timer=timer,
                on_sent=progress.sent,
            )
        except Refused as refused:
            if timer and (why := _calm(refused)):
                answer({"sent": False, "why": why}, why, as_json=json)
                return
            raise
        finally:
            progress.close()
    document = {
        "objects_at": report.objects_at,
        "records_at": report.records_at,
        "packs": report.packs,
        "bytes": report.bytes,
        "exams": report.exams,
        "waiting": report.waiting,
        "stopped": report.stopped,
    }
    exams = counted(len(report.exams), "exam")
    lines = [f"{exams} confirmed." if report.exams else "Nothing to send."]
    if report.packs:
        sent = f"{counted(report.packs, 'pack')}, {size(report.bytes)}"
        lines[0] = f"Sent {sent}, to {report.objects_at}; {exams} confirmed."
    if report.waiting:
        waiting = counted(len(report.waiting), "closed exam")
        lines.append(f"Still waiting for late uploads: {waiting}.")
    if report.stopped:
        lines.append(f"Not all was sent. {report.stopped}")
    if report.exams and not has_verifier(night.config.cloud):
        lines.append(
            "Read back with the writer's own logins: name the verifier's in the table [cloud]."
        )
    answer(document, lines, as_json=json)


@app.command
async def pause(*, who: Caller, json: Json = False) -> None:
    """Send nothing until `sync resume`; a run that is going on stops within seconds."""
    await _pause(who, json, paused=True)


@app.command
async def resume(*, who: Caller, json: Json = False) -> None:
    """Let the night send again, in its windows."""
    await _pause(who, json, paused=False)


@app.command
async def status(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """How much is left to send, how much is proven, and when it was last read back."""
    async with syncer(state) as night:
        now = await night.night.status()
        drilled = await last_drill(night)
        own = night.config.night
    verified, now_ms = _time(now.last_verified_ms), time.time_ns() // 1_000_000
    holds = now.window or now.next_window
    document = {
        "backlog_bytes": now.backlog_bytes,
        "backlog_packs": now.backlog_packs,
        "sent_bytes": now.sent_bytes,
        "confirmed_packs": now.confirmed_packs,
        "confirmed_bytes": now.confirmed_bytes,
        "last_verified_at": verified,
        "last_drill_at": _time(drilled.at_ms) if drilled else None,
        "drill_ok": drilled.ok if drilled else None,
        "window": holds and {"open": now.window is not None, **_window(holds)},
        "cap_bit_s": now.window and now.window.cap_bit_s,
        "paused": now.paused,
    }
    lines = [
        f"To send: {size(now.backlog_bytes)}.",
        f"Confirmed: {counted(now.confirmed_packs, 'pack')}, {size(now.confirmed_bytes)}.",
        f"Last read back: {verified or 'never'}.",
        _drilled(drilled),
    ]
    if now.sent_bytes:
        lines.insert(
            1, f"Sent and not proven yet: {size(now.sent_bytes)}; the next run goes on with it."
        )
    if now.paused:
        lines.append("Sending is paused: `hallvakt sync resume` lets it go on.")
    elif now.window:
        cap = now.window.cap_bit_s
        limit = f", at most {cap / 1e6:g} Mbit/s" if cap else ""
        lines.append(
            f"A window is open until {when(now.window.closes_ms, now_ms, own.zone)}{limit}."
        )
    elif now.next_window:
        lines.append(f"The next window opens {when(now.next_window.opens_ms, now_ms, own.zone)}.")
    answer(document, lines, as_json=json)


@app.command
async def verify(
    *, sample: int | None = None, state: State = DEFAULT_STATE, json: Json = False
) -> None:
    """Read the cloud copy back, byte by byte, and compare it with what this box signed.

    Parameters
    ----------
    sample
        Read only so many packs of each exam, drawn at random; of the rest compare the size.
    """
    if sample is not None and sample < 1:
        raise BadInput("--sample is a number of packs, at least 1.")
    async with syncer(state) as night:
        verified = await night.verify(packs=sample)
        separate = has_verifier(night.config.cloud)
    document = {
        "verified": bool(verified),
        "identity": "verifier" if separate else "writer",
        "bytes": sum(v.bytes for v in verified),
        "read_bytes": sum(v.read_bytes for v in verified),
        "exams": [
            {
                "exam": v.exam_id,
                "root": v.root.hex(),
                "manifests": v.manifests,
                "packs": v.packs,
                "objects": v.objects,
                "bytes": v.bytes,
                "read_packs": v.read_packs,
            }
            for v in verified
        ],
    }
    lines = [
        f"{v.exam_id}: {v.objects} objects in {v.packs} packs are what was stored"
        f"{'' if v.read_packs == v.packs else f' ({v.read_packs} packs read whole)'}. "
        f"Root {v.root.hex()}"
        for v in verified
    ]
    if verified and not separate:
        lines.append(
            "Read with the login that also writes: name cloud.verifier_records_uri_file and "
            "cloud.verifier_credentials_file, a login that may only read, to prove more."
        )
    answer(document, lines or "Nothing has been sent yet.", as_json=json)


async def _person(night: Syncer, name: str) -> str:
    """Their id. It is their word: who types here has the box's files in hand anyway."""
    user = await night.stores.users.by_name(name)
    if user is None:
        raise NotFound(f"There is no user {name} on this box: give your own name with --as.")
    return user.user_id


def _drilled(last: Drill | None) -> str:
    if last is None:
        return "Last restore drill: never."
    at = _time(last.at_ms)
    if not last.ok:
        return f"Last restore drill: FAILED {at}. {last.detail}"
    return f"Last restore drill: {at}, {last.objects} objects brought back whole."


async def _pause(who: Caller, json: Json, *, paused: bool) -> None:
    async with logged_in(who) as box:
        await box.call("PUT", "/box/night", json={"paused": paused})
    text = "Nothing is sent until `hallvakt sync resume`." if paused else "The night sends again."
    answer({"paused": paused}, text, as_json=json)


def _calm(refused: Refused) -> str:
    """What a timer has to say of a refusal that is no failure; empty for one that is."""
    if refused.code == "no-cloud":
        return "Nothing to do: this box keeps everything."
    if refused.code in (Closed.WINDOW, Closed.PAUSED):
        return f"Nothing to do now. {refused.message}"
    return refused.message if refused.code == "busy" else ""


def _window(span: Span) -> dict[str, object]:
    return {
        "from": _time(span.opens_ms),
        "to": _time(span.closes_ms),
        "cap_bit_s": span.cap_bit_s,
        "metered": span.metered,
        "shared": span.shared,
    }


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
