"""`hallvakt sync`: the night, what it will send, what is proven."""

from __future__ import annotations

from datetime import UTC, datetime

from cyclopts import App

from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer, progress
from appliance.cli.sync_prepare import prepare
from appliance.core.errors import BadInput
from appliance.processes.cloud_ends import has_verifier
from appliance.processes.drill import Drill, last_drill
from appliance.processes.syncer import syncer

app = App(name="sync", help="The night: upload, prove, plan.")
app.command(prepare)


@app.command
async def plan(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """What the next night will send, in which order, and done when."""
    async with syncer(state) as night:
        planned = await night.night.plan()
    finishes = _time(planned.finishes_ms)
    document = {
        "bytes": planned.bytes,
        # Without a window one run sends all there is.
        "nights": 1 if planned.bytes else 0,
        "finishes_at": finishes,
        "order": [{"kind": kind.value, "bytes": size} for kind, size in planned.order],
    }
    lines = [f"{_size(planned.bytes)} to send:"]
    lines += [f"  {kind.value}: {_size(size)}" for kind, size in planned.order if size]
    lines.append(
        f"Done at {finishes}, if the line is as it was last time."
        if finishes
        else "How long it takes is known after the first night."
    )
    answer(document, lines if planned.bytes else "Nothing to send.", as_json=json)


@app.command
async def run(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Send what is closed, prove it, and say so. Run again after a cut: it goes on."""
    async with syncer(state) as night:
        report = await night.run(_tell)
    document = {
        "objects_at": report.objects_at,
        "records_at": report.records_at,
        "packs": report.packs,
        "bytes": report.bytes,
        "exams": report.exams,
        "waiting": report.waiting,
    }
    lines = [
        f"Sent {report.packs} packs, {_size(report.bytes)}, to {report.objects_at}; "
        f"{len(report.exams)} exams confirmed."
    ]
    if report.waiting:
        lines.append(f"{len(report.waiting)} closed exams wait for late uploads.")
    answer(document, lines, as_json=json)


@app.command
async def status(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """How much is left to send, how much is proven, and when it was last read back."""
    async with syncer(state) as night:
        now = await night.night.status()
        drilled = await last_drill(night)
    verified = _time(now.last_verified_ms)
    document = {
        "backlog_bytes": now.backlog_bytes,
        "backlog_packs": now.backlog_packs,
        "confirmed_packs": now.confirmed_packs,
        "confirmed_bytes": now.confirmed_bytes,
        "last_verified_at": verified,
        "last_drill_at": _time(drilled.at_ms) if drilled else None,
        "drill_ok": drilled.ok if drilled else None,
        "window": None,
        "cap_bit_s": None,
    }
    lines = [
        f"To send: {now.backlog_packs} packs, {_size(now.backlog_bytes)}.",
        f"Confirmed: {now.confirmed_packs} packs, {_size(now.confirmed_bytes)}.",
        f"Last read back: {verified or 'never'}.",
        _drilled(drilled),
    ]
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


def _drilled(last: Drill | None) -> str:
    if last is None:
        return "Last restore drill: never."
    when = _time(last.at_ms)
    if not last.ok:
        return f"Last restore drill: FAILED {when}. {last.detail}"
    return f"Last restore drill: {when}, {last.objects} objects brought back whole."


def _tell(sent: int, total: int) -> None:
    progress(f"{_size(sent)} of {_size(total)}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
