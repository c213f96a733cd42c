"""What widgets with pictures share: the terminal holds theirs only while their screen is on top."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode
from textual.geometry import Region
from textual.widget import Widget

from tui.abstract import Abstract

if TYPE_CHECKING:
    from tui.terminal_app import TerminalApp
    from tui.terminal_pictures.painter import PicturePainter


class HoldsPictures(Widget, metaclass=Abstract):
    """Subclasses take their pictures back when covered, and may give them again afterwards."""

    @property
    def painter(self) -> PicturePainter:
        return cast("TerminalApp", self.app).painter

    @property
    def is_colourless(self) -> bool:
        """Whether words have to stand for pictures."""
        return self.painter.is_off or self.app.no_color or self.app.console.color_system is None

    @abstractmethod
    def cover(self) -> None:
        """Another screen is on top now."""

    @abstractmethod
    def uncover(self) -> None:
        """This screen is on top again."""

    def repainted(self, regions: Sequence[Region]) -> None:
        """These parts of the screen were just drawn: sixel pictures there are gone."""

    def on_unmount(self) -> None:
        self.cover()


def holders(node: DOMNode) -> Iterator[HoldsPictures]:
    """Those below `node`."""
    return (child for child in node.walk_children() if isinstance(child, HoldsPictures))
