"""The page that is printed and signed. Pure; it holds no secret, for the notes hold none."""

from __future__ import annotations

from collections.abc import Collection

from appliance.core.checkup import Check, CheckStatus, worst
from appliance.core.documents import Block, Document, Grid, Heading, Paragraph
from appliance.core.first_boot import Notes, Standing, Step
from tui.first_boot.words import MARK, TITLE, fact
from tui.language import text, tr
from tui.told import told

_SIGN = (
    text("Head of school"),
    text("IT"),
    text("Data protection officer"),
)


def page(notes: Notes, checks: Collection[Check]) -> Document:
    """`checks`: the doctor's, of the box as it is now."""
    blocks: list[Block] = [Paragraph(_verdict(checks))]
    for step in Step:
        note = notes.get(step)
        if note is None or step is Step.REPORT:
            continue
        blocks.append(Heading(tr(TITLE[step])))
        if note.standing is Standing.SKIPPED:
            blocks.append(Paragraph(tr("This step was skipped.")))
        if note.facts:
            rows = tuple((fact(name), value) for name, value in note.facts.items())
            blocks.append(Grid((tr("What"), tr("Decided or found")), rows))
        if note.checks:
            blocks.append(_checks(note.checks))
    blocks += [Heading(tr("The box as a whole")), _checks(checks)]
    blocks.append(Heading(tr("Signatures")))
    line = "_" * 24
    blocks.append(
        Grid(
            (tr("Who"), tr("Date"), tr("Signature")),
            tuple((tr(who), line, line) for who in _SIGN),
        )
    )
    return Document(title=tr("First boot of a Hallvakt box"), blocks=tuple(blocks))


def _verdict(checks: Collection[Check]) -> str:
    failed = [check.name for check in checks if check.status is CheckStatus.FAIL]
    if failed:
        return tr("Not fit for an exam yet. What fails: {names}.", names=", ".join(failed))
    if worst(checks) is CheckStatus.WARN:
        return tr("Fit for an exam, with warnings.")
    return tr("Fit for an exam.")


def _checks(checks: Collection[Check]) -> Grid:
    rows = tuple(
        (tr(c.name), tr(MARK[c.status]), told(c.detail), told(c.advice) or "–") for c in checks
    )
    return Grid((tr("Check"), tr("Result"), tr("Found"), tr("What to do")), rows)
