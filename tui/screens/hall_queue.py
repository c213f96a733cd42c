"""The queue beside the seats: while the person is in it, its entry says what keys are about."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from appliance.core.feed import SeatStatus
from appliance.core.observation import Evidence, Incident
from tui.language import tr
from tui.queue_entries import Entry, entries
from tui.replies import Still
from tui.screens.hall_views import HallViewsScreen
from tui.widgets.evidence_strip import FRAMES, EvidenceStrip
from tui.widgets.incident_queue import IncidentQueue
from tui.widgets.steady_title import entitle


class HallQueueScreen(HallViewsScreen):
    """Subclasses compose an `IncidentQueue` and an `EvidenceStrip` in a box called `side`."""

    @property
    def queue(self) -> IncidentQueue:
        return self.query_one(IncidentQueue)

    # what is meant right now

    def acted_seat(self) -> SeatStatus | None:
        """Of the queue's entry while somebody is there: it moves by itself when an entry goes, and
        nothing may be done at one seat because of what was seen at another."""
        seats = self.hall.view.seats
        entry = self._entry
        if entry is not None and entry.attempt_id is not None:
            return seats.get(entry.attempt_id)
        attempt = self.board.selected
        return seats.get(attempt) if attempt is not None else None

    def acted_incident(self) -> Incident | None:
        entry = self._entry
        if entry is not None and entry.incident is not None:
            return entry.incident
        return super().acted_incident()

    @property
    def _entry(self) -> Entry | None:
        """Under the queue's cursor, while the person is there. Asked for before there is a queue,
        too."""
        return self.focused.selected if isinstance(self.focused, IncidentQueue) else None

    # what is shown

    def show_queue(self) -> None:
        view, queue = self.hall.view, self.queue
        login = self.shift.client.login_reply
        queued = entries(view, self.now_ms, login.user_id if login else None)
        before = queue.selected_incident
        queue.show(queued)
        undecided = sum(1 for entry in queued if entry.incident is not None)
        entitle(queue, tr("Needs eyes") + (f" · {undecided}" if undecided else ""))
        queue.set_class(undecided > 0, "-waiting")
        self._say_the_way()
        another = self.shift.word_of_another(before) if before and queue.has_focus else ""
        if another:
            self.say(another)  # to who was about to decide it: the cursor is on another entry now

    def _say_the_way(self) -> None:
        """In a narrow terminal the line of keys has no room for the one that leads here."""
        way = tr("tab: go here") if self.queue.selected and not self.queue.has_focus else ""
        if self.queue.border_subtitle != way:  # setting it draws the whole queue anew
            self.queue.border_subtitle = way

    def on_incident_queue_selected(self, event: IncidentQueue.Selected) -> None:
        if event.entry.attempt_id is not None:
            self.board.select(event.entry.attempt_id)
        self.show_card()
        self.refresh_bindings()
        self._show_evidence()

    def on_incident_queue_opened(self) -> None:
        self.action_look()

    def on_descendant_blur(self) -> None:
        self._show_evidence()

    @abstractmethod
    def action_look(self) -> None:
        """Look at the seat that is meant."""

    def action_other_side(self) -> None:
        if self.queue.has_focus:
            self.board.focus_view()
        else:
            self.queue.focus()

    def _show_evidence(self) -> None:
        """Of the entry under the queue's cursor, while that is where the person is."""
        self._say_the_way()
        self.query_one("#side").set_class(self.queue.has_focus, "-queue")
        there = self.queue.has_focus and self.check_action("film_strip", ()) is True
        incident = self.queue.selected_incident if there else None
        self.query_one(EvidenceStrip).linger(incident)

    async def frames(self, incident: Incident, evidence: Evidence) -> Sequence[Still]:
        return await self.shift.client.film_strip(
            self.hall.exam_id, incident.attempt_id, evidence.sequence, FRAMES
        )
