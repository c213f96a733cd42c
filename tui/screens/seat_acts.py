"""Everything an invigilator can do to one seat or one incident, for every screen that shows one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from textual.binding import Binding
from textual.content import Content

from appliance.core.attempt import AttemptState
from appliance.core.exam import ExamState
from appliance.core.feed import ExamStatus, SeatStatus
from appliance.core.ids import IncidentId
from appliance.core.observation import Decision, Incident, ReasonCategory
from tui.abstract import Abstract
from tui.extra_time import QUESTION, TYPED, minutes_and_reason
from tui.hall_watch import HallWatch
from tui.language import text, tr
from tui.queue_entries import waiting
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.screens.base import ConsoleScreen
from tui.screens.decision import DecisionScreen, Verdict
from tui.screens.film_strip import FilmStripScreen
from tui.screens.live_view import LiveViewScreen
from tui.widgets.evidence_strip import first_evidence
from tui.words import DECISION

LOOKS = (
    Binding("l", "live", "live", tooltip=text("Look live at this seat")),
    Binding("o", "film_strip", "film strip", tooltip=text("Look at the recorded pictures")),
)
DECISIONS = (
    Binding("c", "decide('confirmed')", "confirm", tooltip=text("Confirm: it really was so")),
    Binding("d", "decide('dismissed')", "dismiss", tooltip=text("Dismiss: nothing to follow up")),
    Binding("s", "seen", "seen", tooltip=text("You have looked at it; decide later")),
    Binding("u", "undo", "undo", tooltip=text("Take the last decision back")),
)
ACTS = (
    Binding("b", "toggle_break", "break", tooltip=text("Begin or end a break")),
    Binding("m", "message", "message", tooltip=text("Write to the candidate")),
    Binding("h", "act('hand_down')", "hand down", tooltip=text("Take the raised hand down")),
    Binding(
        "i",
        "act('identity_checked')",
        "ID checked",
        tooltip=text("Note that you have checked the identity"),
    ),
    Binding("x", "extra_time", "extra time", tooltip=text("Give extra time, with a reason")),
    Binding(
        "R",
        "release_seat",
        "release seat",
        tooltip=text("Let another computer take over this seat"),
    ),
    Binding("E", "end_attempt", "end attempt", tooltip=text("End the exam for this candidate")),
)
_DONE = {
    "break_start": text("break started"),
    "break_end": text("break ended"),
    "hand_down": text("hand taken down"),
    "identity_checked": text("identity checked by you"),
    "release_seat": text("seat released; another computer can join now"),
    "message": text("message sent"),
    "extra_time": text("extra time given"),
    "end": text("attempt ended"),
}
_TAKEN_BACK = text("extra time taken back")
_NEEDS_LIVE = frozenset({"film_strip", "decide", "undo"})


class SeatActsScreen(ConsoleScreen[None], metaclass=Abstract):
    """Subclasses say which seat and which incident is meant right now."""

    _hall: HallWatch | None = None

    @property
    def hall(self) -> HallWatch:
        """What is watched; when that was left, while the screen and what it still asks the box for
        go, the one of before."""
        self._hall = self.shift.watch or self._hall
        assert self._hall is not None, "a hall screen without a hall"
        return self._hall

    @property
    def exam(self) -> ExamStatus | None:
        return self.hall.view.exam

    @abstractmethod
    def acted_seat(self) -> SeatStatus | None: ...

    def acted_incident(self) -> Incident | None:
        """The seat's most pressing undecided incident."""
        seat = self.acted_seat()
        if seat is None:
            return None
        undecided = waiting(self.hall.view)
        return next((i for i in undecided if i.attempt_id == seat.attempt_id), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        seat, exam = self.acted_seat(), self.exam
        if seat is None or exam is None:
            return action not in _SEAT_ACTIONS
        match action:
            case "live":
                return exam.features.live_view and seat.state in PRESENT
            case "decide":
                return exam.state is ExamState.LIVE and self.acted_incident() is not None
            case "seen":
                incident = self.acted_incident()
                return incident is not None and not self.has_seen(incident)
            case "undo":
                return self.shift.last_decided is not None
            case "film_strip":
                return exam.state is ExamState.LIVE and exam.features.video_snippets
            case "release_seat":
                return seat.state in PRESENT
            case "toggle_break":
                return seat.state in (AttemptState.RECORDING, AttemptState.ON_BREAK)
            case "act" if parameters == ("hand_down",):
                return seat.hand_raised
            case "act" if parameters == ("identity_checked",):
                return not seat.identity_checked_by_hand
        return True

    # looks

    def action_live(self) -> None:
        seat, exam = self.acted_seat(), self.exam
        if seat is not None and exam is not None:
            self.app.push_screen(LiveViewScreen(self.shift, seat.attempt_id))

    def action_film_strip(self) -> None:
        seat, incident = self.acted_seat(), self.acted_incident()
        if seat is not None:
            self.action_seen()
            evidence = first_evidence(incident)
            sequence = evidence.sequence if evidence is not None else None
            self.app.push_screen(FilmStripScreen(self.shift, seat.attempt_id, sequence))

    # decisions

    def action_decide(self, decision: str) -> None:
        incident = self.acted_incident()
        if incident is None:
            self.say(tr("Nothing is waiting for a decision at this seat."))
            return
        seat = self.hall.view.seats.get(incident.attempt_id)
        self._ask(
            DecisionScreen(
                incident, Decision(decision), tr("Seat {seat}", seat=self.shift.place(seat))
            ),
            lambda verdict: self._decide(incident, verdict),
        )

    async def _decide(self, incident: Incident, verdict: Verdict) -> None:
        if self._stands(incident):
            return
        await self._send_decision(
            incident.incident_id, verdict.decision, verdict.category, verdict.note
        )
        self.shift.last_decided = incident
        said = tr(DECISION[verdict.decision]).capitalize()
        self.say(tr("{decided}. u takes it back.", decided=said))
        self.refresh_bindings()

    def _stands(self, incident: Incident) -> bool:
        """Whether somebody else's word on it stands, which is said: who would replace it does not
        know of it."""
        if another := self.shift.word_of_another(incident):
            self.say(another, error=True)
        return bool(another)

    def has_seen(self, incident: Incident) -> bool:
        """Whether this person has looked at the incident, as the box knows it."""
        login = self.shift.client.login_reply
        seen = self.hall.view.seen.get(incident.incident_id)
        return login is not None and seen is not None and login.user_id in seen.users

    def action_seen(self) -> None:
        """Also done by looking at the seat or its film strip."""
        incident = self.acted_incident()
        if incident is not None and not self.has_seen(incident):
            self.request(self._tell_seen(incident))

    async def _tell_seen(self, incident: Incident) -> None:
        await self.shift.client.seen(self.hall.exam_id, incident.incident_id)

    def action_undo(self) -> None:
        incident = self.shift.last_decided
        if incident is not None:
            self.request(self._undo(incident))

    async def _undo(self, incident: Incident) -> None:
        if self._stands(incident):
            self.shift.last_decided = None
            self.refresh_bindings()
            return
        await self._send_decision(incident.incident_id, None, None, "")
        self.shift.last_decided = None
        self.say(tr("Taken back: it needs eyes again."))
        self.refresh_bindings()

    async def _send_decision(
        self,
        incident: IncidentId,
        decision: Decision | None,
        category: ReasonCategory | None,
        note: str,
    ) -> None:
        watch = self.hall
        watch.learn(
            await self.shift.client.decide(watch.exam_id, incident, decision, category, note)
        )

    # acts

    def action_act(self, act: str) -> None:
        seat = self.acted_seat()
        if seat is not None:
            self.request(self._act(seat, act))

    def action_release_seat(self) -> None:
        """Asked for first: a slip of the finger would take the page away from who writes there."""
        seat = self.acted_seat()
        if seat is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.request(self._act(seat, "release_seat"))

        self.app.push_screen(
            AskYesScreen(
                tr("Release seat {seat}", seat=self.shift.who(seat)),
                Content(
                    tr(
                        "The page that is open there ends. Another computer, or the same one, can "
                        "then join with the slip's codes. Nothing that was recorded is lost."
                    )
                ),
            ),
            answered,
        )

    def action_toggle_break(self) -> None:
        seat = self.acted_seat()
        if seat is not None:
            on_break = seat.state is AttemptState.ON_BREAK
            self.request(self._act(seat, "break_end" if on_break else "break_start"))

    def action_message(self) -> None:
        seat = self.acted_seat()
        if seat is not None:
            self._ask(
                AskTextScreen(
                    tr("Message to seat {seat}", seat=self.shift.place(seat)),
                    tr("It appears on the candidate's page."),
                ),
                lambda said: self._act(seat, "message", text=said),
            )

    def action_extra_time(self) -> None:
        seat = self.acted_seat()
        if seat is not None:
            self._ask(
                AskTextScreen(
                    tr("Extra time for seat {seat}", seat=self.shift.place(seat)),
                    tr(QUESTION),
                    restrict=TYPED,
                ),
                lambda said: self._extra_time(seat, said),
            )

    async def _extra_time(self, seat: SeatStatus, said: str) -> None:
        minutes, reason = minutes_and_reason(said)
        await self._act(seat, "extra_time", minutes=minutes, reason=reason)

    def action_end_attempt(self) -> None:
        seat = self.acted_seat()
        if seat is not None:
            self._ask(
                AskTextScreen(
                    tr("End the exam for seat {seat}", seat=self.shift.who(seat)),
                    tr("This cannot be undone: the candidate cannot go on. Why?"),
                    grave=True,
                ),
                lambda reason: self._act(seat, "end", reason=reason),
            )

    async def _act(self, seat: SeatStatus, act: str, **arguments: str | int) -> None:
        watch = self.hall
        watch.learn(await self.shift.client.act(watch.exam_id, seat.attempt_id, act, **arguments))
        taken = act == "extra_time" and int(arguments["minutes"]) < 0
        done = tr(_TAKEN_BACK) if taken else tr(_DONE[act])
        self.say(tr("Seat {seat}: {done}.", seat=self.shift.place(seat), done=done))

    def _ask(
        self,
        screen: AskTextScreen | DecisionScreen,
        then: Callable[[Any], Coroutine[Any, Any, None]],
    ) -> None:
        """Show a dialog and, unless it was left, run `then` with its answer. What did not arrive
        stands there again the next time."""
        unsent = self.shift.unsent
        screen.begun = unsent.of(screen.about)

        def answered(answer: Any) -> None:
            if answer is not None:
                typed = answer.note if isinstance(answer, Verdict) else answer
                self.request(unsent.kept(screen.about, typed, then(answer)))

        self.app.push_screen(screen, answered)


PRESENT = frozenset({AttemptState.CHECKED_IN, AttemptState.RECORDING, AttemptState.ON_BREAK})
_SEAT_ACTIONS = frozenset(
    {
        "live",
        "decide",
        "seen",
        "film_strip",
        "toggle_break",
        "message",
        "act",
        "release_seat",
        "extra_time",
        "end_attempt",
    }
)
