"""All stores of one box, as its processes open them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.store.attempts import Attempts
from appliance.adapters.store.attendance import Attendance
from appliance.adapters.store.audit import Audit
from appliance.adapters.store.box_facts import BoxFacts
from appliance.adapters.store.database import Database
from appliance.adapters.store.envelopes import Envelopes
from appliance.adapters.store.exams import Exams
from appliance.adapters.store.failures import missing
from appliance.adapters.store.handover import Handovers
from appliance.adapters.store.identities import Identities
from appliance.adapters.store.observations import Observations
from appliance.adapters.store.snippets import Snippets
from appliance.adapters.store.users import Users


@dataclass(frozen=True, slots=True)
class Stores:
    """`box`, `names` and `log` are the databases under the stores, for further stores on them."""

    exams: Exams
    attempts: Attempts
    attendance: Attendance
    handovers: Handovers
    snippets: Snippets
    observations: Observations
    users: Users
    envelopes: Envelopes
    facts: BoxFacts
    identities: Identities
    audit: Audit
    box: Database
    names: Database
    log: Database

    async def close(self) -> None:
        for database in (self.box, self.names, self.log):
            await database.close()


def open_stores(state: Path, *, now_ms: Callable[[], int] | None = None) -> Stores:
    """Open `state/db`; a state directory that is no box yet gets empty databases.

    It reads the disk: call it before the event loop serves. Any number of processes may have the
    same directory open. Raises IntegrityFailure when a database that was there is gone, rather
    than to start empty beside the ciphertext of an exam.
    """
    directory = state / "db"
    paths = {name: directory / f"{name}.db" for name in ("audit", "identities", "box")}
    blobs = state / "blobs"
    # box.toml is the last that `hallvakt init` writes: where it is, all three have been there.
    had_data = (
        (state / "box.toml").exists()
        or paths["box"].exists()
        or (blobs.is_dir() and any(blobs.iterdir()))
    )
    for path in paths.values():
        if had_data and not path.exists():
            raise missing(path)
    # box.db comes last: where it exists, the other two have been there before it.
    opened: list[Database] = []
    try:
        for name, path in paths.items():
            opened.append(Database(path, migrations=name))
    except BaseException:
        for database in opened:
            database.close_blocking()
        raise
    log, names, box = opened
    return Stores(
        exams=Exams(box),
        attempts=Attempts(box),
        attendance=Attendance(box),
        handovers=Handovers(box),
        snippets=Snippets(box),
        observations=Observations(box),
        users=Users(box),
        envelopes=Envelopes(box),
        facts=BoxFacts(box),
        identities=Identities(names),
        audit=Audit(log, now_ms or (lambda: time.time_ns() // 1_000_000)),
        box=box,
        names=names,
        log=log,
    )
