"""What can be typed in plain mode, and what a typed line means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.core.feed import SeatStatus
from tui.language import text, tr


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is typed; so is its translation. `usage` is what follows it."""

    name: str
    usage: str
    does: str


COMMANDS = (
    Command(text("queue"), "", text("what needs eyes, numbered")),
    Command(text("list"), text("[bad]"), text("all seats, or only those that need somebody")),
    Command(text("look"), text("SEAT"), text("everything known about a seat")),
    Command(text("find"), text("WORDS"), text("seats by name, number or label")),
    Command(text("confirm"), text("NUMBER [reason] [note]"), text("it really was so")),
    Command(text("dismiss"), text("NUMBER reason [note]"), text("nothing to follow up")),
    Command(text("seen"), text("NUMBER"), text("you have looked at it; decide later")),
    Command(text("undo"), "", text("take the last decision back")),
    Command(text("break"), text("SEAT"), text("begin or end a break")),
    Command(text("message"), text("SEAT words"), text("write to the candidate")),
    Command(text("extra"), text("SEAT minutes reason"), text("give extra time")),
    Command(text("hand"), text("SEAT"), text("take the raised hand down")),
    Command(text("identity"), text("SEAT"), text("you have checked the identity")),
    Command(text("status"), "", text("counts, time left, the box")),
    Command(text("names"), "", text("say names, or leave them out")),
    Command(text("start"), "", text("start the exam")),
    Command(text("close"), text("[CODE]"), text("close the exam for good; asks for its code")),
    Command(text("help"), "", text("these words")),
    Command(text("quit"), "", text("leave the console")),
)


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
