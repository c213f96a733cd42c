"""Plain mode: the console for screen readers and pipes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.core.attempt import LinkState
from appliance.core.disk import DiskState
from appliance.core.errors import NotAllowed
from appliance.core.exam import ExamState
from appliance.core.feed import FeedData, FeedKind, FeedMessage, apply
from appliance.core.observation import ObservationKind, Strength
from tests.support.box import ROOT
from tests.tui import halls
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_two_consoles import SECOND_PERSON, confirmed_elsewhere
from tui.feed_link import Link
from tui.hall_watch import Changes, HallWatch
from tui.plain import run_plain
from tui.plain_commands import COMMANDS, help_lines, seat_called, typed
from tui.plain_hall import PlainHall
from tui.shift import Shift

NOW = halls.NOW_MS
SEATS = halls.usual_hall().seats


class Talk:
    """Somebody typing into plain mode and hearing its lines."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._typed: asyncio.Queue[str | None] = asyncio.Queue()

    async def lines(self) -> AsyncIterator[str]:
        while (line := await self._typed.get()) is not None:
            yield line

    def type(self, line: str | None) -> None:
        self._typed.put_nowait(line)

    async def hears(self, words: str) -> str:
        async with asyncio.timeout(60):
            while True:
                for line in self.heard:
                    if words in line:
                        return line
                await asyncio.sleep(0.01)

    async def asks(self, line: str, words: str) -> str:
        """Type `line` and wait for a new line with `words`."""
        self.heard.clear()
        self.type(line)
        return await self.hears(words)


@pytest.fixture
async def talk(shift: Shift, box: ScriptedBox) -> AsyncIterator[Talk]:
    async with talking(shift) as running:
        await running.hears("Needs eyes, 3")
        yield running


@asynccontextmanager
async def talking(shift: Shift) -> AsyncIterator[Talk]:
    talk = Talk()
    shift.passphrase = shift.passphrase or "right horse"
    console = asyncio.create_task(run_plain(shift, talk.lines(), talk.heard.append))
    yield talk
    talk.type(None)
    await asyncio.wait_for(console, 60)


@pytest.mark.parametrize(
    ("line", "command", "rest"),
    [
        ("list", "list", ""),
        ("  LOOK  A3 ", "look", "A3"),
        ("conf 2 candidate saw it", "confirm", "2 candidate saw it"),
        ("s", "", ""),  # seen, status, start
        ("dance", "", ""),
        ("", "", ""),
    ],
)
def test_a_line_is_understood(line: str, command: str, rest: str) -> None:
    assert (typed(line).command, typed(line).rest) == (command, rest)


def test_both_languages_are_understood_in_swedish(swedish: None) -> None:
    assert typed("titta A3").command == "look"
    assert typed("look A3").command == "look"
    assert typed("bekr 1").command == "confirm"
    assert "paus PLATS: börja eller avsluta en paus" in help_lines()


def test_every_command_has_a_line_of_help() -> None:
    assert len(help_lines()) == len(COMMANDS) == len({c.name for c in COMMANDS})


def test_a_seat_is_called_by_label_hall_or_pseudonym() -> None:
    elsewhere = halls.seat(99, "A3", hall="Annex")
    a3 = seat_called(SEATS, "a3")
    assert a3 is not None
    assert seat_called((*SEATS, elsewhere), "a3") is None
    assert seat_called((*SEATS, elsewhere), "annex/a3") == elsewhere
    assert seat_called(SEATS, a3.pseudonym) == a3
    assert seat_called(SEATS, "Z9") is None


async def test_the_hall_is_told_when_it_is_entered(talk: Talk) -> None:
    assert talk.heard[0] == "Matematik 3c, code K7M2QX: LIVE, 2:17:50 left."
    assert talk.heard[1].startswith("2 needs eyes, 1 hand raised, 1 link lost")
    assert "Needs eyes, 1: seat A3. 2 faces in view" in await talk.hears("Needs eyes, 1")
    assert await talk.hears("voices nearby") == "Hall A: voices nearby, 6 seats, blames nobody."
    assert not any("\x1b" in line or "▲" in line for line in talk.heard)


async def test_what_changes_is_told_once(talk: Talk, box: ScriptedBox) -> None:
    talk.heard.clear()
    a1 = next(seat for seat in box.view.seats.values() if seat.seat == "A1")
    await box.tell(replace(a1, hand_raised=True))
    await talk.hears("Seat A1, Alva Provsson: hand raised.")
    await box.tell(a1)
    await talk.hears("Seat A1, Alva Provsson: recording.")
    new = halls.incident(9, a1.attempt_id, ObservationKind.NOISE, 5, Strength.CLEAR)
    await box.tell(new, new)
    await talk.hears("Needs eyes, 4: seat A1. Loud noise")
    assert len(talk.heard) == 3


def test_what_changes_in_a_second_is_one_line(shift: Shift) -> None:
    """A switch fails, a hand goes up and down: told once, together, and no flicker."""
    heard: list[str] = []
    watch = HallWatch(shift.client, halls.EXAM, shift.clock)
    watch.feed.link = Link.UP
    hall = PlainHall(shift, watch, heard.append)

    def told(*news: FeedData) -> None:
        for data in news:
            message = FeedMessage(
                seq=watch.view.seq + 1, at=halls.NOW_MS, kind=FeedKind.SEAT, data=data
            )
            watch.view = apply(watch.view, message)
            hall.hear(Changes())

    told(halls.usual_hall())
    heard.clear()
    calm = [s for s in SEATS if s.seat in ("A1", "A2", "B1", "C1", "C2")]
    told(
        *(
            replace(s, link=LinkState.LOST, link_lost_ms=NOW - 700 * n)
            for n, s in enumerate(calm[:4])
        )
    )
    told(replace(calm[4], hand_raised=True), calm[4])
    assert heard == []
    hall.tick()
    assert heard == ["Seats A1, A2, B1, C1: link lost."]
    hall.tick()
    assert len(heard) == 1
    told(*calm[:1])
    hall.tick()
    assert heard[1:] == ["Seat A1, Alva Provsson: recording."]


async def test_list_look_find_and_queue(talk: Talk) -> None:
    await talk.asks("list", "30 seats.")
    assert "Seat A3, Cleo Testberg: second person." in talk.heard
    assert talk.heard[0].startswith("Seat A1")
    await talk.asks("list bad", "5 seats.")
    await talk.asks("look A3", "1: seat A3.")
    assert talk.heard[0] == "Seat A3, Hall A, Cleo Testberg, pseudonym 3C6E."
    assert "Picture 4 s old." in talk.heard
    await talk.asks("find testberg", "Cleo Testberg")
    await talk.asks("find 1002", "Seat A3, Cleo Testberg")
    await talk.asks("find zz", "No seat is called that.")
    await talk.asks("queue", "3: seat C5.")
    await talk.asks("look Z9", "No seat is called that.")
    await talk.asks("help", "message SEAT words: write to the candidate")


async def test_names_can_be_left_out(talk: Talk) -> None:
    await talk.asks("names", "Names are left out.")
    await talk.asks("list", "30 seats.")
    assert not any("Testberg" in line for line in talk.heard)
    await talk.asks("find 1002", "No seat is called that.")


async def test_decisions_by_number_with_reason_and_note(talk: Talk, box: ScriptedBox) -> None:
    await talk.asks("dismiss 2", "Say why, with one of these: environment")
    await talk.asks("dismiss 2 env the sun", "2 is dismissed; undo takes it back.")
    assert box.asked[-1][2] == {
        "decision": "dismissed",
        "category": "environment",
        "note": "the sun",
    }
    await talk.asks("undo", "Taken back")
    await talk.asks("confirm 1", "1 is confirmed")
    assert box.asked[-1][2]["category"] == "candidate"
    await talk.asks("confirm 77", "No incident has the number 77")
    await talk.asks("seen 3", "seen by you")
    assert box.asked[-1][1].endswith("/seen")


async def test_what_another_console_decided_stands(talk: Talk, box: ScriptedBox) -> None:
    await talk.asks("confirm 1", "1 is confirmed")
    talk.heard.clear()
    raised = replace(box.view.seats[SEATS[0].attempt_id], hand_raised=True)
    await box.tell(confirmed_elsewhere(box, SECOND_PERSON), raised)
    await talk.hears("A1")  # told after it, so both are known
    await talk.asks("undo", "Seat A3 (second person): confirmed at another console; that stands.")
    await talk.asks("dismiss 1 env", "that stands.")
    assert len([path for _, path, _ in box.asked if path.endswith("/decision")]) == 1


async def test_acts(talk: Talk, box: ScriptedBox) -> None:
    await talk.asks("break A1", "Seat A1: done.")
    await talk.asks("break a1", "Seat A1: done.")
    await talk.asks("message A2 Fem minuter kvar", "Seat A2: done.")
    await talk.asks("extra A2 15 fire alarm", "Seat A2: done.")
    await talk.asks("extra A2 soon", "How many minutes")
    await talk.asks("extra A2 -15 typed wrong", "Seat A2: done.")
    await talk.asks("hand D4", "Seat D4: done.")
    await talk.asks("identity A2", "Seat A2: done.")
    assert box.acts() == [
        {"act": "break_start"},
        {"act": "break_end"},
        {"act": "message", "text": "Fem minuter kvar"},
        {"act": "extra_time", "minutes": 15, "reason": "fire alarm"},
        {"act": "extra_time", "minutes": -15, "reason": "typed wrong"},
        {"act": "hand_down"},
        {"act": "identity_checked"},
    ]


async def test_a_refusal_is_a_line(talk: Talk, box: ScriptedBox) -> None:
    box.refusals["/acts"] = (409, "This attempt is over.")
    await talk.asks("break A1", "This attempt is over.")
    await talk.asks("fly", "Nothing here is called that. help lists the commands.")


async def test_closing_wants_the_code_and_ends_it(talk: Talk, box: ScriptedBox) -> None:
    await talk.asks("close", "To close it for good, type: close K7M2QX")
    await talk.asks("close wrong", "To close it for good")
    assert next(iter(box.exams.values())).state is ExamState.LIVE
    await talk.asks("close k7m2qx", "can no longer open a picture")


async def test_a_lost_link_is_said_and_what_was_missed_is_told(
    talk: Talk, box: ScriptedBox
) -> None:
    talk.heard.clear()
    await box.cut_feeds()
    a1 = next(seat for seat in box.view.seats.values() if seat.seat == "A1")
    await box.tell(replace(a1, hand_raised=True))
    await talk.hears("The link to the box is lost")
    await talk.hears("The link to the box is back; nothing was missed.")
    await talk.hears("Seat A1, Alva Provsson: hand raised.")
    assert box.resumed_after


async def test_a_snapshot_after_a_lost_link_is_not_called_complete(
    talk: Talk, box: ScriptedBox
) -> None:
    talk.heard.clear()
    box.forgets = True
    await box.cut_feeds()
    await talk.hears("The hall is shown as it is now; notices in between may be missing.")
    assert not any("nothing was missed" in line for line in talk.heard)


async def test_a_wrong_passphrase_ends_it(shift: Shift, box: ScriptedBox) -> None:
    shift.passphrase = "wrong"
    with pytest.raises(NotAllowed, match="wrong"):
        await run_plain(shift, Talk().lines(), print)


async def test_it_speaks_through_a_pipe(box: ScriptedBox, socket_path: Path) -> None:
    """The real program, in Swedish, with nothing but pipes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "--socket", str(socket_path), "--plain"),
        *("--language", "sv", "--exam", halls.exam().code),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    said = b"ingrid\nright horse\nlista\nmeddelande A2 Hej\navsluta\n"
    out, errors = await asyncio.wait_for(process.communicate(said), 100)
    assert process.returncode == 0, errors
    text = out.decode()
    assert errors == b""
    assert "Matematik 3c, kod K7M2QX: PÅGÅR" in text
    assert "Plats A2: klart." in text
    assert "\x1b" not in text
    assert box.acts() == [{"act": "message", "text": "Hej"}]


async def test_a_disk_that_cannot_be_written_is_heard_and_that_it_is_well_again(
    talk: Talk, box: ScriptedBox
) -> None:
    await box.tell(replace(halls.BOX, disk=DiskState.READ_ONLY))
    await talk.hears("THE BOX'S DISK CANNOT BE WRITTEN")
    await talk.asks("status", "THE BOX'S DISK CANNOT BE WRITTEN")
    await box.tell(halls.BOX)
    await talk.hears("The box's disk is well again")
