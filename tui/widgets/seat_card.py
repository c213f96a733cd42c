"""The seat under the cursor in words."""

from __future__ import annotations

from textual.content import Content

from appliance.core.feed import SeatStatus
from tui.language import tr
from tui.letters import sign
from tui.seat_words import facts
from tui.widgets.count_line import TONE_STYLE
from tui.widgets.steady_text import SteadyText
from tui.widgets.steady_title import entitle


class SeatCard(SteadyText):
    """`place`: what the seat is called. `letters` instead of signs. `extra` is a last line of its
    own, e.g. the sentence of the incident under the cursor."""

    def show(
        self,
        seat: SeatStatus | None,
        now_ms: int,
        *,
        place: str,
        names_hidden: bool,
        letters: bool,
        extra: str = "",
    ) -> None:
        if seat is None:
            entitle(self, "")
            self.say(Content(""))
            return
        entitle(self, tr("Seat {seat}", seat=place))
        parts: list[tuple[str, str]] = []
        if seat.name and not names_hidden:
            parts.append((f"{seat.name}\n", "bold $foreground"))
        elif seat.name:
            parts.append((tr("name hidden (n shows it)") + "\n", "$faint"))
        parts.append((tr("pseudonym {code}", code=seat.pseudonym) + "\n", "$faint"))
        if extra:
            parts.append((f"{sign('▲', letters=letters)} {extra}\n", "bold $error"))
        for glyph, text, tone in facts(seat, now_ms):
            drawn = sign(glyph, letters=letters)
            parts += [(f"{drawn} ", TONE_STYLE[tone]), (f"{text}\n", TONE_STYLE[tone])]
        self.say(Content.assemble(*parts))
