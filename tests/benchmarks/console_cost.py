"""What the console costs with a big hall: `python -m tests.benchmarks.console_cost --json`.

A child runs the real console under a pseudo-terminal of 170x50 against a scripted box in this
process, which changes seats at a steady rate. Measured is the child alone: its processor time
over wall time, and the time from a change's arrival to its bytes being written to the terminal
(`paint_ms_p95`; of it, what the console itself computed: `paint_work_ms_p95`, which a busy machine
does not lengthen). Before it, in a hall where nothing changes, arrows are pressed: `key_ms_p95` is
from a key's byte sent into the pseudo-terminal to the first byte that comes back out of it. The
same hall in Textual's DataTable is measured in the same run as the baseline.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import pty
import struct
import sys
import tempfile
import termios
import time
from dataclasses import replace
from pathlib import Path

from appliance.core.attempt import LinkState
from appliance.core.feed import SeatStatus
from tests.tui import halls
from tests.tui.scripted_box import ScriptedBox
from tui.seat_look import SeatLook, look_of

COLUMNS, LINES = 170, 50
SETTLE_S = 8.0
WARM_UP_S = 25.0  # settling, and the keys
_KEYS = 40
_ARROWS = (b"\x1b[C", b"\x1b[B", b"\x1b[D", b"\x1b[A")  # right, down, left, up: a round
_UNDRAWN_S = 2.0
_QUIET_S = 0.08  # a key is pressed when nothing was drawn for as long: what comes next is its
_AT_MOST = {"cpu_percent_of_core": 10.0, "key_ms_p95": 50.0}  # the exit code is 1 beyond
_BOTH = ("cpu_percent_of_core", "paint_ms_p95", "key_ms_p95")
CHILD = "tests.benchmarks.console_cost_child"


async def measure(
    seats: int, changes_per_s: float, seconds: float, drawing: str = "map"
) -> dict[str, float | int]:
    """Run the console for `seconds` and return the figures of DESIGN section 10."""
    with tempfile.TemporaryDirectory(prefix="hv-") as directory:
        socket, report = Path(directory) / "box.sock", Path(directory) / "report.json"
        box = ScriptedBox(halls.big_hall(seats), now_ms=time.time_ns() // 1_000_000)
        await box.start(socket)
        pid, terminal = _spawn(socket, report, seconds, drawing)
        began = time.monotonic()
        reader = asyncio.create_task((screen := Screen(terminal)).drain())
        try:
            await asyncio.sleep(SETTLE_S)
            keys_ms = [await screen.press(_ARROWS[n % 4]) for n in range(_KEYS)]
            await asyncio.sleep(max(0.0, began + WARM_UP_S - time.monotonic()))
            await _change(box, changes_per_s, seconds + 2.0)
            await asyncio.to_thread(os.waitpid, pid, 0)
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader
            os.close(terminal)
            await box.stop()
        figures = json.loads(await asyncio.to_thread(report.read_text))
    key_ms_p95 = round(sorted(keys_ms)[int(0.95 * len(keys_ms))], 1)
    return {"seats": seats, "changes_per_s": changes_per_s, "key_ms_p95": key_ms_p95, **figures}


def _spawn(socket: Path, report: Path, seconds: float, drawing: str) -> tuple[int, int]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
        os.execv(
            sys.executable,
            [
                *(sys.executable, "-m", CHILD, str(socket), str(report)),
                *(str(WARM_UP_S), str(seconds), drawing),
            ],
        )
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    os.set_blocking(terminal, False)
    return pid, terminal


class Screen:
    """A terminal that keeps up: everything that is written is read at once."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._drawn = asyncio.Event()

    async def drain(self) -> None:
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()

        def read() -> None:
            try:
                if not os.read(self._terminal, 1 << 16):
                    raise OSError
            except BlockingIOError:
                return
            except OSError:  # the child has closed its end
                loop.remove_reader(self._terminal)
                gone.set()
            self._drawn.set()

        loop.add_reader(self._terminal, read)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._terminal)

    async def press(self, key: bytes) -> float:
        """Returns how many milliseconds later something was drawn; _UNDRAWN_S when nothing was."""
        quiet = False
        while not quiet:
            self._drawn.clear()
            try:
                await asyncio.wait_for(self._drawn.wait(), _QUIET_S)
            except TimeoutError:
                quiet = True
        began = time.perf_counter()
        os.write(self._terminal, key)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drawn.wait(), _UNDRAWN_S)
        return 1000 * (time.perf_counter() - began)


async def _change(box: ScriptedBox, changes_per_s: float, seconds: float) -> None:
    """Seats lose and regain their link and get new pictures, one change after the other: seats that
    stand on the screen and say so, for what is not drawn has no time of drawing."""
    first = list(box.view.seats.values())[: LINES - 10]
    plain = {SeatLook.RECORDING, SeatLook.STALE}
    seats = [seat for seat in first if look_of(seat, box.now_ms) in plain]
    began = time.monotonic()
    for number in range(int(changes_per_s * seconds)):
        box.now_ms = time.time_ns() // 1_000_000
        seat = box.view.seats[seats[number * 7 % len(seats)].attempt_id]
        await box.tell(_changed(seat, box.now_ms))
        await asyncio.sleep(max(0.0, began + (number + 1) / changes_per_s - time.monotonic()))


def _changed(seat: SeatStatus, now_ms: int) -> SeatStatus:
    if seat.link is LinkState.UP:
        return replace(seat, link=LinkState.LOST, link_lost_ms=now_ms)
    return replace(seat, link=LinkState.UP, link_lost_ms=None, last_picture_ms=now_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=500)
    parser.add_argument("--changes-per-s", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--drawing", choices=["map", "list"], default="map")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rate = (given.seats, given.changes_per_s, given.seconds)
    figures = asyncio.run(measure(*rate, given.drawing))
    table = asyncio.run(measure(*rate, "table"))
    figures |= {f"table_{name}": table[name] for name in _BOTH}
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<24}{value}")
    missed = [f"{name} is over {most:g}" for name, most in _AT_MOST.items() if figures[name] > most]
    sys.exit("; ".join(missed) or 0)


if __name__ == "__main__":
    main()
