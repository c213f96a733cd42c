"""The line above the keys: relay, disk, consoles, what waits, and the link to the box."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from appliance.core.feed import BoxStatus, HallMicrophoneState, NightLine
from appliance.core.wording import HALL_MICROPHONE
from tui.feed_link import Link
from tui.language import several, tr
from tui.widgets.steady_text import SteadyText
from tui.words import LEFT_OUT

_DISK_LOUD_PERCENT = 85
_BACKLOG_LOUD = 60  # snippets waiting to be looked at

_OK, _LOUD = "$faint", "bold $warning"


class StatusLine(SteadyText):
    def show(
        self, box: BoxStatus | None, link: Link, lost_for: str = "", *, live_views: bool = True
    ) -> None:
        """`live_views`: whether the exam has any; without, there is no relay that could be down."""
        parts: list[tuple[str, str]] = []
        match link:
            case Link.LOST:
                parts.append(
                    (
                        " " + tr("LINK TO THE BOX LOST {time}, trying again", time=lost_for) + " ",
                        "bold $error",
                    )
                )
            case Link.CONNECTING:
                parts.append((" " + tr("connecting to the box …") + " ", _LOUD))
            case Link.UP:
                parts.append((" " + tr("link ok"), _OK))
        if box is not None:
            parts += _box_parts(box, live_views=live_views)
        self.say(Content.assemble(*parts))


def _box_parts(box: BoxStatus, *, live_views: bool = True) -> list[tuple[str, str]]:
    parts = []
    if box.left_out:  # first, for the line may be cut off at its end
        parts.append((" · " + tr(LEFT_OUT[box.left_out[-1]]), _LOUD))
    if live_views and box.relay:
        parts.append((" · " + tr("relay ok"), _OK))
    elif live_views:
        parts.append((" · " + tr("RELAY DOWN: no live view"), _LOUD))
    parts += [
        (
            " · " + tr("disk {n} %", n=box.disk_used_percent),
            _LOUD if box.disk_used_percent >= _DISK_LOUD_PERCENT else _OK,
        ),
        (" · " + several("{n} console", "{n} consoles", box.consoles), _OK),
    ]
    if box.workers == 0:
        parts.append((" · " + tr("NOTHING IS BEING LOOKED AT"), _LOUD))
    if box.backlog:
        waiting = " · " + tr("{n} waiting to be looked at", n=box.backlog)
        parts.append((waiting, _LOUD if box.backlog >= _BACKLOG_LOUD else _OK))
    if box.hall_microphone is HallMicrophoneState.NOT_HEARD:
        parts.append((" · " + tr("HALL MICROPHONE NOT HEARD"), _LOUD))
    elif box.hall_microphone is not HallMicrophoneState.OFF:
        parts.append((" · " + tr(HALL_MICROPHONE[box.hall_microphone]), _OK))
    if box.worker_failures:
        unreadable = several(
            "{n} video kept but not readable",
            "{n} videos kept but not readable",
            box.worker_failures,
        )
        parts.append((f" · {unreadable}", _OK))
    if box.night is not None:
        parts.append((" · " + night_words(box.night), _LOUD if _needs_eyes(box.night) else _OK))
    if box.note:
        parts.append((f" · {tr(box.note)}", _LOUD))
    return parts


def night_words(night: NightLine) -> str:
    """`night: 9.1 GB, done 04:40`, in the console's language and by this machine's clock."""
    size = f"{night.bytes / 1e9:.1f} GB" if night.bytes >= 1e8 else f"{night.bytes / 1e6:.1f} MB"
    if night.paused:
        return tr("night: {size}, paused", size=size)
    if night.nights == 0:
        return tr("night: {size}, more than a week", size=size)
    if night.finishes_ms is None:
        return tr("night: {size}", size=size)
    done = f"{datetime.fromtimestamp(night.finishes_ms / 1000):%H:%M}"
    if night.nights > 1:
        return tr("{n} nights: {size}, done {time}", n=night.nights, size=size, time=done)
    return tr("night: {size}, done {time}", size=size, time=done)


def _needs_eyes(night: NightLine) -> bool:
    return night.paused or night.nights != 1
