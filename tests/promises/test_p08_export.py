"""Promise 8, access: a person gets their own data in words and videos, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto.private_keys import write_private_key
from appliance.core.errors import BadInput
from appliance.core.ids import AttemptId
from appliance.core.observation import Evidence, Observation, ObservationKind, Strength
from appliance.core.passages import (
    WHOLE,
    Choice,
    Footage,
    blanked,
    left_out,
    parse_choices,
    passages,
)
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.archived_exam import ArchivedExam, archived_exam
from tests.support.blanked import brightness
from tests.support.closed_exam import TITLE
from tests.support.cloud_servers import cloud, database, driver_may_look_around

__all__ = ["cloud", "database", "driver_may_look_around"]

ME = AttemptId("c" * 32)
FOOTAGE = [Footage(sequence=n, started_ms=n * 10_000, duration_s=10.0) for n in range(1, 7)]


def seen(kind: ObservationKind, start_s: int, end_s: int | None, *evidence: int) -> Observation:
    return Observation(
        observation_id=ME,  # type: ignore[arg-type]
        attempt_id=ME,
        kind=kind,
        started_ms=start_s * 1000,
        ended_ms=None if end_s is None else end_s * 1000,
        duration_s=5.0,
        strength=Strength.CLEAR,
        evidence=tuple(Evidence(sequence=n, at_s=0.0) for n in evidence),
    )


def test_passages_are_where_others_may_be() -> None:
    found = passages(
        [*FOOTAGE, Footage(sequence=7, started_ms=0, duration_s=0, looked_at=False)],
        [
            seen(ObservationKind.SEVERAL_FACES, 25, 33),
            seen(ObservationKind.LOOKING_AWAY, 40, 45),  # only the person
            seen(ObservationKind.CONVERSATION, 51, None, 2),
        ],
    )
    assert [(p.number, p.kind, p.sequences) for p in found] == [
        (1, None, (7,)),
        (2, ObservationKind.SEVERAL_FACES, (2, 3)),
        (3, ObservationKind.CONVERSATION, (2, 4, 5, 6)),
    ]
    assert left_out(found, {}, Choice.LEAVE_OUT) == {2, 3, 4, 5, 6, 7}
    assert left_out(found, {}, Choice.INCLUDE) == set()
    # One passage that stays out is enough for the video that two of them touch.
    assert left_out(found, {2: Choice.INCLUDE, 1: Choice.INCLUDE}, Choice.LEAVE_OUT) == {2, 4, 5, 6}
    assert parse_choices("2 include  # agreed\n\n# none\n", found) == {2: Choice.INCLUDE}


def test_what_is_blanked_is_the_passage_and_its_margin() -> None:
    late = Footage(sequence=7, started_ms=0, duration_s=0, looked_at=False)
    footage = [*FOOTAGE, late]
    found = passages(
        footage,
        [
            seen(ObservationKind.SEVERAL_FACES, 26, 33),
            seen(ObservationKind.OTHER_PERSON, 31, 32, 6),
        ],
    )
    spans = blanked(found, {}, Choice.BLANK, footage)
    # The first passage lasts from 26 to 33 s, so with its margin from 22 to 37 s.
    assert spans[2] == ((2.0, 17.0), (7.0, 16.0))  # this one began at 20 s
    assert spans[3] == ((0.0, 6.0), (0.0, 7.0))
    # Named as evidence and at another time: not believed to be innocent in part.
    assert spans[6] == (WHOLE,)
    assert spans[7] == (WHOLE,)  # nobody looked at it
    assert set(spans) == {2, 3, 6, 7}
    others = {2: Choice.INCLUDE, 3: Choice.LEAVE_OUT}
    assert blanked(found, others, Choice.BLANK, footage) == {7: (WHOLE,)}


@pytest.mark.parametrize("text", ["9 include", "1 black", "x include", "1", "1 include\n1 include"])
def test_a_wrong_choice_is_told(text: str) -> None:
    found = passages(FOOTAGE, [seen(ObservationKind.OTHER_PERSON, 25, 33)])
    with pytest.raises(BadInput):
        parse_choices(text, found)


@pytest.fixture
async def archived(cloud: CloudServers, database: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    async with archived_exam(tmp_path / "box", config, snippets=8) as exam:
        await asyncio.to_thread(write_private_key, tmp_path / "key", exam.made.reviewer, "sesame")
        await asyncio.to_thread(cloud.describe, tmp_path / "cloud.toml", database=database)
        yield exam


async def _export(at: Path, attempt: str, *words: str) -> tuple[int, Any, str]:
    read, write = os.pipe()
    os.write(write, b"sesame\n")
    os.close(write)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", "review", "export", "--attempt", attempt,
        *("--cloud", str(at / "cloud.toml"), "--key", str(at / "key")),
        *("--passphrase-fd", str(read), "--json", *words),
        pass_fds=(read,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(read)
    out, said = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else None, said.decode()


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()
    }


async def test_by_command(archived: ArchivedExam, tmp_path: Path) -> None:
    me, other = archived.made.attempts
    code, told, said = await _export(tmp_path, me)
    assert code == 0, said
    (passage,) = told["passages"]
    assert (told["out"], passage["kind"], passage["choice"]) == (None, "several_faces", "leave-out")

    extract = {
        "entries": [
            {"at": "2026-01-01T09:00:00", "actor": "f" * 32, "action": "snippet_open",
             "purpose": "look", "about": me},
            {"at": "2026-01-01T09:00:01", "actor": "e" * 32, "action": "live_view_open",
             "purpose": "open", "about": other},
        ]
    }  # fmt: skip
    await asyncio.to_thread((tmp_path / "audit.json").write_text, json.dumps(extract))
    words = ("--out", str(tmp_path / "mine"), "--audit", str(tmp_path / "audit.json"))
    code, told, said = await _export(tmp_path, me, *words)
    assert code == 0, said
    files = await asyncio.to_thread(_files, tmp_path / "mine")
    mine = {
        n: c for (a, k, n), c in archived.made.plain.items() if (a, k) == (me, ObjectKind.SNIPPET)
    }
    assert set(told["videos"]) | set(told["left_out"]) == set(mine)
    assert told["left_out"]
    videos = {name: content for name, content in files.items() if name.startswith("videos/")}
    assert videos == {f"videos/{n:06}.webm": mine[n] for n in told["videos"]}
    assert files["portrait.jpg"] == archived.made.plain[me, ObjectKind.PORTRAIT, 0]
    assert files["report.pdf"].startswith(b"%PDF")

    text = files["report.md"].decode()
    for part in (TITLE, "2 faces in view", "confirmed", "Två ansikten.", "opened a video", "f" * 8):
        assert part in text, part
    assert "e" * 8 not in text  # who looked at somebody else
    all_mine = {c for (a, _, _), c in archived.made.plain.items() if a == me}
    theirs = {c for (a, _, _), c in archived.made.plain.items() if a == other} - all_mine
    assert len(theirs) > 1  # the test pictures are partly the same
    assert not theirs & set(files.values())
    assert other not in text

    code, _, said = await _export(tmp_path, me, *words)
    assert (code, "already" in said) == (2, True)


async def test_passages_one_by_one_into_a_zip(archived: ArchivedExam, tmp_path: Path) -> None:
    me = archived.made.attempts[0]
    chosen, out = tmp_path / "choices", tmp_path / "mine.zip"
    await asyncio.to_thread(chosen.write_text, "1 include # both agreed\n")
    words = ("--out", str(out), "--passages", str(chosen))
    code, told, said = await _export(tmp_path, me, *words)
    assert code == 0, said
    assert (len(told["videos"]), told["left_out"]) == (8, [])

    def names() -> list[str]:
        with zipfile.ZipFile(out) as opened:
            assert opened.testzip() is None
            return opened.namelist()

    assert len(await asyncio.to_thread(names)) == 8 + 3


async def test_a_blanked_passage_is_black_in_what_is_handed_over(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    me = archived.made.attempts[0]
    chosen, out = tmp_path / "choices", tmp_path / "mine"
    await asyncio.to_thread(chosen.write_text, "1 blank\n")
    code, told, said = await _export(tmp_path, me, "--out", str(out), "--passages", str(chosen))
    assert code == 0, said
    assert (len(told["videos"]), told["left_out"]) == (8, [])
    assert told["blanked"]
    files = await asyncio.to_thread(_files, out)
    for number in told["videos"]:
        video = files[f"videos/{number:06}.webm"]
        if number in told["blanked"]:  # a second long, so the passage's margin covers all of it
            assert set(brightness(video)) == {0}
        else:
            assert video == archived.made.plain[me, ObjectKind.SNIPPET, number]
    text = files["report.md"].decode()
    assert "black and silent" in text
    assert f"Videos {', '.join(map(str, told['blanked']))} were made anew" in text
