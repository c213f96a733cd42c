"""`python -m tui.first_boot`, `hallvakt first-boot`: the first boot on this terminal."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from appliance.core.errors import HallvaktError
from tui.first_boot.answers import example
from tui.first_boot.app import FirstBootApp
from tui.first_boot.command import hallvakt
from tui.first_boot.notebook import Notebook
from tui.first_boot.unattended import run
from tui.first_boot.wizard import Wizard
from tui.language import of_this_terminal, speak
from tui.terminal_colours import has_colours
from tui.terminal_watch import end_with_the_terminal

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(argv: list[str] | None = None) -> int:
    """Answers the exit code. Errors are one line on standard error."""
    given = _parser().parse_args(argv)
    speak(given.language or of_this_terminal())
    wizard = Wizard(Notebook.of(given.state, given.progress), hallvakt)
    try:
        if given.answers is not None:
            return asyncio.run(run(wizard, given.answers.absolute(), _say))
        if not sys.stdin.isatty():
            print(  # noqa: T201 - the one line of the command line
                "hallvakt: there is no terminal to ask on: use --answers FILE.", file=sys.stderr
            )
            return 2
        # Textual draws on standard error: one log line of a library would spoil the screen.
        logging.getLogger().addHandler(logging.NullHandler())
        logging.getLogger().setLevel(logging.CRITICAL)
        end_with_the_terminal()
        app = FirstBootApp(wizard, colours=has_colours())
        app.run()
        return app.return_code or 0
    except HallvaktError as error:
        print(f"hallvakt: {error.message}", file=sys.stderr)  # noqa: T201 - as above
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hallvakt first-boot",
        description="From an empty machine to a box fit for an exam, step by step. Cut off, it "
        "goes on where it was.",
        epilog="An answers file, without secrets; relative paths are relative to it, and the files "
        f"of passphrases must be readable by their owner alone (chmod 600):\n\n{example()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("/var/lib/hallvakt"),
        help="the directory where the box keeps its state; /var/lib/hallvakt when not given",
    )
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="TOML with all answers, instead of screens"
    )
    parser.add_argument(
        "--progress",
        type=Path,
        metavar="FILE",
        help="notes of what is done; beside the state directory when not given",
    )
    parser.add_argument(
        "--language", default="", help="sv or en; what the terminal asks for when not given"
    )
    return parser


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - one line for each step


if __name__ == "__main__":
    sys.exit(main())
