"""The hall as small pictures, the newest of each seat, while somebody looks at them.

Only what is on the screen is fetched, a few a second and each seat again only after a while: every
look at a seat is on record, and neither box nor console may feel it. Leaving the mosaic forgets
them all, and takes them out of the terminal's memory too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip

from appliance.core.errors import HallvaktError
from appliance.core.ids import AttemptId
from tui.half_blocks import Pixels, from_jpeg
from tui.language import tr
from tui.mosaic_layout import SMALLEST, mosaic
from tui.seat_look import TONES
from tui.seat_place import place_of, shared_labels
from tui.seat_rows import Sorting, ordered
from tui.seat_words import age_or_out, phrases
from tui.terminal_pictures.painter import Sent
from tui.terminal_pictures.way import PictureWay
from tui.widgets.holds_pictures import HoldsPictures
from tui.widgets.picture_lines import picture_line, words_line
from tui.widgets.seat_view import SeatView
from tui.widgets.tones import Tones
from tui.words import fit

Fetch = Callable[[AttemptId], Awaitable[bytes | None]]

_PAUSE_S = 0.15  # between two pictures: at most six a second
_IDLE_S = 0.5
_AGAIN_AFTER_S = 20.0


@dataclass(slots=True)
class _Shown:
    """`taken_ms`: the time of the picture that was asked for; `asked_s`: when, monotonic. `sent`:
    as the terminal has it, where it shows real pictures."""

    taken_ms: int
    asked_s: float
    pixels: Pixels | None = None
    jpeg: bytes | None = None
    sent: Sent | None = None


class Mosaic(SeatView, HoldsPictures):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "row(-1)", show=False),
        Binding("down", "row(1)", show=False),
        Binding("home", "step(-99999)", show=False),
        Binding("end", "step(99999)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "mosaic--cursor",
        "mosaic--cursor-blurred",
        *(f"mosaic--{tone}" for tone in TONES),
    }

    def __init__(
        self,
        now: Callable[[], int],
        fetch: Fetch,
        *,
        letters: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(now, letters=letters, id=id)
        self._fetch = fetch
        self._tones = Tones(self, "mosaic")
        self._order: list[AttemptId] = []
        self._shared: Collection[str] = ()  # labels that more than one of the halls shown has
        self._place: dict[AttemptId, int] = {}
        self._shown: dict[AttemptId, _Shown] = {}
        self._tile = SMALLEST

    # pictures

    def on_show(self) -> None:
        self.run_worker(self._keep_fetching(), group="mosaic", exclusive=True)

    def on_hide(self) -> None:
        self.workers.cancel_node(self)
        self.cover()
        self._shown.clear()

    def cover(self) -> None:
        for shown in self._shown.values():
            self.painter.forget(shown.sent)
            shown.sent = None
        self.refresh()

    def uncover(self) -> None:
        """They come back one after the other (`_keep_fetching`)."""

    async def _keep_fetching(self) -> None:
        while True:
            await self._send_again()
            attempt = self._next() if self.screen.is_active else None
            if attempt is None:
                await asyncio.sleep(_IDLE_S)
                continue
            await self._load(attempt)
            await asyncio.sleep(_PAUSE_S)

    @property
    def is_complete(self) -> bool:
        """Whether every seat on the screen that has a picture shows one."""
        wanted = [a for a in self._visible() if self._seats[a].last_picture_ms is not None]
        return all(a in self._shown and self._shown[a].pixels for a in wanted)

    def _next(self) -> AttemptId | None:
        """The seat on the screen whose picture here is the oldest and not the newest there is."""
        now, waiting = time.monotonic(), []
        for attempt in self._visible():
            taken, known = self._seats[attempt].last_picture_ms, self._shown.get(attempt)
            if taken is None:
                continue
            if known is None:
                waiting.append((float("-inf"), attempt))
            elif known.taken_ms != taken and now - known.asked_s >= _AGAIN_AFTER_S:
                waiting.append((known.asked_s, attempt))
        return min(waiting)[1] if waiting else None

    async def _load(self, attempt: AttemptId) -> None:
        known = self._shown.get(attempt)
        taken = self._seats[attempt].last_picture_ms or 0
        shown = _Shown(taken, time.monotonic())
        if known is not None:
            shown.pixels, shown.jpeg, shown.sent = known.pixels, known.jpeg, known.sent
        self._shown[attempt] = shown
        try:
            jpeg = await self._fetch(attempt)
        except HallvaktError:
            return  # said by the age at the seat; asked again after a while
        if jpeg is not None:
            shown.pixels = from_jpeg(jpeg, *self._tile.picture)
            shown.jpeg = jpeg
            await self._send(attempt, shown)
        self.redraw([attempt])

    async def _send(self, attempt: AttemptId, shown: _Shown) -> None:
        """Give the terminal the picture of a seat, where it shows real ones."""
        if not self.painter.sends or shown.jpeg is None:
            return
        cells = self._tile.picture
        shown.sent = await self.painter.send(shown.jpeg, *cells, instead_of=shown.sent)
        here = self._shown.get(attempt) is shown and cells == self._tile.picture
        if not here or not self.screen.is_active:
            self.painter.forget(shown.sent)
            shown.sent = None
        self.redraw([attempt])

    async def _send_again(self) -> None:
        """Pictures that the terminal lacks since this screen was covered or scrolled; those of
        seats out of sight are taken back."""
        if not self.painter.sends or not self.screen.is_active:
            return
        visible = self._visible()
        for attempt in self._shown.keys() - set(visible):
            self.painter.forget(self._shown[attempt].sent)
            self._shown[attempt].sent = None
        for attempt in visible:
            shown = self._shown.get(attempt)
            if shown is not None and shown.jpeg is not None and shown.sent is None:
                await self._send(attempt, shown)

    # where what stands

    def set_out(self) -> None:
        self._shared = shared_labels(self._seats.values())
        self._order = ordered(
            self._seats.values(), Sorting(), self._now(), names_hidden=self.names_hidden
        )
        self._place = {attempt: place for place, attempt in enumerate(self._order)}
        width = max(1, self.scrollable_content_region.width)
        tile = mosaic(len(self._order), width, self.size.height)
        if tile.picture != self._tile.picture:
            self._fit_pictures(tile.picture)
        self._tile = tile
        rows = -(-len(self._order) // tile.across)
        self.virtual_size = Size(width, rows * tile.height)
        if self.selected not in self._place:
            self.selected = None
            self.action_step(0)
        self.bring_into_view()
        self.refresh()

    def _fit_pictures(self, cells: tuple[int, int]) -> None:
        """Those that are here, in their new size; the terminal gets them again one by one."""
        for shown in self._shown.values():
            self.painter.forget(shown.sent)
            shown.sent = None
            shown.pixels = from_jpeg(shown.jpeg, *cells) if shown.jpeg is not None else None

    def _visible(self) -> list[AttemptId]:
        top, height = self.scroll_offset.y, self.size.height
        tile = self._tile
        first = top // tile.height * tile.across
        return self._order[first : (-(-(top + height) // tile.height)) * tile.across]

    def _area(self, attempt: AttemptId) -> Region:
        tile = self._tile
        row, column = divmod(self._place[attempt], tile.across)
        return Region(column * tile.width, row * tile.height, tile.width, tile.height)

    def redraw(self, attempts: Iterable[AttemptId]) -> None:
        window = Region(0, 0, *self.size)
        for attempt in attempts:
            if attempt in self._place:
                area = self._area(attempt).translate(-self.scroll_offset).intersection(window)
                if area:
                    self.refresh(area)

    def tick(self) -> None:
        window = Region(0, 0, *self.size)
        for attempt in self._visible():
            caption = self._area(attempt).translate(-self.scroll_offset)
            area = Region(caption.x, caption.y, caption.width, 1).intersection(window)
            if area:
                self.refresh(area)

    def bring_into_view(self) -> None:
        if self.selected in self._place:
            self.scroll_to_region(self._area(self.selected), animate=False, force=True)

    # keys and mouse

    def action_step(self, by: int) -> None:
        if self._order:
            at = self._place.get(self.selected, 0) if self.selected else 0
            self.select(self._order[max(0, min(at + by, len(self._order) - 1))])

    def action_row(self, by: int) -> None:
        self.action_step(by * self._tile.across)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        tile = self._tile
        if at is None or at.x // tile.width >= tile.across:
            return
        place = (at.y + self.scroll_offset.y) // tile.height * tile.across + at.x // tile.width
        if place < len(self._order):
            self.clicked(self._order[place])

    # drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def repainted(self, regions: Sequence[Region]) -> None:
        here = self.scrollable_content_region.offset
        for attempt, shown in self._shown.items():
            if shown.sent is not None and attempt in self._place:
                area = self._area(attempt).translate(-self.scroll_offset)
                area = Region(area.x, area.y + 1, *self._tile.picture)
                if any(map(area.translate(here).overlaps, regions)):
                    self.painter.lay_over(self, shown.sent, area)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        across = self._tile.across
        row, line = divmod(y + self.scroll_offset.y, self._tile.height)
        segments: list[Segment] = []
        for attempt in self._order[row * across : (row + 1) * across]:
            segments += self._caption(attempt) if line == 0 else self._picture(attempt, line - 1)
            segments.append(Segment(" ", self.rich_style))
        return Strip(segments).crop_extend(0, width, self.rich_style)

    def _caption(self, attempt: AttemptId) -> list[Segment]:
        seat, selected = self._seats[attempt], attempt == self.selected
        look = self.look(seat)
        left, right = ("[", "]") if selected else (" ", " ")
        mark = "+" if attempt in self.marked else " "
        name = "" if self.names_hidden else (seat.name or "")
        age = age_or_out(seat, self._now())
        place = place_of(seat, self._shared)
        words = fit(f"{self.glyph(look)}{mark}{place} {name}", self._tile.width - 3 - 4)
        tone = look.tone
        if selected:
            tone = "cursor" if self.has_focus else "cursor-blurred"
        return [Segment(f"{left}{words}{age:>4}{right}", self._tones(tone))]

    def _picture(self, attempt: AttemptId, y: int) -> list[Segment]:
        shown = self._shown.get(attempt)
        width, height = self._tile.picture
        if shown is not None and shown.pixels is not None and not self.is_colourless:
            sent = shown.sent
            if sent is not None and self.painter.way is PictureWay.KITTY:
                return self.painter.line(sent, y, width, height, self.rich_style)
            if self.painter.hides(sent, y, height):
                return words_line("", y, width, height, self.rich_style)
            return picture_line(shown.pixels, y, width, height, self.rich_style, raw=False)
        seat = self._seats[attempt]
        words, none = (
            phrases(seat, self._now(), self._reasons.get(attempt, ()))[0],
            tr("no picture yet"),
        )
        if seat.last_picture_ms is None and words != none:
            words += f"\n{none}"
        return words_line(words, y, width, height, self.rich_style)
