"""AuditStore."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import apsw
import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.audit import GENESIS, verify
from appliance.core.errors import IntegrityFailure


async def test_the_chain_verifies_and_resumes(stores: Stores, other: Stores) -> None:
    first = await stores.audit.append("anna", "live_view_open", "exam", "attempt-1")
    second = await other.audit.append("bo", "snippet_open", "incident", "attempt-2")
    assert (first.sequence, first.previous, second.previous) == (1, GENESIS, first.hash)
    entries = await stores.audit.entries()
    assert list(entries) == [first, second]
    assert list(await stores.audit.entries(after=1)) == [second]
    assert verify(entries, head=second.hash) == 2


async def test_two_processes_append_to_one_chain(stores: Stores, other: Stores) -> None:
    await asyncio.gather(
        *(s.audit.append("a", "b", "c", str(n)) for n in range(40) for s in (stores, other))
    )
    assert verify(await stores.audit.entries()) == 80


async def test_entries_can_be_neither_changed_nor_removed(stores: Stores) -> None:
    await stores.audit.append("a", "b", "c", "d")
    for sql in ("UPDATE entries SET actor = 'x'", "DELETE FROM entries"):
        with pytest.raises(Exception, match="only grows"):
            await stores.log.run(lambda connection, sql=sql: connection.execute(sql))  # type: ignore[misc]


async def test_a_change_behind_the_store_s_back_shows(stores: Stores) -> None:
    for n in range(3):
        await stores.audit.append("a", "b", "c", str(n))

    def tamper(connection: apsw.Connection) -> None:
        connection.execute("DROP TRIGGER entries_unchanged")
        connection.execute("UPDATE entries SET about = 'z' WHERE sequence = 2")

    await stores.log.run(tamper)
    entries = await stores.audit.entries()
    with pytest.raises(IntegrityFailure, match="entry 2"):
        verify(entries)
    with pytest.raises(IntegrityFailure, match="missing"):
        verify([replace(entries[0])], head=entries[2].hash)
