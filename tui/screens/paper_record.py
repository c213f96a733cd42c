"""The head of the audit log for the exam's paper record: words to write down, a code to scan.

Who holds that sheet can tell later whether the end of the log was cut off or the log exchanged
(`hallvakt audit verify --head`).
"""

from __future__ import annotations

from typing import ClassVar

import segno
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.language import tr
from tui.screens.dialog import Dialog
from tui.widgets.key_footer import KeyFooter

_QUIET = 2  # modules of white around it; four by the standard, and a frame that is dark helps
_DIGITS_A_LINE = 16
_CELL = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


class PaperRecordScreen(Dialog[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,p,enter", "back", "back")]

    def __init__(self, words: str, head: str) -> None:
        super().__init__()
        self._words = words
        self._head = head

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="paper") as panel, Horizontal():
            panel.border_title = tr("For the paper record")
            yield Static(Content("\n".join(code_lines(self._head))), id="paper-code")
            yield Static(self._text(), id="paper-text")
        yield KeyFooter()

    def _text(self) -> Content:
        words, digits = self._words.split(), self._head
        lines = [" ".join(words[n : n + 2]) for n in range(0, len(words), 2)]
        runs = [digits[n : n + _DIGITS_A_LINE] for n in range(0, len(digits), _DIGITS_A_LINE)]
        return Content.assemble(
            (tr("Write these words on the exam's paper record:") + "\n\n", ""),
            ("\n".join(f"  {line}" for line in lines) + "\n\n", "bold $primary"),
            (tr("The same, whole, is in the code and here:") + "\n", ""),
            ("\n".join(f"  {run}" for run in runs) + "\n\n", "$faint"),
            (tr("With them anybody can see later that the log is whole."), ""),
        )

    def action_back(self) -> None:
        self.dismiss(None)


def code_lines(head: str) -> list[str]:
    """The digits as a QR code in half blocks, dark on light: 33 columns, 17 lines. In capitals
    they take the code's own alphabet, which makes it a size smaller."""
    code = segno.make(head.upper(), error="l", mode="alphanumeric", version=3)
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(_CELL[upper, lower] for upper, lower in zip(*rows[n : n + 2], strict=True))
        for n in range(0, len(rows), 2)
    ]
