"""Live views that show what a test wants, without a relay."""

from __future__ import annotations

import asyncio

from appliance.core.ids import AttemptId, ExamId
from tests.tui import halls
from tui.client import BoxClient
from tui.half_blocks import Pixels, from_jpeg
from tui.live import LiveView, Phase


class PretendView(LiveView):
    """Shows one picture at once and runs until `stop` or until it is cancelled."""

    opened: list[PretendView]  # every view since the test began

    def __init__(self, client: BoxClient, exam: ExamId, attempt: AttemptId) -> None:
        super().__init__(client, exam, attempt)
        self.attempt = attempt
        self.stalled_for_s = 0.0
        self.is_over = False
        self._stopped = asyncio.Event()
        self._why = ""
        self.phase = Phase.SHOWING
        self.opened.append(self)

    @property
    def frames(self) -> int:
        return 10

    @property
    def frames_per_second(self) -> float:
        return 10.0

    @property
    def running_s(self) -> float:
        return 3.0

    @property
    def age_s(self) -> float:
        return self.stalled_for_s

    @property
    def is_stalled(self) -> bool:
        return self.stalled_for_s > 2.0

    def take_picture(self, columns: int, lines: int) -> Pixels | None:
        shade = 20 * (int(self.attempt[-2:], 16) % 6)
        return from_jpeg(halls.picture(shade=shade), columns, lines)

    async def run(self) -> str:
        try:
            await self._stopped.wait()
        finally:
            self.is_over = True
        return self._why

    def stop(self, why: str) -> None:
        self._why = why
        self._stopped.set()
