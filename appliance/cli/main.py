"""`hallvakt`: one command for the whole box.

Commands are named here by import path and loaded when they are called, so that `--help` is quick
and a command pays for its own libraries only. Exit codes are mapped here and nowhere else:
0 done; 2 wrong usage; 3 wrong configuration; 4 refused; 5 not reachable or no room; 6 integrity
failure (core/errors.py). An error is one line on standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path

from cyclopts import App, CycloptsError

from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.cli.box_user import another_user, kept_out, of_a_group, typing
from appliance.core.disk import is_disks
from appliance.core.errors import HallvaktError, Refused, Unreachable
from appliance.whole_file import unwritable

_USAGE = 2
_CONFIGURATION = 3
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_PLACES = 6  # innermost ones that are told of an unforeseen error
_UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h: a fault of Hallvakt's own

_COMMANDS = (
    ("init", "appliance.cli.init:init", "Make a box: state, certificates, keys, first user."),
    (
        "first-boot",
        "appliance.cli.first_boot:first_boot",
        "From an empty machine to a box fit for an exam, step by step.",
    ),
    ("serve", "appliance.cli.serve:serve", "Run the box in the foreground."),
    ("console", "appliance.cli.console:console", "Open the invigilators' console."),
    ("exam", "appliance.cli.exam:app", "The life of an exam."),
    ("attempt", "appliance.cli.attempt:app", "One candidate in one exam."),
    ("user", "appliance.cli.user:app", "People with a login on the box."),
    ("keys", "appliance.cli.keys:app", "Key ceremonies and recipients."),
    ("certificate", "appliance.cli.certificate:app", "The box's certificate, and files for IT."),
    ("sync", "appliance.cli.sync:app", "The night: upload, prove, plan."),
    ("janitor", "appliance.cli.janitor:janitor", "Purge what retention allows."),
    ("backup", "appliance.cli.backup:app", "The box in one file, and getting it back."),
    ("fleet", "appliance.cli.fleet:app", "All boxes that share one cloud."),
    ("review", "appliance.cli.review:app", "Open what a reviewer's key can open."),
    ("audit", "appliance.cli.audit:app", "Who did and looked at what; is the log whole."),
    ("record", "appliance.cli.record:app", "Documents for data protection and the AI Act."),
    ("relay", "appliance.cli.relay:app", "The relay of live views and its firewall."),
    (
        "doctor",
        "appliance.cli.doctor:doctor",
        "Is this box fit for an exam, and if not, what to do.",
    ),
    ("models", "appliance.cli.models:app", "Model files: install, list, verify, measure."),
    ("metrics", "appliance.cli.metrics:metrics", "Figures for monitoring, as Prometheus text."),
    (
        "support-bundle",
        "appliance.cli.support_bundle:support_bundle",
        "What helps somebody help you, without personal data.",
    ),
    ("snapshot", "appliance.cli.snapshot:app", "Copies of the databases around an update."),
    ("repair", "appliance.cli.repair:repair", "Put together what a failing disk left."),
    ("factory-reset", "appliance.cli.factory_reset:factory_reset", "Destroy everything here."),
    ("rehearse", "appliance.cli.rehearse:rehearse", "How large a class this box holds."),
    ("demo", "appliance.cli.demo:demo", "A whole exam on this machine."),
)

# What systemd's units run: their standard error is the journal, whose lines hold no values.
_OF_UNITS = (
    ("backup", "drill"),
    ("certificate", "check"),
    ("fleet", "report"),
    ("janitor",),
    ("relay", "firewall"),
    ("sync", "run"),
)

app = App(
    name="hallvakt",
    help="Exam-hall proctoring on a box on the school's own network.",
    help_format="plaintext",
    version=lambda: version("hallvakt"),
    result_action="return_none",
)
for _name, _path, _help in _COMMANDS:
    # The console's own programs answer `--help` with their own options.
    _flags: dict[str, list[str]] = (
        {"help_flags": [], "version_flags": []} if _name in ("console", "first-boot") else {}
    )
    app.command(_path, name=_name, help=_help, **_flags)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code. It may read a passphrase or a private key, so it
    leaves no picture of its memory behind."""
    leave_no_core_dump()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not sys.stderr.isatty() and any(tuple(words[: len(one)]) == one for one in _OF_UNITS):
        from appliance.processes.log_lines import log_to_stderr  # costs other commands nothing

        log_to_stderr()
    sys.exit(run(words))


def run(arguments: Sequence[str], program: Callable[..., object] = app) -> int:
    """Run one command of `program` and return its exit code."""
    if unknown := _unknown_command(arguments):
        return _say(unknown, _USAGE)
    who = typing()
    if said := another_user(arguments, who):
        return _say(said, Refused.exit_code)
    of_a_group(arguments)
    try:
        program(arguments, exit_on_error=False, print_error=False)
        sys.stdout.flush()  # here, so that a reader who went away is noticed below and not at exit
    except HallvaktError as error:
        if said := kept_out(arguments, who, error):
            return _say(said, Refused.exit_code)
        return _say(error.message, error.exit_code)
    except CycloptsError as error:
        return _say(_usage(error), _USAGE)
    except ImportError as error:
        return _say(f"a part of Hallvakt is missing ({error}): install it again.", _CONFIGURATION)
    except KeyboardInterrupt:
        return _say("interrupted.", _INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); keep Python from saying so again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the one boundary: a person gets no traceback
        if os.environ.get("HALLVAKT_TRACEBACK"):
            raise
        if said := kept_out(arguments, who, error):
            return _say(said, Refused.exit_code)
        if isinstance(error, OSError) and is_disks(error):
            if error.filename is None:
                said = f"a disk refused ({error.strerror}): `hallvakt doctor` looks at the box's."
                return _say(said, Unreachable.exit_code)
            return _say(unwritable(Path(error.filename), error).message, Unreachable.exit_code)
        return _say(
            f"this should not have happened ({_what_happened(error)}). Set "
            "HALLVAKT_TRACEBACK=1, run it again and report what it prints.",
            _UNEXPECTED,
        )
    return 0


def _what_happened(error: Exception) -> str:
    """Its text can quote what no log may hold, so that is for a person at a terminal only."""
    if sys.stderr.isatty():
        return f"{type(error).__name__}: {error}"
    from appliance.processes.log_lines import places

    kind, *way = places(error)
    return " < ".join([kind, *reversed(way[-_PLACES:])])


def _unknown_command(arguments: Sequence[str]) -> str | None:
    """A sentence when the first word is no command. (cyclopts would load every command to say
    so.)"""
    known = [name for name, _, _ in _COMMANDS]
    if not arguments or arguments[0].startswith("-") or arguments[0] in known:
        return None
    near = get_close_matches(arguments[0], known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(known)}."
    return f"there is no command {arguments[0]}: {hint}"


def _usage(error: CycloptsError) -> str:
    try:
        return f"{error} Try `hallvakt --help`."
    except ImportError:  # looking for a similar command, it loads every one of them
        return "there is no such command. Try `hallvakt --help`."


def _say(message: str, exit_code: int) -> int:
    print(f"hallvakt: {' '.join(message.split())}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    main()
