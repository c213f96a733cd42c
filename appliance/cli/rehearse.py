"""`hallvakt rehearse`: how large a class does this box hold, measured with a simulated one."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from appliance.adapters.host import machine, own_door
from appliance.adapters.host.tls import TlsFiles
from appliance.cli.box_client import SOCKET
from appliance.cli.metrics import exams_in_session_of_the_gateway
from appliance.cli.options import DEFAULT_STATE, Json, PassphraseFd, State
from appliance.cli.output import answer
from appliance.cli.passphrase import read_one_time_code, read_passphrase
from appliance.config.box import FILE_NAME, load
from appliance.core.errors import BadInput, IntegrityFailure, Refused, Unreachable
from appliance.processes.log_lines import say_nothing
from appliance.rehearsal.class_rehearsal import BoxUnderTest
from appliance.rehearsal.class_rehearsal import rehearse as hold
from appliance.rehearsal.class_report import ClassReport, document, lines
from appliance.rehearsal.school import LEAD, School
from appliance.whole_file import replace_whole


def rehearse(
    *,
    candidates: int = 30,
    minutes: float = 5.0,
    user: Annotated[str | None, Parameter(name="--as")] = None,
    report: Path | None = None,
    state: State = DEFAULT_STATE,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Simulate a class against this box, measure, and say how large a class it holds.

    With a box running in --state that box is measured, through an exam of its own that retention
    deletes after a day. Without one, a box is made for the occasion on this machine and removed.
    The simulated class runs on this machine too and is left out of what the box is said to use.

    Parameters
    ----------
    candidates
        How large a class.
    minutes
        How long it records.
    user
        A lead invigilator of the running box.
    report
        Write the report to this file as JSON.
    """
    if not 1 <= candidates <= 1000:
        raise BadInput("--candidates must be between 1 and 1000.")
    if not 1 <= minutes <= 240:
        raise BadInput("--minutes must be between 1 (shorter shows nothing) and 240.")
    say_nothing()
    done = asyncio.run(_rehearse(candidates, minutes, user, state.absolute(), passphrase_fd))
    tell(done, report, as_json=json)


def tell(done: ClassReport, report: Path | None, *, as_json: bool) -> None:
    """Print it and write it to `report`; then, unless it was good, raise IntegrityFailure."""
    if report is not None:
        replace_whole(
            report, msgspec.json.format(msgspec.json.encode(document(done)), indent=2), 0o644
        )
    answer(document(done), lines(done), as_json=as_json)
    if done.shortcomings:
        sys.stdout.flush()
        raise IntegrityFailure(f"The rehearsal was not good: {' '.join(done.shortcomings)}")


async def _rehearse(
    candidates: int, minutes: float, user: str | None, state: Path, passphrase_fd: int | None
) -> ClassReport:
    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    # Ended by whoever started it is interrupted by a person: the exam is closed on the way out.
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, signal.raise_signal, signal.SIGINT
    )
    if await asyncio.to_thread((state / FILE_NAME).exists):
        if await exams_in_session_of_the_gateway(state):
            raise Refused(
                "An exam is open or live on this box, and a simulated class would stand in its "
                "way: rehearse when it is closed (`hallvakt exam list` says which it is)."
            )
        box = await asyncio.to_thread(_running, state, user, passphrase_fd)
        return await hold(box, candidates, minutes, say)
    async with _throw_away() as box:
        return await hold(box, candidates, minutes, say)


def _running(state: Path, user: str | None, passphrase_fd: int | None) -> BoxUnderTest:
    config = load(state)
    if not (state / SOCKET).exists():
        raise Unreachable(
            f"The box in {state} does not run: start it (systemctl start hallvakt.target, or "
            "`hallvakt serve`), then rehearse.",
            code="box-unreachable",
        )
    if user is None:
        raise BadInput("Say with --as which lead invigilator holds the rehearsal.")
    files = TlsFiles.below(state / "tls")
    name = own_door.reachable_name(files, machine.addresses_of(config.web.names))
    at = f"[{name}]" if ":" in name else name
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {user}")
    return BoxUnderTest(
        name=config.name,
        origin=f"https://{at}:{config.web.port}",
        tls=own_door.trusting(files),
        state=state,
        user=user,
        passphrase=passphrase,
        one_time_code=read_one_time_code(passphrase_fd),
        link_bit_s=machine.lan_bit_s(host=config.web.host, uplink=config.web.uplink),
    )


@asynccontextmanager
async def _throw_away() -> AsyncIterator[BoxUnderTest]:
    """A box without a cloud, in a temporary directory of this machine."""
    with tempfile.TemporaryDirectory(prefix="hallvakt-rehearsal-") as directory:
        school = School(Path(directory), with_cloud=False)
        await school.found()
        try:
            await school.open_doors(Path(directory) / "box.log")
            yield BoxUnderTest(
                name="this machine",
                origin=school.origin,
                tls=school.tls(),
                state=school.state,
                user=LEAD,
                passphrase=school.passphrases.lead,
                link_bit_s=machine.lan_bit_s(),
                throw_away=True,
            )
        finally:
            await school.shut()
