"""What the doctor finds on the box, for the technician: no exam, no name, no picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.core.checkup import Check, CheckStatus
from appliance.core.errors import HallvaktError
from tui.check_lines import check_line, worst_first
from tui.language import several, text, tr
from tui.screens.listing import ListingScreen
from tui.signs import Sign, check_signs
from tui.words import time_of_day

_NAMES = (
    text("memory"), text("disk writes"), text("disk health"), text("network"), text("names"),
    text("relay loopback"), text("keys"), text("database engine"), text("databases"),
    text("versions"), text("models"), text("microphone"), text("backlog"), text("uplink"),
    text("tpm"), text("cloud"), text("files"), text("ports"),
    text("LAN name"), text("erasure"), text("retention"), text("database"), text("addresses"),
    text("relay limits"),
)  # fmt: skip


class DoctorScreen(ListingScreen):
    """Read-only; a technician's login leads here and nowhere else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "look again", tooltip=text("Ask the box once more")),
    ]

    good_to_know: ClassVar[Sequence[str]] = (
        text("This login sees how the box is, and nothing of any exam: no name, no picture."),
        text("Leaving your place? ctrl+l locks the console at once."),
    )

    _found: tuple[Check, ...] = ()
    _found_ms = 0  # when, by the box's clock

    def on_mount(self) -> None:
        super().on_mount()
        self._show_title()
        self.set_interval(1.0, self._show_title)
        self.action_again()

    def signs(self) -> Sequence[Sign]:
        return check_signs(letters=self.shift.letters)

    def _show_title(self) -> None:
        """Every second: its clock would stand still, and look as if the console did."""
        self.show_title(tr("The box's health"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "back"  # there is nothing behind it

    def action_again(self) -> None:
        self._found = ()
        self.show_lines([], heading=tr("Asking the box …"))
        self.request(self._load(), group="doctor")

    async def _load(self) -> None:
        self._found = await self.shift.client.checkup()
        self._found_ms = self.now_ms
        self._show(self._found)

    def on_resize(self) -> None:
        if self._found:
            self._show(self._found)

    def refused(self, error: HallvaktError) -> None:
        self.show_lines([], heading=error.message)

    def _show(self, checks: tuple[Check, ...]) -> None:
        failed = sum(1 for check in checks if check.status is CheckStatus.FAIL)
        warned = sum(1 for check in checks if check.status is CheckStatus.WARN)
        heading = tr("The box is fit for an exam.")
        if failed:
            heading = several("{n} thing is not in order.", "{n} things are not in order.", failed)
        elif warned:
            heading += " " + several("{n} thing to know.", "{n} things to know.", warned)
        self.show_lines(
            [
                (
                    f"{number}",
                    check_line(check, letters=self.shift.letters, width=self.size.width),
                )
                for number, check in enumerate(worst_first(checks))
            ],
            heading=heading,
            hint=tr("Looked at {time}.", time=time_of_day(self._found_ms))
            + " "
            + tr("What needs the internet is looked at by `hallvakt doctor` on the box."),
        )
