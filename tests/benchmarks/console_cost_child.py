"""The console that `console_cost` measures: the real application, logged in and in the hall.

`console_cost_child SOCKET REPORT WARM_UP_S SECONDS DRAWING`
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from tests.benchmarks.console_cost_table import TableScreen
from tests.tui import halls
from tui.app import ConsoleApp
from tui.client import BoxClient
from tui.drawing import Drawing
from tui.hall_watch import Changes, HallWatch
from tui.screens.hall import HallScreen
from tui.shift import Shift
from tui.target import Target


class MeasuredConsole(ConsoleApp):
    """Notes when a change was told and when its drawing was written."""

    def __init__(
        self, shift: Shift, warm_up_s: float, seconds: float, report: Path, *, table: bool
    ) -> None:
        super().__init__(shift)
        self._table = table
        self._warm_up_s, self._seconds, self._report = warm_up_s, seconds, report
        self._told_at: tuple[float, float] | None = None  # wall, processor
        self._paints_ms: list[float] = []
        self._work_ms: list[float] = []

    def on_mount(self) -> None:
        self.run_worker(self._measure())

    async def _measure(self) -> None:
        await self.shift.client.login("bench", "right horse")
        self.shift.watch = HallWatch(self.shift.client, halls.EXAM, self.shift.clock)
        self.shift.watch.listen(self._told)
        self.show_only(TableScreen(self.shift) if self._table else HallScreen(self.shift))
        self._note_writes()
        await asyncio.sleep(self._warm_up_s)
        self._paints_ms.clear()
        self._work_ms.clear()
        cpu, wall = _cpu_s(), time.perf_counter()
        await asyncio.sleep(self._seconds)
        share = 100 * (_cpu_s() - cpu) / (time.perf_counter() - wall)
        paints, work = sorted(self._paints_ms), sorted(self._work_ms)
        figures = {
            "cpu_percent_of_core": round(share, 1),
            "paint_ms_p95": round(paints[int(0.95 * len(paints))], 1) if paints else None,
            "paint_work_ms_p95": round(work[int(0.95 * len(work))], 1) if work else None,
            "paints": len(paints),
        }
        self._report.write_text(json.dumps(figures))
        self.exit()

    def _told(self, changes: Changes) -> None:
        if changes.seats and self._told_at is None:
            self._told_at = (time.perf_counter(), time.process_time())

    def _note_writes(self) -> None:
        driver = self._driver
        assert driver is not None
        write = driver.write

        def noted(data: str) -> None:
            write(data)
            if self._told_at is not None:
                wall, work = self._told_at
                self._paints_ms.append(1000 * (time.perf_counter() - wall))
                self._work_ms.append(1000 * (time.process_time() - work))
                self._told_at = None

        driver.write = noted  # type: ignore[method-assign]


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def main() -> None:
    socket, report, warm_up_s, seconds, drawing = sys.argv[1:]
    client = BoxClient(Target(socket=Path(socket)))
    table = drawing == "table"
    shift = Shift(client=client, drawing=Drawing.LIST if table else Drawing(drawing))
    MeasuredConsole(shift, float(warm_up_s), float(seconds), Path(report), table=table).run()


if __name__ == "__main__":
    main()
