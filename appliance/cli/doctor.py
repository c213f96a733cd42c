"""`hallvakt doctor`: is this box fit for an exam, and what to do where it is not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from textwrap import wrap
from typing import Annotated

from cyclopts import Parameter

from appliance.cli.metrics import exams_in_session_of_the_gateway, pepper_of_the_gateway
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config.box import load
from appliance.core.checkup import Check, CheckStatus, worst
from appliance.processes import checkup_machine, checkup_outside, checkup_parts
from appliance.processes.checkup_state import files_check, ports_check
from appliance.processes.log_lines import say_nothing
from appliance.services.doctor import examine

_MARKS = {CheckStatus.OK: "ok  ", CheckStatus.WARN: "warn", CheckStatus.FAIL: "FAIL"}
_NOT_FIT = 5  # as core.errors.Unreachable: something an exam needs is not there
_NAME, _LINE = 16, 96


async def doctor(
    *,
    machine: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Look at files, ports, disk, memory, clock, network, certificate, relay, models, keys, cloud
    and versions.

    Exits with 5 when a check fails; a warning does not change the exit code.

    Parameters
    ----------
    machine
        The machine only (disk, memory, TPM, clock, network cards): there need be no box yet.
    """
    say_nothing()
    if machine:
        probes = await asyncio.to_thread(checkup_machine.before_there_is_a_box, state)
    else:
        config = load(state)
        pepper = await pepper_of_the_gateway(state)
        in_session = await exams_in_session_of_the_gateway(state)
        probes = {
            "files": partial(asyncio.to_thread, files_check, state),
            "ports": partial(asyncio.to_thread, ports_check, config, in_session),
            **checkup_parts.local(state, config, pepper=pepper),
            **checkup_outside.beyond(state, config),
        }
    checks = await examine(probes)
    answer(
        {"checks": [asdict(check) for check in checks]},
        _lines(checks, "a box" if machine else "an exam"),
        as_json=json,
    )
    if worst(checks) is CheckStatus.FAIL:
        sys.stdout.flush()
        sys.exit(_NOT_FIT)


def _lines(checks: Sequence[Check], purpose: str) -> list[str]:
    lines = []
    for check in checks:
        lines += _hanging(f"{_MARKS[check.status]}  {check.name.ljust(_NAME)}", check.detail)
        if check.advice:
            lines += _hanging(" " * (6 + _NAME), f"-> {check.advice}")
    failed = sum(check.status is CheckStatus.FAIL for check in checks)
    warned = sum(check.status is CheckStatus.WARN for check in checks)
    lines.append("")
    if failed:
        lines.append(f"Not fit for {purpose}: {failed} of {len(checks)} checks failed.")
    elif warned:
        lines.append(f"Fit for {purpose}, with {warned} warning{'s' if warned > 1 else ''}.")
    else:
        lines.append(f"Fit for {purpose}.")
    return lines


def _hanging(head: str, text: str) -> list[str]:
    return wrap(text, _LINE, initial_indent=f"{head} ", subsequent_indent=" " * (len(head) + 1))
