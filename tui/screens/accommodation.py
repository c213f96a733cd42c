"""What is looked for at one seat: single detectors off or on again, as an accommodation."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.accommodation import DETECTORS, NAMES
from appliance.core.processing import Category, permitted
from appliance.core.settings import Features
from tui.language import tr
from tui.screens.dialog import Dialog
from tui.widgets.key_footer import KeyFooter

_LETTER = {
    Category.HEAD_POSE: "h",
    Category.DESCRIPTOR: "l",
    Category.FACE_COUNT: "f",
    Category.PICTURE_QUALITY: "c",
    Category.SOUND_PRESENCE: "v",
}


def detectors(features: Features, switched_off: frozenset[Category]) -> tuple[Category, ...]:
    """What can be switched at a seat: what the exam permits, and what is off there already."""
    there = (permitted(features) & DETECTORS) | switched_off
    return tuple(category for category in _LETTER if category in there)


class AccommodationScreen(Dialog[frozenset[Category] | None]):
    """Answers what is to be off from now on, or None when left. Nothing is sent from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch_marked", "switch the marked one"),
        Binding("enter", "take", "go on to the reason", priority=True),
        Binding("escape", "back", "back"),
        *(
            Binding(letter, f"switch('{category.value}')", NAMES[category], show=False)
            for category, letter in _LETTER.items()
        ),
    ]

    def __init__(
        self,
        title: str,
        shown: tuple[Category, ...],
        switched_off: frozenset[Category],
        sign: Callable[[str], str],
    ) -> None:
        """`sign`: how this terminal shows one (`Shift.sign`)."""
        super().__init__()
        self._sign = sign
        self._title = title
        self._shown = shown
        self._before = self._off = switched_off

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            yield OptionList(
                *(Option(self._line(c), id=c.value) for c in self._shown), id="choices"
            )
            yield Static(self._about(), id="dialog-says", classes="-calm", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        listing = self.query_one(OptionList)
        listing.focus()
        listing.highlighted = 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "switch":
            return Category(str(parameters[0])) in self._shown
        return True

    def action_switch(self, detector: str) -> None:
        category = Category(detector)
        self._off = self._off ^ {category}
        at = self._shown.index(category)
        listing = self.query_one(OptionList)
        listing.replace_option_prompt_at_index(at, self._line(category))
        listing.highlighted = at
        self.query_one("#dialog-says", Static).update(self._about())

    def action_switch_marked(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.action_switch(self._shown[at].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """By the mouse; enter goes on."""
        self.action_switch(self._shown[event.option_index].value)

    def action_take(self) -> None:
        if self._off == self._before:
            self.query_one("#dialog-says", Static).update(tr("Nothing is changed yet."))
            return
        self.dismiss(self._off)

    def action_back(self) -> None:
        self.dismiss(None)

    def _line(self, category: Category) -> Content:
        off = category in self._off
        return Content.assemble(
            (f" {_LETTER[category]} ", "bold $primary"),
            f" {self._sign('○' if off else '●')} ",
            tr(NAMES[category]),
            (f"  {tr('off') if off else tr('on')}", "bold $warning" if off else "$faint"),
        )

    def _about(self) -> str:
        if Category.FACE_COUNT in self._off:
            return tr("Without faces, neither head nor likeness is looked at.")
        return tr("What is off is not processed for this candidate: look there yourself.")
