"""The change of shift: who has which hall, and what the one before wants the next to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from appliance.core.feed import HallView
from tui.language import tr
from tui.screens.ask_text import AskTextScreen
from tui.screens.listing import ListingScreen
from tui.signs import Sign
from tui.words import fit, time_of_day


class HandoverScreen(ListingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "write", "write a note"),
        Binding("t", "take", "take over"),
        Binding("g", "leave", "leave the shift"),
    ]

    def signs(self) -> Sequence[Sign]:
        return [Sign(self.shift.sign("●"), "$success", tr("on duty"), tr("has taken this shift"))]

    def on_mount(self) -> None:
        super().on_mount()
        self.follow(lambda _: self._show())
        self.set_interval(1.0, self._show)
        self._show()

    def _show(self) -> None:
        watch = self.shift.watch
        if watch is None or not self.is_current:
            return
        self.show_title(tr("Shift"))
        view = watch.view
        self.show_lines(
            [*_duty(view, self.shift.sign), *_notes(view)],
            heading=tr("On duty, and notes to whoever comes next"),
            hint=tr("t takes the shift over; w writes a note. Notes go when the exam is closed."),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "leave":
            return self._on_duty()
        return True

    def _on_duty(self) -> bool:
        watch, login = self.shift.watch, self.shift.client.login_reply
        if watch is None or login is None:
            return False
        return any(one.user_id == login.user_id for one in watch.view.duty.on_duty)

    def action_write(self) -> None:
        asked = AskTextScreen(
            tr("Note to the next shift"), tr("What should they know?"), longest=500
        )
        unsent = self.shift.unsent
        asked.begun = unsent.of(asked.about)

        def written(said: str | None) -> None:
            if said is not None:
                self.request(unsent.kept(asked.about, said, self._write(said)))

        self.app.push_screen(asked, written)

    async def _write(self, said: str) -> None:
        watch = self.shift.watch
        assert watch is not None
        await self.shift.client.shift_note(watch.exam_id, said)
        self.say(tr("The note is there for everybody in this exam."))

    def action_take(self) -> None:
        self.request(self._duty_changed(take=True))

    def action_leave(self) -> None:
        self.request(self._duty_changed(take=False))

    async def _duty_changed(self, *, take: bool) -> None:
        watch, client = self.shift.watch, self.shift.client
        assert watch is not None
        if take:
            await client.take_duty(watch.exam_id)
            self.say(tr("You are on duty."))
        else:
            await client.leave_duty(watch.exam_id)
            self.say(tr("You have left the shift."))


def _duty(view: HallView, sign: Callable[[str], str]) -> list[tuple[str, Content]]:
    lines = []
    for one in view.duty.on_duty:
        halls = tr("all halls") if one.halls is None else ", ".join(one.halls)
        since = tr("since {time}", time=time_of_day(one.since_ms)[:5])
        lines.append(
            (
                f"duty {one.user_id}",
                Content.assemble(
                    (f" {sign('●')} ", "$success"),
                    (fit(one.name, 24), "bold"),
                    fit(halls, 30),
                    (since, "$faint"),
                ),
            )
        )
    if not lines:
        lines.append(("nobody", Content.styled(" " + tr("Nobody has taken the shift."), "$faint")))
    return lines


def _notes(view: HallView) -> list[tuple[str, Content]]:
    """The newest first."""
    return [
        (
            note.note_id,
            Content.assemble(
                (f" {time_of_day(note.at_ms)[:5]}  ", "$faint"),
                (f"{note.by_name}: ", "bold"),
                note.text,
            ),
        )
        for note in reversed(view.shift_notes)
    ]
