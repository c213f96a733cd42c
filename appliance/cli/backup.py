"""`hallvakt backup`: a box in one file, getting it back, and trying that every night."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.crypto import shares
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.host.clock import SystemClock
from appliance.cli.options import DEFAULT_STATE, Json, State, Timer
from appliance.cli.output import answer
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import BoxId, check_id
from appliance.core.keys import RecipientKind
from appliance.core.night_words import counted
from appliance.processes import backup as backups
from appliance.processes.adoption import Adopted
from appliance.processes.adoption import adopt as adopt_archive
from appliance.processes.drill import drill as run_drill
from appliance.processes.drill import only_drill, why_not_now
from appliance.processes.syncer import syncer

_CUT_OFF = "The drill before this one was ended in the middle; what it left is gone."

app = App(name="backup", help="The box in one file, and getting it back.")

Shares = Annotated[
    tuple[Path, ...],
    Parameter(name="--share", negative=(), help="A share of the recovery key; give three."),
]


@app.command
def create(*, out: Path, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Write configuration, keys and databases to one file that only the recovery key opens.

    It holds no recordings (the archive in the cloud does) and no key that opens any.

    Parameters
    ----------
    out
        The file to make; never replaced.
    """
    made = backups.create(state, out)
    answer(
        {
            "out": str(made.path),
            "bytes": made.bytes,
            "box": made.box_id,
            "recovery_keys": list(made.recipients),
        },
        f"{made.path}: {made.bytes / 1e6:.1f} MB, to be opened with three shares of the recovery "
        f"key ({', '.join(made.recipients)}). Keep it away from the box.",
        as_json=json,
    )


@app.command
async def restore(
    file: Path, *, share: Shares = (), state: State = DEFAULT_STATE, json: Json = False
) -> None:
    """Make a box again out of its backup, in an empty directory.

    What was erased since is erased again before anything else.

    Parameters
    ----------
    file
        The backup.
    """
    key = await asyncio.to_thread(_recovery, share)
    done = await backups.restore(file, state, key.for_opening())
    made = datetime.fromtimestamp(done.made_ms / 1000, UTC).isoformat(timespec="seconds")
    lines = [
        f"The box {done.box_id} is back as of {made}, with {counted(done.exams, 'exam')}, "
        f"in {state}."
    ]
    if done.erased_again:
        again = counted(done.erased_again, "attempt")
        lines.append(f"Erased since, and now erased again: {again}.")
    if not done.cloud_asked:
        lines.append("The cloud was not asked what else was erased; the first night does that.")
    if done.archived_objects:
        there = counted(done.archived_objects, "recording")
        lines.append(
            f"In the cloud copy, where reviewers open them, and not on this disk: {there}."
        )
    lines += done.warnings
    answer(
        {
            "box": done.box_id,
            "made_at": made,
            "exams": done.exams,
            "erased_again": done.erased_again,
            "lost_objects": done.lost_objects,
            "archived_objects": done.archived_objects,
            "cloud_asked": done.cloud_asked,
            "warnings": done.warnings,
        },
        lines,
        as_json=json,
    )


@app.command
async def adopt(
    *,
    box: str,
    fingerprint: str,
    share: Shares = (),
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Take the archive of a box that is gone into this box's care.

    Parameters
    ----------
    box
        The id of the box that is gone.
    fingerprint
        Of its signing key, from its card: nothing signed by another key is taken.
    """
    key = await asyncio.to_thread(_recovery, share)
    adopted = await adopt_archive(state, BoxId(check_id(box)), fingerprint, key.for_opening())
    lines = [_adopted(one) for one in adopted]
    lines.append(
        "From now on this box proves and, when their retention ends, deletes them. Legal holds "
        "were not in the archive: set them again."
    )
    answer({"exams": [asdict(one) for one in adopted]}, lines, as_json=json)


@app.command
async def drill(*, timer: Timer = False, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Bring a random sample back, as after a fire, and remember how it went.

    It proves that the databases' copies open and that the archive holds whole objects sealed for
    their place; not that the reviewers' keys open them, which no box can.
    """
    async with only_drill(state) as cut_off, syncer(state) as night:
        before = f"{_CUT_OFF} " if cut_off else ""
        if timer and (why := await why_not_now(night)):
            answer({"drilled": False, "why": before + why}, before + why, as_json=json)
            return
        done = await run_drill(night, SystemClock().now_ms())
    if not done.ok:
        raise IntegrityFailure(f"{before}The restore drill failed. {done.detail}")
    answer(
        asdict(done) | {"cut_off_before": cut_off},
        f"{before}The databases' copies open. {counted(done.objects, 'object')} in "
        f"{counted(done.packs, 'pack')} of {counted(done.exams, 'exam')} came back whole.",
        as_json=json,
    )


def _adopted(one: Adopted) -> str:
    where = "was here already" if one.known else "adopted"
    locked = f", {one.locked} not for this key" if one.locked else ""
    return (
        f"{one.title} ({one.exam_id}): {where}; {counted(one.packs, 'pack')}, "
        f"{counted(one.opened, 'attempt')} opened with the recovery key{locked}."
    )


def _recovery(files: tuple[Path, ...]) -> PrivateKey:
    """Out of three share files, or typed in by the three who hold them."""
    words = []
    for file in files:
        try:
            words.append(file.read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise NotFound(backups.unreadable(file, error)) from error
    seed = shares.combine(words)
    return PrivateKey(kind=RecipientKind.RECOVERY.value, label="recovery", seed=seed)
