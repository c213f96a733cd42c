"""The documents say what the configuration is, change with it, and promise nothing beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.core.document_dpia import dpia_inputs
from appliance.core.document_facts import DescribedBox, DescribedExam, DescribedModel, Facts
from appliance.core.document_processing import processing_record
from appliance.core.document_technical import loads, technical_file
from appliance.core.documents import (
    Bullets,
    Document,
    Grid,
    Heading,
    Paragraph,
    as_data,
    from_data,
    markdown,
)
from appliance.core.errors import BadInput
from appliance.core.observation import ObservationKind
from appliance.core.policy import Policy
from appliance.core.processing import TABLE, Category, permitted
from appliance.core.rule_bounds import bounds
from appliance.core.rule_figures import THRESHOLDS_OF, RuleRun
from appliance.core.settings import (
    Basis,
    Descriptor,
    ExamSettings,
    Features,
    Retention,
    RuleThresholds,
    SyncScope,
)

VIDEO = ExamSettings(
    title="Matematik 3c", retention=Retention(days=41), features=Features(video_snippets=True)
)
METRICS = replace(
    VIDEO,
    title="Svenska 3",
    features=Features(video_snippets=True, face_photo=True, track_misuse_metrics=True),
    basis=Basis(legal_basis="Skollagen 99 kap.", dpia_reference="DPIA-77"),
)
MODEL = DescribedModel(
    name="yunet", file="yunet_n.onnx", sha256="52e5" * 16, use="finds faces",
    licence_of_package="BSD-3-Clause", licence_of_weights="BSD-3-Clause", opt_in=False,
    state="installed",
    card="# yunet\n\n**Does** finds faces.\n\n**Figures** 400 faces, 98.7 %\nof them.\n\n"
    "**Limits** dark halls.\n",
)  # fmt: skip
BOX = DescribedBox(
    name="Aulan", box_id="b0" * 16, objects="gcs", bucket="skolans-hink", records=True,
    recipients=(("reviewer", "Exam board"),),
)  # fmt: skip
RUN = RuleRun(
    name="Night", date="2026-11-01", material="eleven photographs", command="measure it",
    note="In the dark.", clips=7, hours=3.0, recall={ObservationKind.NOISE: 0.625},
    precision={ObservationKind.NOISE: 0.5}, false_alarms={ObservationKind.LOOKING_AWAY: 4},
)  # fmt: skip
ALL = (processing_record, dpia_inputs, technical_file)


def facts(*settings: ExamSettings, box: DescribedBox | None = BOX, **more: object) -> Facts:
    made = Facts(
        made="2026-11-23",
        version="0.1.0",
        exams=tuple(DescribedExam(settings=s, settings_hash="ab" * 32) for s in settings),
        models=(MODEL,),
        box=box,
        calibration={"dlib": 0.935, "mobilefacenet": 0.469},
        rule_runs=(RUN,),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def text(make: Callable[[Facts], Document], *settings: ExamSettings, **more: object) -> str:
    return markdown(make(facts(*settings, **more)))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    "change",
    [
        {"title": "Fysik 1"},
        {"retention": Retention(days=42)},
        {"basis": Basis(legal_basis="another basis", dpia_reference="12")},
        {"features": Features(video_snippets=True, audio_presence=True)},
        {"features": Features(live_view=True)},
        {"sync": SyncScope.NONE},
    ],
)
def test_a_changed_setting_changes_every_document(
    make: Callable[[Facts], Document], change: dict[str, object]
) -> None:
    changed = replace(VIDEO, **change)  # type: ignore[arg-type]
    assert text(make, VIDEO) == text(make, VIDEO)
    assert text(make, changed) != text(make, VIDEO)


@pytest.mark.parametrize("make", [processing_record, dpia_inputs])
@pytest.mark.parametrize("category", list(Category))
def test_a_category_is_named_exactly_when_it_is_permitted(
    make: Callable[[Facts], Document], category: Category
) -> None:
    for rule in TABLE:
        features = Features(**dict.fromkeys(rule.permitted_by, True))
        shown = text(make, replace(VIDEO, features=features))
        row = f"\n| {category.value} |"
        assert (row in shown) == (category in permitted(features))


def test_the_record_of_an_exam_with_video_only() -> None:
    shown = text(processing_record, VIDEO)
    assert "pieces of 10 seconds" in shown
    assert (
        "| video_snippets | sealed, until 41 days after close at the latest | ciphertext |" in shown
    )
    assert "yes |" not in shown  # nothing of Art. 9
    for forbidden in ("| descriptor |", "| portrait |", "| live_picture |"):
        assert forbidden not in shown
    assert "Processor: object storage `gcs` (`skolans-hink`)" in shown
    assert "reviewer: Exam board" in shown


def test_nothing_goes_to_a_cloud_that_is_not_there_or_not_wanted() -> None:
    on_site = replace(BOX, objects="none", bucket="")
    for shown in (
        text(processing_record, VIDEO, box=on_site),
        text(processing_record, replace(VIDEO, sync=SyncScope.NONE)),
    ):
        assert "| ciphertext |" not in shown
    assert "nothing leaves the box" in text(processing_record, VIDEO, box=on_site)
    flagged = text(processing_record, replace(VIDEO, sync=SyncScope.FLAGGED))
    assert "ciphertext, flagged passages only" in flagged


def test_biometric_data_is_named_with_its_basis_and_its_absence_said() -> None:
    off, on = text(dpia_inputs, VIDEO), text(dpia_inputs, METRICS)
    assert "no face model is opened and no descriptor is made" in off
    assert "Being taken for another person" not in off
    assert "Processed in: Svenska 3." in on
    assert "Skollagen 99 kap." in on
    assert "DPIA-77" in on
    assert "Being taken for another person" in on


def test_the_hall_microphone_is_described_where_an_exam_uses_it() -> None:
    settings = replace(VIDEO, features=Features(hall_microphone=True))
    assert "Its sound is not recorded" in text(processing_record, settings)
    assert "Its sound is not recorded" not in text(processing_record, VIDEO)
    assert loads("silero", settings)


def test_models_thresholds_and_measured_figures_come_from_what_is_configured() -> None:
    rules = RuleThresholds(nobody_s=12.5)
    shown = text(technical_file, METRICS, replace(METRICS, rules=rules), VIDEO)
    assert f"| yunet | 2 of 3 | installed | {MODEL.sha256} |" in shown
    assert "Figures 400 faces, 98.7 % of them." in shown
    assert "| nobody_s | 8.0, 12.5 |" in shown
    assert "dlib: cosine 0.935" in shown
    other = replace(METRICS, descriptor=Descriptor.MOBILEFACENET)
    assert "mobilefacenet: cosine 0.469" in text(technical_file, other)
    assert "0.42 |" in text(
        technical_file, replace(METRICS, rules=RuleThresholds(other_person_below=0.42))
    )
    assert "no rule runs" in text(technical_file, replace(VIDEO, features=Features()))


def test_every_kind_has_its_thresholds_and_figures_and_what_was_not_measured_is_said() -> None:
    shown = text(technical_file, METRICS)
    for kind in ObservationKind:
        row = f"| {kind.value} | {', '.join(THRESHOLDS_OF[kind])} | "
        recall, alarms = "not measured | not measured", "not measured"
        if kind is ObservationKind.NOISE:
            recall = "62.5 % | 50 %"
        if kind is ObservationKind.LOOKING_AWAY:
            alarms = "4 in 3 h"
        assert f"{row}{recall} | {alarms} |\n" in shown
    assert "Night (2026-11-01): eleven photographs; `measure it`. In the dark." in shown


def test_every_threshold_is_listed_with_its_range_and_belongs_to_a_kind_or_to_all() -> None:
    shown = text(technical_file, METRICS)
    for bound in bounds(RuleThresholds):
        range_ = f"{bound.least:g} to {bound.greatest:g}"
        row = next(line for line in shown.splitlines() if line.startswith(f"| {bound.name} |"))
        assert row.endswith(f"| {range_} | {bound.unit} | {bound.does} |")
    names = {name for of_kind in THRESHOLDS_OF.values() for name in of_kind}
    assert {bound.name for bound in bounds(RuleThresholds)} - names == {
        "clear_s", "analyse_every_s", "hall_event_share", "hall_event_within_s",
    }  # fmt: skip


def test_which_settings_load_which_model() -> None:
    sound = replace(VIDEO, features=Features(video_snippets=True, audio_presence=True))
    assert {m for m in ("yunet", "facemesh", "dlib", "silero") if loads(m, VIDEO)} == set()
    assert {m for m in ("yunet", "facemesh", "dlib", "silero") if loads(m, sound)} == {"silero"}
    assert {m for m in ("yunet", "facemesh", "dlib", "mobilefacenet", "silero")
            if loads(m, METRICS)} == {"yunet", "facemesh", "dlib"}  # fmt: skip
    both = replace(METRICS, descriptor=Descriptor.BOTH)
    assert loads("dlib", both)
    assert loads("mobilefacenet", both)


def test_the_policy_stands_in_the_record() -> None:
    policy = Policy(max_days=60, features=frozenset({"video_snippets"}), dpo_approval="DPO 14")
    shown = text(processing_record, VIDEO, policy=policy)
    assert "retention.days: at least 1, at most 60" in shown
    assert "features that may be on: video_snippets" in shown
    assert "DPO 14" in shown
    assert "There is no policy file" in text(processing_record, VIDEO)


def test_every_command_a_document_names_exists() -> None:
    from appliance.cli.main import app

    named = set()
    for make in ALL:
        named |= set(re.findall(r"`hallvakt ([a-z-]+)(?: ([a-z-]+))?", text(make, METRICS)))
    assert ("audit", "verify") in named
    for command, sub in named:
        assert command in app, command
        assert not sub or not list(app[command]) or sub in app[command], (command, sub)


def test_what_only_the_school_can_say_is_left_open() -> None:
    for make in (processing_record, dpia_inputs):
        assert "To be written by the school" in text(make, VIDEO)


def test_markdown_keeps_its_shape() -> None:
    document = Document(
        title="T", blocks=(Paragraph("a\n# b"), Grid(("x", "y"), (("1|2", "3\n4"),)))
    )
    assert markdown(document) == "# T\n\na # b\n\n| x | y |\n| --- | --- |\n| 1\\|2 | 3 4 |\n"


def test_a_document_goes_through_json_and_comes_back() -> None:
    document = Document(
        title="T",
        blocks=(
            Heading("H", 3),
            Paragraph("P"),
            Bullets(("a", "b")),
            Grid(("x", "y"), (("1", "2"), ("3", "4"))),
        ),
    )
    assert from_data(json.loads(json.dumps(as_data(document)))) == document


@pytest.mark.parametrize("data", [None, {}, {"title": "T", "blocks": [{"kind": "script"}]}, "x"])
def test_what_is_no_document_is_refused(data: object) -> None:
    with pytest.raises(BadInput):
        from_data(data)
