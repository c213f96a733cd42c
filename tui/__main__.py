"""`python -m tui`, `hallvakt-console`: the console on this terminal."""

from __future__ import annotations

import asyncio
import gc
import getpass
import locale
import logging
import os
import sys
from collections.abc import Sequence

from appliance.core.errors import HallvaktError
from tui import box_list
from tui.app import ConsoleApp
from tui.arguments import Arguments, parse
from tui.box_glance import BoxGlance
from tui.client import BoxClient
from tui.fall import say_falls_without_values
from tui.language import of_this_terminal, speak
from tui.plain import lines_of, run_plain
from tui.preferences import PreferencesFile, usual_file
from tui.screenshot import take_screenshot
from tui.shift import Shift
from tui.target import Target, from_arguments
from tui.terminal_colours import draw_as_it_can, has_colours
from tui.terminal_pictures.probe import asked_this_terminal
from tui.terminal_watch import end_with_the_terminal
from tui.waiting import until_it_runs

_SIMPLE_TERMINALS = ("linux", "dumb", "vt")


def main(argv: list[str] | None = None) -> int:
    """Run the console; answers the exit code. Errors are one line on standard error."""
    arguments = parse(argv)
    preferences = PreferencesFile(usual_file())
    kept = preferences.read()
    speak(arguments.language or kept.language or of_this_terminal())
    # Textual draws on standard error: one log line of a library would spoil the screen.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger().setLevel(logging.CRITICAL)
    say_falls_without_values()
    end_with_the_terminal()
    try:
        if arguments.boxes is not None or arguments.box:
            return _watch_several(arguments, preferences)
        target = from_arguments(
            state=arguments.state,
            url=arguments.url,
            ca=arguments.ca,
            socket=arguments.socket,
            ca_fingerprint=arguments.ca_fingerprint,
            may_not_run=arguments.wait,
        )
        if arguments.wait and target.socket is not None:
            until_it_runs(target.socket, sys.stderr)
        shift = _shift(target, arguments)
        if arguments.screenshot is not None:
            asyncio.run(_screenshot(shift, arguments))
            return 0
        if arguments.passphrase_fd is not None:
            shift.passphrase = _passphrase(arguments.passphrase_fd)
        if arguments.plain:
            asyncio.run(run_plain(shift, lines_of(sys.stdin), _write))
            return 0
        return _run(shift, (), arguments, preferences)
    except HallvaktError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - the one line of the command line
        return error.exit_code


def _watch_several(arguments: Arguments, preferences: PreferencesFile) -> int:
    listed = box_list.from_file(arguments.boxes) if arguments.boxes is not None else ()
    targets = box_list.all_different((*listed, *map(box_list.from_option, arguments.box)))
    boxes = [BoxGlance(target.name, _shift(target, arguments)) for target in targets]
    return _run(boxes[0].shift, boxes, arguments, preferences)


def _run(
    shift: Shift, boxes: Sequence[BoxGlance], arguments: Arguments, preferences: PreferencesFile
) -> int:
    with asked_this_terminal(arguments.pictures or preferences.now.pictures or "auto") as asked:
        app = ConsoleApp(shift, boxes, asked, preferences, colours=has_colours())
        draw_as_it_can(app)
        gc.freeze()  # the imports stay: walking them took 60 ms, more than a key may
        try:
            app.run()
        finally:
            if (last := app.painter.last_words()) and sys.__stderr__ is not None:
                sys.__stderr__.write(last)
                sys.__stderr__.flush()
    return app.return_code or 0


def _shift(target: Target, arguments: Arguments) -> Shift:
    return Shift(
        client=BoxClient(target),
        user=arguments.user,
        exam_code=arguments.exam,
        letters=arguments.letters or _is_simple_terminal(),
    )


def _write(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - plain mode writes lines


async def _screenshot(shift: Shift, arguments: Arguments) -> None:
    assert arguments.screenshot is not None
    async with shift.client:
        passphrase = await asyncio.to_thread(_passphrase, arguments.passphrase_fd)
        await take_screenshot(shift, passphrase, arguments.screenshot, size=arguments.size)


def _passphrase(descriptor: int | None) -> str:
    if descriptor is None:
        return getpass.getpass("Passphrase: ")
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        return stream.readline().rstrip("\n")


def _is_simple_terminal() -> bool:
    """Whether this terminal likely lacks the signs, so that letters are better."""
    encoding = locale.getpreferredencoding(do_setlocale=False).upper().replace("-", "")
    return encoding != "UTF8" or os.environ.get("TERM", "").startswith(_SIMPLE_TERMINALS)


if __name__ == "__main__":
    sys.exit(main())
