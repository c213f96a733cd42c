"""Confirm or dismiss an incident: a letter gives the reason and decides; a note is optional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from appliance.core.observation import Decision, Incident, ReasonCategory
from tui.language import tr
from tui.queue_entries import how_much, kinds_of
from tui.screens.dialog import Dialog
from tui.sentences import why_of
from tui.widgets.key_footer import KeyFooter
from tui.words import CATEGORY

_LETTER = {
    ReasonCategory.ENVIRONMENT: "e",
    ReasonCategory.CANDIDATE: "c",
    ReasonCategory.STAFF: "s",
    ReasonCategory.TECHNICAL: "t",
}
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    category: ReasonCategory
    note: str


class DecisionScreen(Dialog[Verdict | None]):
    AUTO_FOCUS = ""  # the letters decide; they must not land in the note
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(letter, f"decide('{category.value}')", CATEGORY[category][0])
            for category, letter in _LETTER.items()
        ),
        Binding("enter", "usual", "the marked one"),
        Binding("n", "note", "write a note"),
        Binding("tab", "note", show=False),
        Binding("escape", "back", "leave undecided"),
    ]

    def __init__(self, incident: Incident, decision: Decision, where: str) -> None:
        super().__init__()
        self._incident = incident
        self._decision = decision
        self._where = where
        self._usual = (
            ReasonCategory.CANDIDATE
            if decision is Decision.CONFIRMED
            else ReasonCategory.ENVIRONMENT
        )
        self.begun = ""  # the note to go on with

    @property
    def about(self) -> str:
        return self._incident.incident_id

    def compose(self) -> ComposeResult:
        confirms = self._decision is Decision.CONFIRMED
        with Vertical(id="dialog", classes="-confirm" if confirms else "-dismiss") as dialog:
            dialog.border_title = tr("Confirm") if confirms else tr("Dismiss")
            yield Static(
                Content.assemble(
                    (f"{self._where}: {kinds_of(self._incident)}\n", "bold"),
                    (f"{how_much(self._incident)}\n", "$faint"),
                    (f"{why_of(self._incident)}\n\n", "$foreground"),
                    (
                        tr("It really was so, and the reason was:")
                        if confirms
                        else tr("Nothing to follow up, because of:")
                    ),
                )
            )
            yield Static(self._categories(), id="categories")
            yield Input(
                self.begun,
                placeholder=tr("a note, if you like (press n)"),
                max_length=_LONGEST_NOTE,
                id="note",
                compact=True,
            )
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_focus(None)

    def _categories(self) -> Content:
        parts: list[tuple[str, str]] = []
        for category, letter in _LETTER.items():
            name, meaning = (tr(words) for words in CATEGORY[category])
            mark = "›" if category is self._usual else " "
            parts += [
                (f"\n {mark} ", "bold $primary"),
                (f"{letter}", "bold $accent"),
                (f"  {name:<12}", "bold"),
                (meaning, "$faint"),
            ]
        return Content.assemble(*parts, "\n")

    def action_note(self) -> None:
        note = self.query_one("#note", Input)
        if note.has_focus:
            self.set_focus(None)
        else:
            note.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_focus(None)

    def action_decide(self, category: str) -> None:
        self.dismiss(
            Verdict(
                self._decision,
                ReasonCategory(category),
                self.query_one("#note", Input).value.strip(),
            )
        )

    def action_usual(self) -> None:
        self.action_decide(self._usual.value)

    def action_back(self) -> None:
        if self.query_one("#note", Input).has_focus:
            self.set_focus(None)
        else:
            self.dismiss(None)
