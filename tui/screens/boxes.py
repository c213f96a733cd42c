"""Which box? Each with its state in words, and what needs eyes there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static

from appliance.core.exam import ExamState
from tui.box_glance import BoxGlance, BoxState
from tui.language import several, text, tr
from tui.screens.listing import ListingScreen
from tui.seat_look import SeatLook
from tui.words import EXAM_STATE, fit

_REDRAW_S = 0.5
_NAME, _STATE, _SEATS, _EYES = 20, 18, 14, 15
_LOGGED_IN = frozenset({BoxState.NOTHING, BoxState.IN_SESSION})
_SHORTEST_TITLE = 8
_STATE_WORDS = {
    BoxState.ASKING: text("asking …"),
    BoxState.UNREACHABLE: text("not reachable"),
    BoxState.LOGIN: text("log in"),
    BoxState.NOTHING: text("no exam open"),
}
_STATE_STYLE = {
    BoxState.ASKING: "$faint",
    BoxState.UNREACHABLE: "bold $warning",
    BoxState.LOGIN: "$accent",
    BoxState.NOTHING: "$faint",
    BoxState.IN_SESSION: "bold $success",
}


class BoxesScreen(ListingScreen, inherit_bindings=False):
    """Posts `Chosen`. Shows no names of people and no pictures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "choose",
            "to this box",
            priority=True,
            tooltip=text("Go to this box's console"),
        ),
    ]

    class Chosen(Message):
        def __init__(self, glance: BoxGlance) -> None:
            super().__init__()
            self.glance = glance

    def __init__(
        self, glances: Sequence[BoxGlance], why: str = "", at: BoxGlance | None = None
    ) -> None:
        super().__init__((at or glances[0]).shift)
        self._glances = {glance.name: glance for glance in glances}
        self._why = why
        self._at = at
        self._drawn: tuple[list[str], str, str] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._show()
        if self._at is not None:
            self.query_one(OptionList).highlighted = list(self._glances).index(self._at.name)
        self.set_interval(_REDRAW_S, self._show)

    def on_resize(self) -> None:
        self._show()

    def on_option_list_option_highlighted(self) -> None:
        self._show_hint()

    def action_choose(self) -> None:
        if self.selected is not None:
            self.post_message(self.Chosen(self._glances[self.selected]))

    def _show(self) -> None:
        if not self.is_current:
            return
        self.show_title(tr("Boxes"))
        width = self.query_one(OptionList).content_size.width or self.app.size.width - 6
        lines = [(name, _line(glance, width)) for name, glance in self._glances.items()]
        heading = self._why or _heading(self._glances.values())
        drawn = ([line.markup for _, line in lines], heading, self._hint())
        if drawn == self._drawn:
            return  # a list that is set again is painted again, which a slow line feels
        self._drawn = drawn
        self.show_lines(
            lines,
            heading=heading,
            hint=self._hint(),
        )

    def _show_hint(self) -> None:
        self.query_one("#listing-hint", Static).update(Content.styled(self._hint(), "$faint"))

    def _hint(self) -> str:
        glance = self._glances.get(self.selected or next(iter(self._glances)))
        return _hint(glance) if glance is not None else ""


def _heading(glances: Collection[BoxGlance]) -> str:
    eyes = sum(glance.count(SeatLook.NEEDS_EYES) for glance in glances)
    if eyes:
        return several("{n} seat needs eyes.", "{n} seats need eyes.", eyes)
    if not any(glance.state in _LOGGED_IN for glance in glances):
        return tr("Log in to a box to see what needs eyes there.")
    return tr("Nothing needs eyes on the boxes you are logged in to.")


def _hint(glance: BoxGlance) -> str:
    match glance.state:
        case BoxState.UNREACHABLE:
            return tr("{why} The others go on; it is asked again by itself.", why=glance.why)
        case BoxState.LOGIN:
            return tr("enter logs in there; each box has logins of its own")
        case BoxState.IN_SESSION:
            return ", ".join(
                f"{exam.title} ({exam.code}): {tr(EXAM_STATE[exam.state])}" for exam in glance.exams
            )
        case _:
            return ""


def _line(glance: BoxGlance, width: int) -> Content:
    """Name, state, which exam where there is room, how many record, how many need eyes."""
    exams = glance.exams
    if glance.state is BoxState.IN_SESSION:
        first = min(exams, key=lambda exam: exam.state is not ExamState.LIVE)
        state = tr(EXAM_STATE[first.state])
        title = exams[0].title if len(exams) == 1 else tr("{n} exams", n=len(exams))
        seats = tr("{n} recording", n=glance.count(SeatLook.RECORDING))
    else:
        state, title, seats = tr(_STATE_WORDS[glance.state]), "", ""
    eyes = glance.count(SeatLook.NEEDS_EYES)
    needs = several("{n} needs eyes", "{n} need eyes", eyes) if eyes else ""
    mark = SeatLook.NEEDS_EYES.letter if glance.shift.letters else SeatLook.NEEDS_EYES.glyph
    room = max(0, width - 2 - _NAME - _STATE - _SEATS - _EYES - 4)
    return Content.assemble(
        (f"{mark} " if eyes else "  ", "bold $error"),
        (fit(glance.name, _NAME), "bold"),
        " ",
        (fit(state, _STATE), _STATE_STYLE[glance.state]),
        " ",
        (fit(title if room >= _SHORTEST_TITLE else "", room), "$foreground"),
        " ",
        (fit(seats, _SEATS), "$foreground"),
        " ",
        (fit(needs, _EYES), "bold $error"),
    )
