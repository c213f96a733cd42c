"""The technical file's part on rules: every threshold with its range, and per kind of observation
what was measured, on what, when and by which command."""

from __future__ import annotations

from appliance.core.document_facts import Facts, all_permitted
from appliance.core.documents import Block, Bullets, Grid, Paragraph
from appliance.core.observation import ObservationKind
from appliance.core.rule_bounds import bounds
from appliance.core.rule_figures import THRESHOLDS_OF, RuleRun
from appliance.core.rule_samples import DEFAULT_OTHER_PERSON_BELOW
from appliance.core.settings import Descriptor, ExamSettings, RuleThresholds

DESCRIBERS = {
    Descriptor.DLIB: ("dlib",),
    Descriptor.MOBILEFACENET: ("mobilefacenet",),
    Descriptor.BOTH: ("dlib", "mobilefacenet"),
}
_NOT = "not measured"


def threshold_blocks(facts: Facts) -> list[Block]:
    """One row per key of `[rules]`."""
    if not all_permitted(facts):
        return [Paragraph("These exams switch nothing on: no rule runs.")]
    rows = []
    for bound in bounds(RuleThresholds):
        shown = dict.fromkeys(_value(bound.name, exam.settings, facts) for exam in facts.exams)
        default = "the descriptor's" if bound.default is None else f"{bound.default:g}"
        range_ = f"{bound.least:g} to {bound.greatest:g}"
        rows.append((bound.name, ", ".join(shown), default, range_, bound.unit, bound.does))
    return [
        Paragraph("How long a condition must hold, and from where on, per exam:"),
        Grid(("Threshold", "In these exams", "Default", "Range", "Unit", "What"), tuple(rows)),
        Paragraph(
            "At least three pictures must show a condition (two for a face unlike the photo), so "
            "clear_s and the times of pictures are at least twice analyse_every_s. A settings "
            "file beyond a range is refused."
        ),
    ]


def figure_blocks(facts: Facts) -> list[Block]:
    """One row per kind, then one line per run."""
    runs = facts.rule_runs
    staged = [run for run in runs if run.clips]
    ordinary = [run for run in runs if run.hours]
    header = ["Kind", "Thresholds"]
    for run in staged:
        header += [f"{run.name}: recall", f"{run.name}: precision"]
    header += [f"{run.name}: false alarms" for run in ordinary]
    rows = tuple(_row(kind, staged, ordinary) for kind in ObservationKind)
    return [
        Paragraph("With the default thresholds; a school's own are not covered by these figures."),
        Grid(tuple(header), rows),
        Bullets(tuple(_line(run) for run in runs)),
    ]


def _row(kind: ObservationKind, staged: list[RuleRun], ordinary: list[RuleRun]) -> tuple[str, ...]:
    cells = [kind.value, ", ".join(THRESHOLDS_OF[kind])]
    for run in staged:
        cells += [_share(run.recall.get(kind)), _share(run.precision.get(kind))]
    for run in ordinary:
        alarms = run.false_alarms.get(kind)
        cells.append(_NOT if alarms is None else f"{alarms} in {run.hours:g} h")
    return tuple(cells)


def _share(value: float | None) -> str:
    return _NOT if value is None else f"{100 * value:g} %"


def _line(run: RuleRun) -> str:
    return f"{run.name} ({run.date}): {run.material}; `{run.command}`. {run.note}"


def _value(name: str, settings: ExamSettings, facts: Facts) -> str:
    value = getattr(settings.rules, name)
    if name != "other_person_below" or value is not None:
        return str(value)
    cosines = ", ".join(
        f"{part}: cosine {facts.calibration[part]}" for part in DESCRIBERS[settings.descriptor]
    )
    return f"{DEFAULT_OTHER_PERSON_BELOW} of the calibrated similarity ({cosines})"
