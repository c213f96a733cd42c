"""What can be typed in plain mode, and what a typed line means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.core.feed import SeatStatus
from tui.language import text, tr


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is typed; so is its translation. `usage` is what follows it. `acts`: the keys and
    menu lines of the drawn console that it stands for; a test finds one that nothing stands for."""

    name: str
    usage: str
    does: str
    acts: tuple[str, ...] = ()


_SEAT_WHY = text("SEAT reason")

COMMANDS = (
    Command(text("queue"), "", text("what needs eyes, numbered"), ("other_side",)),
    Command(text("list"), text("[bad]"), text("all seats, or only those that need somebody"),
            ("filter", "draw")),
    Command(text("look"), text("SEAT"), text("everything known about a seat"), ("look",)),
    Command(text("find"), text("WORDS"), text("seats by name, number or label"), ("find",)),
    Command(text("confirm"), text("NUMBER [reason] [note]"), text("it really was so"), ("decide",)),
    Command(text("dismiss"), text("NUMBER reason [note]"), text("nothing to follow up"),
            ("decide",)),
    Command(text("seen"), text("NUMBER"), text("you have looked at it; decide later"), ("seen",)),
    Command(text("undo"), "", text("take the last decision back"), ("undo",)),
    Command(text("break"), text("SEAT"), text("begin or end a break"), ("toggle_break",)),
    Command(text("message"), text("SEAT words"), text("write to the candidate"), ("message",)),
    Command(text("extra"), text("SEAT minutes reason"), text("give extra time"), ("extra_time",)),
    Command(text("hand"), text("SEAT"), text("take the raised hand down"), ("hand_down",)),
    Command(text("identity"), text("SEAT"), text("you have checked the identity"),
            ("identity_checked", "identities")),
    Command(text("late"), _SEAT_WHY, text("let somebody in late"), ("admit_late",)),
    Command(text("watch"), _SEAT_WHY, text("watch the seat without its camera"),
            ("seat_watched",)),
    Command(text("camera"), text("SEAT"), text("trust the camera again"), ("camera_again",)),
    Command(text("takeover"), text("SEAT"), text("let the other computer in that waits"),
            ("takeover_approve",)),
    Command(text("spare"), text("SEAT"), text("a code for a spare computer"), ("takeover_code",)),
    Command(text("swap"), text("SEAT SEAT reason"), text("to an empty seat, or in exchange"),
            ("change_seat",)),
    Command(text("detectors"), text("SEAT [NUMBERS reason]"),
            text("what is looked for there; leave these off"), ("accommodate",)),
    Command(text("release"), text("SEAT"), text("let another computer take over the seat"),
            ("release_seat",)),
    Command(text("end"), _SEAT_WHY, text("end the exam for this candidate"), ("end_attempt",)),
    Command(text("several"), text("WHOM message|extra|break|back ..."),
            text("one act for several: A1-A6,B3 or row=A, hall=NAME, moretime, all"),
            ("break_start", "break_end")),
    Command(text("breaks"), "", text("who is out, and how long in all"), ("ledger",)),
    Command(text("codes"), "", text("the halls' codes"), ("codes",)),
    Command(text("open"), "", text("seats still open"), ("close_out",)),
    Command(text("shift"), "", text("who is on duty, and notes"), ("shift",)),
    Command(text("duty"), "", text("take the shift over"), ("shift",)),
    Command(text("off"), "", text("leave the shift"), ("shift",)),
    Command(text("note"), text("WORDS"), text("a note to the next shift"), ("shift",)),
    Command(text("status"), "", text("counts, time left, the box")),
    Command(text("names"), "", text("say names, or leave them out"), ("toggle_names",)),
    Command(text("gate"), "", text("is everything ready to start?"), ("gate",)),
    Command(text("start"), text("[reason]"),
            text("start the exam; a reason starts it although not all is ready"),
            ("start_exam",)),
    Command(text("close"), text("[CODE]"), text("close the exam for good; asks for its code"),
            ("close_exam",)),
    Command(text("help"), "", text("these words")),
    Command(text("quit"), "", text("leave the console"), ("leave",)),
)  # fmt: skip
# Keys of the drawn console that make no sense in lines, and why.
DRAWN_ONLY = {
    "live": "a picture",
    "live_wall": "pictures",
    "film_strip": "pictures",
    "mark": "`several` takes the seats by name",
    "more": "a menu; its lines are commands",
    "hall_menu": "a menu; its lines are commands",
    "bell": "a raised hand is a line of its own",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """`command` is the English name, or empty when nothing is called that."""

    command: str
    rest: str

    def split(self) -> tuple[str, str]:
        """The first word of the rest and what follows it."""
        first, _, more = self.rest.partition(" ")
        return first, more.strip()


def typed(line: str) -> Typed:
    """What a line asks for: the whole word, in either language, or a beginning that fits one."""
    word, _, rest = line.strip().partition(" ")
    word = word.casefold()
    names = {name: c.name for c in COMMANDS for name in (c.name, tr(c.name).casefold())}
    if word in names:
        return Typed(names[word], rest.strip())
    fitting = {name for spoken, name in names.items() if word and spoken.startswith(word)}
    return Typed(fitting.pop() if len(fitting) == 1 else "", rest.strip())


def help_lines() -> list[str]:
    return [f"{tr(c.name)} {tr(c.usage) if c.usage else ''}".strip() + f": {tr(c.does)}"
            for c in COMMANDS]  # fmt: skip


def seat_called(seats: Sequence[SeatStatus], word: str) -> SeatStatus | None:
    """The seat with this label, or this pseudonym where the label is in several halls."""
    wanted = word.casefold()
    found = [s for s in seats if wanted in (s.seat.casefold(), f"{s.hall}/{s.seat}".casefold())]
    if len(found) == 1:
        return found[0]
    return next((s for s in seats if s.pseudonym.casefold() == wanted), None)
