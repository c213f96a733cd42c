"""Plain mode: the console for screen readers and pipes. Writes lines, reads typed commands, draws
nothing, moves no cursor, uses no colour."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import TextIO

from appliance.core.errors import BadInput
from appliance.core.exam import IN_SESSION
from appliance.core.feed import ExamStatus
from tui.hall_watch import HallWatch
from tui.language import tr
from tui.plain_hall import PlainHall
from tui.plain_part import Write
from tui.plain_words import exam_line
from tui.shift import Shift


async def run_plain(shift: Shift, typed: AsyncIterator[str], write: Write) -> None:
    """Log in, choose an exam, follow it until it is closed, left or nothing more is typed.

    Raises the errors of `BoxClient` when it cannot log in.
    """
    async with shift.client:
        await _log_in(shift, typed, write)
        try:
            exam = await _choose(shift, typed, write)
            if exam is not None:
                await _follow(shift, exam, typed, write)
        finally:
            await shift.client.logout()


async def _log_in(shift: Shift, typed: AsyncIterator[str], write: Write) -> None:
    if not shift.user:
        write(tr("User") + ":")
        shift.user = (await anext(typed, "")).strip()
    if not shift.passphrase:
        write(tr("Passphrase") + ":")
        shift.passphrase = await anext(typed, "")
    passphrase, shift.passphrase = shift.passphrase, ""
    await shift.client.login(shift.user, passphrase)


async def _choose(shift: Shift, typed: AsyncIterator[str], write: Write) -> ExamStatus | None:
    while True:
        exams = [e for e in await shift.client.exams() if e.state in IN_SESSION]
        wanted = [e for e in exams if e.code.casefold() == shift.exam_code.casefold()]
        if wanted or (len(exams) == 1 and not shift.exam_code):
            return (wanted or exams)[0]
        if not exams:
            raise BadInput(tr("No exam is open on this box."))
        for exam in exams:
            write(exam_line(exam, shift.clock.now_ms()))
        write(tr("Which exam? Type its code."))
        code = await anext(typed, None)
        if code is None:
            return None
        shift.exam_code = code.strip()


async def _follow(shift: Shift, exam: ExamStatus, typed: AsyncIterator[str], write: Write) -> None:
    watch = shift.watch = HallWatch(shift.client, exam.exam_id, shift.clock, shift.feed_pauses_s)
    hall = PlainHall(shift, watch, write)
    stop = watch.listen(hall.hear)
    running = [asyncio.create_task(watch.run()), asyncio.create_task(_tick(hall))]
    commands = asyncio.create_task(_commands(hall, typed))
    try:
        while not hall.is_over and not commands.done():
            await asyncio.wait([commands], timeout=0.2)
        if commands.done():
            commands.result()
    finally:
        stop()
        for task in (*running, commands):
            task.cancel()
        await asyncio.gather(*running, commands, return_exceptions=True)


async def _tick(hall: PlainHall) -> None:
    while True:
        await asyncio.sleep(1.0)
        hall.tick()


async def _commands(hall: PlainHall, typed: AsyncIterator[str]) -> None:
    await hall.begun.wait()
    async for line in typed:
        await hall.do(line)
        if hall.is_over:
            return


async def lines_of(stream: TextIO) -> AsyncIterator[str]:
    """Lines of standard input, whatever it is: terminal, pipe or file. A thread reads, because a
    terminal's read cannot be cancelled; it ends with the process."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: so is whoever asked
            for line in stream:
                loop.call_soon_threadsafe(queue.put_nowait, line.rstrip("\n"))
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True, name="typed lines").start()
    while (line := await queue.get()) is not None:
        yield line
