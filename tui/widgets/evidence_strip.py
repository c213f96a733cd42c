"""Below the queue: frames of the evidence under the cursor, once somebody lingers there.

Moving through the queue costs the box nothing; a look that was fetched is on record. Leaving the
queue forgets the frames, here and in the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from appliance.core.errors import HallvaktError
from appliance.core.observation import Evidence, Incident
from tui.language import tr
from tui.replies import Still
from tui.widgets.picture import Picture

FRAMES = 3
LINGER_S = 0.6

Frames = Callable[[Incident, Evidence], Awaitable[Sequence[Still]]]


def first_evidence(incident: Incident | None) -> Evidence | None:
    """What to show first for an incident."""
    if incident is None:
        return None
    return next((e for o in incident.observations for e in o.evidence), None)


class EvidenceStrip(Horizontal):
    """`fetch` answers at most `FRAMES` stills, oldest first."""

    DEFAULT_CSS = """
    EvidenceStrip { height: 4; display: none; }
    EvidenceStrip Picture { width: 1fr; height: 1fr; border: none; }
    """

    def __init__(self, fetch: Frames) -> None:
        super().__init__(id="evidence")
        self._fetch = fetch
        self._shown: tuple[str, int] | None = None  # incident, snippet

    def compose(self) -> ComposeResult:
        for number in range(FRAMES):
            yield Picture("", id=f"frame-{number}")

    def linger(self, incident: Incident | None) -> None:
        """This incident is under the cursor now; None: none is."""
        evidence = first_evidence(incident)
        if incident is None or evidence is None:
            self._put_away()
            return
        wanted = (incident.incident_id, evidence.sequence)
        if wanted != self._shown:
            self._put_away()
            self._shown = wanted
            self.run_worker(self._show(incident, evidence), group="evidence", exclusive=True)

    async def _show(self, incident: Incident, evidence: Evidence) -> None:
        await asyncio.sleep(LINGER_S)
        pictures = list(self.query(Picture))
        for picture in pictures:
            picture.clear()
        pictures[len(pictures) // 2].clear(tr("fetching the picture …"))
        self.display = True
        try:
            stills = await self._fetch(incident, evidence)
        except HallvaktError as error:
            pictures[len(pictures) // 2].clear(error.message)
            return
        for number, picture in enumerate(pictures):
            still = stills[number] if number < len(stills) else None
            picture.show_jpeg(still.jpeg if still else None)

    def _put_away(self) -> None:
        self._shown = None
        self.workers.cancel_group(self, "evidence")
        if self.display:
            self.display = False
            for picture in self.query(Picture):
                picture.clear()
