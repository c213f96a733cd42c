"""What every screen does the same way: say things, run requests, follow the hall."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, TypeVar

from textual.message import Message
from textual.screen import Screen

from appliance.core.errors import HallvaktError
from tui.hall_watch import Changes
from tui.problems import LoginEnded
from tui.screens.help import GOOD_TO_KNOW
from tui.screens.offer import Offer
from tui.shift import Shift
from tui.signs import Sign, seat_signs
from tui.widgets.holds_pictures import holders

Result = TypeVar("Result")


class LoginWanted(Message):
    """The box no longer knows this login; the console goes back to the login screen."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class ConsoleScreen(Screen[Result]):
    """Subclasses get `shift`, `request` and, when they want it, `follow`."""

    good_to_know: ClassVar[Sequence[str]] = GOOD_TO_KNOW  # at the end of its help

    def __init__(self, shift: Shift) -> None:
        super().__init__()
        self.shift = shift
        self._stop_following: Callable[[], None] | None = None

    def signs(self) -> Sequence[Sign]:
        """Those that its help explains."""
        return seat_signs(letters=self.shift.letters)

    def offers(self) -> list[Offer]:
        """What stands in its menus right now."""
        return []

    @property
    def now_ms(self) -> int:
        return self.shift.clock.now_ms()

    def say(self, text: str, *, error: bool = False) -> None:
        """One sentence to the person, in the corner, for some seconds."""
        self.notify(text, severity="error" if error else "information", markup=False)

    def request(self, work: Coroutine[Any, Any, None], *, group: str = "request") -> None:
        """Run `work` beside the screen; what the box refuses becomes a sentence. A newer request
        of the same group takes the place of an older one."""
        self.run_worker(self._guarded(work), group=group, exclusive=group != "request")

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except LoginEnded as error:
            self.post_message(LoginWanted(error.message))
        except HallvaktError as error:
            self.refused(error)

    def refused(self, error: HallvaktError) -> None:
        """What to do with an error of `request`; screens with a place for it override this."""
        self.say(error.message, error=True)

    def follow(self, listener: Callable[[Changes], None]) -> None:
        """Call `listener` at every change of the hall until this screen goes away."""
        if self.shift.watch is not None:
            self._stop_following = self.shift.watch.listen(listener)

    def on_screen_suspend(self) -> None:
        for holder in holders(self):
            holder.cover()

    def on_screen_resume(self) -> None:
        for holder in holders(self):
            holder.uncover()

    def on_unmount(self) -> None:
        if self._stop_following is not None:
            self._stop_following()
            self._stop_following = None
