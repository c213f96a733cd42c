"""`hallvakt janitor`: purge what retention allows."""

from __future__ import annotations

from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.processes.janitor import clean
from appliance.services.purge import first_problem


async def janitor(
    *, clock_is_right: bool = False, state: State = DEFAULT_STATE, json: Json = False
) -> None:
    """Delete what retention allows: local copies that are proven in the cloud, and everything of
    an exam whose retention has ended.

    Parameters
    ----------
    clock_is_right
        After the box's clock jumped: somebody looked, and the time is right as it is now.
    """
    report = await clean(state, clock_is_right=clock_is_right)
    document = {
        "purged": report.purged,
        "bytes": report.bytes,
        "kept": dict(report.kept),
        "exams_ended": report.exams_ended,
        "remote_left": report.remote_left,
    }
    lines = [f"{report.purged} objects deleted ({report.bytes / 1e6:.1f} MB)."]
    lines += [f"Kept: {count} objects ({reason})." for reason, count in report.kept.items()]
    if report.exams_ended:
        lines.append(f"Retention ended for {len(report.exams_ended)} exams: nothing is left.")
    answer(document, lines, as_json=json)
    if problem := first_problem(report):
        raise problem
