"""Text that is set many times a second and mostly stays the same.

`Static.update` lays the whole screen out again, every time; this does so only when the number of
lines changes, and nothing at all when the text is the same.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class SteadyText(Static):
    _shown: Content | None = None

    def say(self, content: Content) -> None:
        """Show `content`."""
        before = self._shown
        if before is not None and before.is_same(content):
            return
        layout = self.styles.is_auto_height and self._height_may_change(content)
        self._shown = content
        self.update(content, layout=layout)

    def _height_may_change(self, content: Content) -> bool:
        before = self._shown
        width = max(1, self.content_size.width)
        lines = content.plain.split("\n")
        return (
            before is None
            or before.plain.count("\n") != len(lines) - 1
            or any(len(line) > width for line in (*lines, *before.plain.split("\n")))
        )
