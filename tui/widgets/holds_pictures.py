"""What widgets with pictures share: the terminal holds theirs only while their screen is on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal_pictures.way import PictureWay

if TYPE_CHECKING:
    from typing import Self

    from tui.app import ConsoleApp
    from tui.terminal_pictures.painter import PicturePainter


class HoldsPictures(Widget):
    """Subclasses take their pictures back when covered, and may give them again afterwards."""

    _dirty: tuple[Region, ...] = ()

    @property
    def painter(self) -> PicturePainter:
        return cast("ConsoleApp", self.app).painter

    @property
    def is_colourless(self) -> bool:
        """Whether words have to stand for pictures."""
        return self.painter.is_off or self.app.no_color or self.app.console.color_system is None

    def cover(self) -> None:
        """Another screen is on top now."""
        raise NotImplementedError

    def uncover(self) -> None:
        """This screen is on top again."""
        raise NotImplementedError

    def repainted(self, regions: Sequence[Region]) -> None:
        """These parts of the widget were just drawn: sixel pictures there are gone."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        if self.is_attached and self.painter.way is PictureWay.SIXEL:
            self._dirty += regions or (Region(0, 0, *self.size),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._dirty:
            dirty, self._dirty = self._dirty, ()
            self.repainted(dirty)
        return super().render_lines(crop)

    def on_unmount(self) -> None:
        self.cover()
