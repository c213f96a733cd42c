"""Settings files: strict, and able to say in one sentence what is wrong."""

from __future__ import annotations

import dataclasses

import pytest

from appliance.config.exam_settings import parse_settings, settings_text
from appliance.core.errors import WrongConfiguration
from appliance.core.settings import Descriptor, ExamSettings, Retention, SyncScope

SMALLEST = '[exam]\ntitle = "Matematik 3c"\n[retention]\ndays = 30\n'
WHOLE = """
[exam]
title = "Matematik 3c"
language = "en"
duration_minutes = 300
late_upload_minutes = 30
descriptor = "mobilefacenet"
[features]
live_view = true
video_snippets = true
face_photo = true
audio_presence = true
track_misuse_metrics = true
[basis]
legal_basis = "a basis"
dpia_reference = "a number"
[capture]
snippet_seconds = 15
[retention]
days = 90
local_days = 7
[rules]
nobody_s = 5
several_faces_score = 0.9
[sync]
what = "flagged"
"""


def test_the_smallest_file_switches_nothing_on() -> None:
    settings = parse_settings(SMALLEST)
    assert settings == ExamSettings(title="Matematik 3c", retention=Retention(days=30))
    assert not any(dataclasses.astuple(settings.features))


def test_every_table_is_read() -> None:
    settings = parse_settings(WHOLE)
    assert settings.duration_minutes == 300
    assert settings.descriptor is Descriptor.MOBILEFACENET
    assert settings.features.track_misuse_metrics
    assert settings.basis.dpia_reference == "a number"
    assert settings.capture.snippet_seconds == 15
    assert settings.retention == Retention(days=90, local_days=7)
    assert settings.rules.nobody_s == 5.0
    assert settings.sync is SyncScope.FLAGGED


@pytest.mark.parametrize("text", [SMALLEST, WHOLE, SMALLEST.replace("3c", '\\"å\\"\\\\ \\u007f')])
def test_the_text_form_reads_back_the_same_and_is_canonical(text: str) -> None:
    settings = parse_settings(text)
    assert parse_settings(settings_text(settings)) == settings
    assert settings_text(parse_settings(settings_text(settings))) == settings_text(settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[exam", "not valid TOML"),
        ('[exam]\ntitle = "x"\n', "retention is missing"),
        (SMALLEST.replace("days = 30", ""), "retention.days is missing"),
        ("[retention]\ndays = 30\n", "exam is missing"),
        (SMALLEST.replace("Matematik 3c", " "), "exam.title must not be empty"),
        (SMALLEST + "[features]\nlive_veiw = true\n", "live_veiw is not known in the table [feat"),
        (SMALLEST + "[features]\nlive_veiw = true\n", "Did you mean live_view?"),
        (SMALLEST + "[features]\nlive_view = 1\n", "features.live_view must be true or false"),
        (SMALLEST + "[feature]\n", "the key feature is not known in the top level"),
        (SMALLEST.replace("30", '"30"'), "retention.days must be a whole number, not text"),
        (SMALLEST.replace("30", "30.0"), "retention.days must be a whole number"),
        (SMALLEST.replace("30", "0"), "retention.days must be at least 1"),
        (SMALLEST + "local_days = 31\n", "retention.local_days must be between 0 and"),
        (SMALLEST + '[sync]\nwhat = "some"\n', "sync.what"),
        (SMALLEST + "[features]\ntrack_misuse_metrics = true\n", "needs video_snippets"),
        (SMALLEST + "[capture]\nwidth = 100\n", "capture.width"),
        (SMALLEST + "[capture]\nsnippet_seconds = 60\n", "between 5 and 30"),
        (WHOLE.replace('dpia_reference = "a number"', ""), "basis.dpia_reference"),
        (WHOLE.replace('"en"', '"sv-SE"'), "exam.language"),
        (SMALLEST.replace("title", "descriptor = 'other'\ntitle"), "exam.descriptor"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(text: str, says: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        parse_settings(text)
    assert says in refused.value.message
