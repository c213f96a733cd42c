"""`hallvakt exam`: the life of an exam, from settings to close."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from cyclopts import App, Parameter

from appliance.cli.box_client import BoxClient, logged_in
from appliance.cli.exam_gate import gate
from appliance.cli.exam_next import told_what_next
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer, table
from appliance.cli.seb_config import seb_config
from appliance.core.errors import BadInput, NotFound, Refused, WrongConfiguration
from appliance.whole_file import check_room, replace_whole

# Room for the paper of a large hall.
_SLIPS_BYTES = 2_000_000

app = App(name="exam", help="The life of an exam.")
app.command(gate)
app.command(seb_config, name="seb-config")

_COLUMNS = ("code", "title", "state", "duration_minutes", "exam_id")


@app.command
async def create(
    settings: Path,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Create an exam from a settings file."""
    from appliance.config.exam_settings import parse_settings

    text = _read_settings(settings)
    parse_settings(text)  # so that a wrong file is told without a login
    async with logged_in(who) as box:
        exam = await box.call("POST", "/exams", json={"settings_toml": text})
    answer(exam, f"{exam['title']}: exam code {exam['code']} ({exam['exam_id']}).", as_json=json)


@app.command(name="import-roster")
async def import_roster(
    exam: str,
    roster: Path,
    /,
    *,
    who: Caller,
    encoding: str | None = None,
    json: Json = False,
) -> None:
    """Import the list of candidates; it replaces the one before, and slips made before stop
    working.

    Parameters
    ----------
    roster
        CSV with commas, semicolons or tabs. Its first line names the columns: name, number, seat,
        hall and, where wanted, extra_minutes and detectors_off; or namn, nummer, plats, sal,
        extratid, avstängt. A number may be empty.
    encoding
        How the file is encoded, where it is not UTF-8: latin-1, cp1252, utf-16.
    """
    from appliance.core.roster import decode, parse_roster

    text = decode(_read(roster), encoding)
    parse_roster(text)
    async with logged_in(who) as box:
        exam_id = await exam_id_of(box, exam)
        async with told_what_next(box, exam, exam_id):
            imported = await box.call(
                "PUT",
                f"/exams/{exam_id}/roster",
                content=text.encode(),
                content_type="text/csv; charset=utf-8",
            )
    answer(imported, imported_text(exam, imported), as_json=json)


def imported_text(code: str, imported: Mapping[str, Any]) -> str:
    """Codes are new with each roster: who has printed slips must hear it before the exam does."""
    return (
        f"{imported['candidates']} candidates in {len(imported['halls'])} hall(s). Slips made "
        f"before no longer work: `hallvakt exam slips {code} --pdf FILE` makes those of this list."
    )


@app.command
async def slips(
    exam: str,
    /,
    *,
    who: Caller,
    pdf: Path | None = None,
    json: Json = False,
) -> None:
    """Make the slips with seat codes that candidates join with; earlier ones stop working.

    Parameters
    ----------
    pdf
        Write slips to cut and hand out to this file, instead of showing them here.
    """
    if pdf is not None:
        # Before new codes are made: the slips already handed out must not die for a wrong name.
        await asyncio.to_thread(check_room, pdf, _SLIPS_BYTES)
    async with logged_in(who) as box:
        exam_id = await exam_id_of(box, exam)
        status = await box.call("GET", f"/exams/{exam_id}")
        async with told_what_next(box, exam, exam_id):
            made = await box.call("GET", f"/exams/{exam_id}/slips")
    from appliance.cli import slips as paper

    entries = [paper.Slip.of(slip, status["title"], status["code"]) for slip in made["slips"]]
    if pdf is not None:
        # For its owner alone: slips hold names and codes to join with.
        await asyncio.to_thread(replace_whole, pdf, paper.as_pdf(entries))
    text = f"{len(entries)} slips in {pdf}." if pdf else paper.as_text(entries)
    answer(made, text, as_json=json)


@app.command
async def ready(
    exam: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Freeze the settings: from here on they are what the notice says."""
    await _become(exam, "ready", who, json)


@app.command(name="open")
async def open_(
    exam: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Let candidates check in."""
    await _become(exam, "open", who, json)


@app.command
async def start(
    exam: str,
    /,
    *,
    who: Caller,
    override: str = "",
    json: Json = False,
) -> None:
    """Start the exam: recording begins for those who have checked in.

    Parameters
    ----------
    override
        Why it is started although `hallvakt exam gate` finds something that is not ready. Audited.
    """
    await _become(exam, "live", who, json, {"override": override} if override else {})


@app.command
async def close(
    exam: str,
    /,
    *,
    who: Caller,
    yes: Annotated[bool, Parameter(name="--yes", negative=())] = False,
    json: Json = False,
) -> None:
    """Close the exam. This cannot be undone: the box opens nothing of it any more.

    Parameters
    ----------
    yes
        Do not ask again.
    """
    if not yes:
        _ask_twice(exam)
    await _become(exam, "closed", who, json)


@app.command
async def status(
    exam: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Show one exam."""
    async with logged_in(who) as box:
        shown = await box.call("GET", f"/exams/{await exam_id_of(box, exam)}")
    answer(shown, table([shown], _COLUMNS), as_json=json)


@app.command(name="list")
async def list_(
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """List the exams you are assigned to."""
    async with logged_in(who) as box:
        listed = await box.call("GET", "/exams")
    answer(listed, table(listed["exams"], _COLUMNS), as_json=json)


@app.command
async def hold(
    exam: str,
    /,
    *,
    who: Caller,
    reason: str | None = None,
    release: Annotated[bool, Parameter(negative=())] = False,
    json: Json = False,
) -> None:
    """Put an exam under a legal hold: nothing of it is deleted anywhere, or release it.

    Parameters
    ----------
    reason
        Why, as a case number; it names no person.
    release
        End the hold: retention and erasure go on.
    """
    if release == (reason is not None):
        raise BadInput("Give either --reason, to hold the exam, or --release.")
    async with logged_in(who) as box:
        path = f"/exams/{await exam_id_of(box, exam)}/hold"
        if release:
            await box.call("DELETE", path)
            answer({"held": False}, "The hold is released.", as_json=json)
            return
        held = await box.call("PUT", path, json={"reason": reason})
    answer(held, f"Held: {held['reason']}. Nothing of this exam is deleted.", as_json=json)


@app.command
def settings(
    file: Path,
    /,
    *,
    state: Annotated[Path | None, Parameter(name="--state")] = None,
    json: Json = False,
) -> None:
    """Check a settings file and show every setting it results in.

    Parameters
    ----------
    state
        The box's state directory: check against the school's policy there too, and list every
        conflict.
    """
    from dataclasses import asdict

    from appliance.config.exam_settings import parse_settings, settings_text
    from appliance.config.policy import load_policy
    from appliance.core.policy import check_policy, conflicts

    parsed = parse_settings(_read_settings(file))
    policy = load_policy(state) if state is not None else None
    document, lines = asdict(parsed), [settings_text(parsed).rstrip()]
    if policy is not None:
        found = conflicts(parsed, policy)
        document["policy_conflicts"] = found
        lines += ["", *(f"Against the policy: {sentence}" for sentence in found)]
    answer(document, lines, as_json=json)
    if policy is not None:
        check_policy(parsed, policy)


@app.command
def notice(
    file: Path,
    /,
    *,
    language: str | None = None,
    state: Annotated[Path | None, Parameter(name="--state")] = None,
    json: Json = False,
) -> None:
    """Show what candidates will read and acknowledge under these settings.

    Parameters
    ----------
    state
        The box's state directory: use the languages added there, too.
    """
    from appliance.config.exam_settings import parse_settings
    from appliance.core.notice import notice_for
    from appliance.languages import read_languages

    parsed = parse_settings(_read_settings(file))
    languages = read_languages(*([state / "languages"] if state else []))
    languages.check(language or parsed.language)
    shown = notice_for(parsed, languages, language or "")
    lines = [shown.title]
    for section in shown.sections:
        lines += ["", section.heading, *section.paragraphs]
    answer(shown, lines, as_json=json)


async def _become(
    exam: str, to: str, who: Caller, json: bool, more: Mapping[str, str] = MappingProxyType({})
) -> None:
    async with logged_in(who) as box:
        exam_id = await exam_id_of(box, exam)
        async with told_what_next(box, exam, exam_id):
            result = await box.call("POST", f"/exams/{exam_id}/state", json={"to": to, **more})
    if to == "closed":
        from appliance.cli.audit import head_lines

        told = {k: v for k, v in result.items() if not k.startswith("audit_")}
        lines = [f"{name.replace('_', ' ')}: {value}" for name, value in told.items()]
        lines += head_lines(result["audit_head"], result["audit_words"])
        answer(result, ["The exam is closed.", *lines], as_json=json)
    else:
        answer(result, f"{result['title']} is {result['state']}.", as_json=json)


async def exam_id_of(box: BoxClient, exam: str) -> str:
    """`exam` as an id, or the id of the exam with that code; raise NotFound."""
    if len(exam) == 32:
        return exam
    listed: list[dict[str, Any]] = (await box.call("GET", "/exams"))["exams"]
    # Codes are unique among exams not yet closed; of several, the newest is meant.
    found = [row["exam_id"] for row in listed if row["code"] == exam.upper()]
    if not found:
        raise NotFound(f"No exam has the code {exam}: `hallvakt exam list` shows yours.")
    return str(found[-1])


def _ask_twice(exam: str) -> None:
    if not sys.stdin.isatty():
        raise Refused(
            "Closing cannot be undone, and there is no terminal to ask on: add --yes.",
            code="not-confirmed",
        )
    print(
        "Closing ends every live view, destroys the exam's live key and stops the relay. After it "
        "this box can open nothing of the exam; it cannot be undone.",
        file=sys.stderr,
    )
    for question, expected in (("Close the exam? Type yes: ", "yes"), (f"Type {exam}: ", exam)):
        print(question, end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != expected:
            raise Refused("The exam was not closed.", code="not-confirmed")


def _read_settings(path: Path) -> str:
    """UTF-8 with or without the byte-order mark that some editors write."""
    try:
        return _read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongConfiguration(
            f"{path} is not UTF-8 text: save it as UTF-8.", code="wrong-encoding"
        ) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): look at the name.") from error
