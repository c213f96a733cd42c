"""A screen that is one list with a line above and below: ledger, gate, close-out, shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.base import ConsoleScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.title_bar import TitleBar


class ListingScreen(ConsoleScreen[None]):
    """Subclasses fill it with `show_lines` and say what `heading` and `hint` are."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "back")]

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static("", id="listing-heading", markup=False)
        yield OptionList(id="listing")
        yield Static("", id="listing-hint", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @property
    def selected(self) -> str | None:
        """The id of the line under the cursor."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        return listing.get_option_at_index(at).id if at is not None else None

    def show_title(self, title: str) -> None:
        watch = self.shift.watch
        exam = watch.view.exam if watch is not None else None
        self.query_one(TitleBar).show(title, exam, self.now_ms)

    def show_lines(
        self, lines: Sequence[tuple[str, Content]], *, heading: str, hint: str = ""
    ) -> None:
        """`lines`: (id, line). The cursor stays at its line while that is there."""
        self.query_one("#listing-heading", Static).update(Content(heading))
        self.query_one("#listing-hint", Static).update(Content.styled(hint, "$faint"))
        listing = self.query_one(OptionList)
        before, at = self.selected, listing.highlighted
        ids = [key for key, _ in lines]
        same = ids == [listing.get_option_at_index(n).id for n in range(listing.option_count)]
        if same:
            for n, (_, line) in enumerate(lines):
                listing.replace_option_prompt_at_index(n, line)
            return
        listing.clear_options()
        listing.add_options([Option(line, id=key) for key, line in lines])
        if ids:
            listing.highlighted = ids.index(before) if before in ids else min(at or 0, len(ids) - 1)
        self.refresh_bindings()

    def action_back(self) -> None:
        self.dismiss(None)
