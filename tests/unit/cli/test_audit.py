"""`hallvakt audit` on a real audit.db, and what somebody with the disk in hand may do to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from appliance.adapters.crypto.head_words import head_words, noted_head
from appliance.adapters.store.stores import open_stores
from appliance.cli import main as command
from appliance.core.audit import GENESIS, AuditEntry, entry_hash
from appliance.core.errors import BadInput

ANNA, LENA, CANDIDATE, OTHER = "a" * 32, "b" * 32, "7f2c" * 8, "0d1e" * 8
EXAM = "e" * 32
WRITTEN = (
    (LENA, "exam_open", "open", EXAM),
    (CANDIDATE, "join", "check_in", CANDIDATE),
    (OTHER, "join", "check_in", OTHER),
    (ANNA, "snippet_open", "look", CANDIDATE),
    (ANNA, "live_view_open", "open", OTHER),
    (LENA, "exam_close", "close", EXAM),
)
Tamper = Callable[[apsw.Connection], object]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    asyncio.run(_write(tmp_path))
    return tmp_path


async def _write(state: Path) -> list[AuditEntry]:
    stores = await asyncio.to_thread(open_stores, state)
    try:
        return [await stores.audit.append(*texts) for texts in WRITTEN]
    finally:
        await stores.close()


def tamper(state: Path, work: Tamper) -> None:
    """As somebody would who has the file and knows SQLite."""
    connection = apsw.Connection(str(state / "db" / "audit.db"))
    connection.execute("DROP TRIGGER entries_stay; DROP TRIGGER entries_unchanged")
    work(connection)
    connection.close()


def audit(capsys: pytest.CaptureFixture[str], state: Path, *words: str) -> tuple[int, Any, str]:
    """Exit code, JSON (None when there is none) and what went to standard error."""
    exit_code = command.run(["audit", *words, "--state", str(state), "--json"])
    said = capsys.readouterr()
    return exit_code, json.loads(said.out) if said.out else None, said.err


def head_of(capsys: pytest.CaptureFixture[str], state: Path) -> tuple[str, str]:
    exit_code, document, _ = audit(capsys, state, "verify")
    assert exit_code == 0
    return document["head"], document["words"]


# --- verify --------------------------------------------------------------------------------------


def test_a_whole_log_verifies_with_words_and_with_digits(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits, words = head_of(capsys, state)
    for noted in (digits, words, words.upper(), " ".join(w[:4] for w in words.split())):
        exit_code, document, _ = audit(capsys, state, "verify", "--head", noted)
        assert (exit_code, document["entries"], document["noted"]) == (0, 6, 6)
    exit_code, document, _ = audit(capsys, state, "verify", "--head", *words.split())
    assert (exit_code, document["noted"]) == (0, 6)


def test_a_head_noted_at_close_still_counts_when_the_log_has_grown(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, words = head_of(capsys, state)
    asyncio.run(_write(state))
    exit_code, document, _ = audit(capsys, state, "verify", "--head", words)
    assert (exit_code, document["entries"], document["noted"]) == (0, 12, 6)


def _swap(connection: apsw.Connection) -> None:
    connection.execute("UPDATE entries SET sequence = 99 WHERE sequence = 3")
    connection.execute("UPDATE entries SET sequence = 3 WHERE sequence = 4")
    connection.execute("UPDATE entries SET sequence = 4 WHERE sequence = 99")


def _remove_and_renumber(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM entries WHERE sequence = 3")
    for number in (4, 5, 6):
        connection.execute(
            "UPDATE entries SET sequence = ? WHERE sequence = ?", (number - 1, number)
        )


@pytest.mark.parametrize(
    ("work", "first_bad"),
    [
        *(
            (f"UPDATE entries SET {column} = {value} WHERE sequence = 4", 4)
            for column, value in (
                ("actor", "'someone else'"), ("action", "'hall_watch'"), ("purpose", "'other'"),
                ("about", f"'{OTHER}'"), ("at_ms", "at_ms - 60000"), ("hash", "zeroblob(32)"),
                ("previous", "zeroblob(32)"),
            )
        ),
        ("DELETE FROM entries WHERE sequence = 3", 3),
        ("DELETE FROM entries WHERE sequence = 1", 1),
        (_swap, 3),
        (_remove_and_renumber, 3),
        (f"INSERT INTO entries SELECT 7, at_ms, actor, action, purpose, '{OTHER}', hash, hash "
         "FROM entries WHERE sequence = 6", 7),
    ],
)  # fmt: skip
def test_every_tampering_is_found_at_its_first_entry(
    state: Path, capsys: pytest.CaptureFixture[str], work: str | Tamper, first_bad: int
) -> None:
    tamper(state, work if callable(work) else lambda connection: connection.execute(work))
    exit_code, document, said = audit(capsys, state, "verify")
    assert (exit_code, document) == (6, None)
    assert f"entry {first_bad} " in said


@pytest.mark.parametrize("kept", [0, 3, 5])
def test_a_cut_tail_is_found_against_the_paper(
    state: Path, capsys: pytest.CaptureFixture[str], kept: int
) -> None:
    noted = head_of(capsys, state)
    tamper(state, lambda c: c.execute("DELETE FROM entries WHERE sequence > ?", (kept,)))
    assert audit(capsys, state, "verify")[0] == 0  # alone it cannot know; it says so
    for head in noted:
        exit_code, _, said = audit(capsys, state, "verify", "--head", head)
        assert exit_code == 6
        assert f"entry {kept + 1} is missing" in said


def test_a_log_written_anew_with_a_good_chain_is_found_against_the_paper(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The strongest forger: drops the look at a snippet and computes every hash again."""
    noted = head_of(capsys, state)

    def forge(connection: apsw.Connection) -> None:
        connection.execute("DELETE FROM entries")
        previous = GENESIS
        for n, texts in enumerate((w for w in WRITTEN if w[1] != "snippet_open"), 1):
            digest = entry_hash(previous, n, 1_000, *texts)
            row = (n, 1_000, *texts, previous, digest)
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            previous = digest

    tamper(state, forge)
    assert audit(capsys, state, "verify")[0] == 0
    for head in noted:
        assert audit(capsys, state, "verify", "--head", head)[0] == 6


def test_a_damaged_file_and_a_missing_one(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = state / "db" / "audit.db"
    path.write_bytes(b"\0" * 4096)
    exit_code, _, said = audit(capsys, state, "verify")
    assert (exit_code, "audit.db is damaged" in said) == (6, True)
    path.unlink()
    exit_code, _, said = audit(capsys, state, "verify")
    assert (exit_code, "--state" in said) == (2, True)
    assert not path.exists()  # looking makes no database


# --- show ----------------------------------------------------------------------------------------


def test_filters(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*words: str) -> list[int]:
        exit_code, document, _ = audit(capsys, state, "show", *words)
        assert exit_code == 0
        return [row["sequence"] for row in document["entries"]]

    assert shown() == [1, 2, 3, 4, 5, 6]
    assert shown("--attempt", "7F2C") == shown("--attempt", CANDIDATE) == [2, 4]
    assert shown("--action", "live_view_open") == [5]
    assert shown("--exam", EXAM) == [1, 6]
    assert shown("--exam", EXAM, "--action", "exam_close") == [6]
    assert shown("--attempt", "ffff") == []
    assert audit(capsys, state, "show", "--attempt", "7")[0] == 2
    assert audit(capsys, state, "show", "--exam", "../x")[0] == 2


def test_a_person_reads_a_table_and_the_code_to_scan(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits, words = head_of(capsys, state)
    assert command.run(["audit", "verify", "--state", str(state)]) == 0
    said = capsys.readouterr().out
    assert digits in said
    assert words in said
    assert "█" in said
    assert command.run(["audit", "show", "--state", str(state)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(WRITTEN)


# --- words ---------------------------------------------------------------------------------------


def test_words_are_the_first_eighty_bits() -> None:
    assert head_words(bytes(32)) == " ".join(["academic"] * 8)
    assert head_words(b"\xff" * 32) == " ".join(["zero"] * 8)
    head = bytes(range(7, 39))
    assert noted_head(head_words(head)) == head[:10]
    assert noted_head("-".join(head_words(head).split())) == head[:10]
    assert noted_head(head.hex()) == head


@pytest.mark.parametrize(
    "text",
    ["", "academic", "academic " * 7, "academic " * 9, "academia " * 8, "ab" * 31, "zz" * 32],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        noted_head(text)
