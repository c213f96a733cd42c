"""Promise 10: documents come from what is really configured.

What stands in each is `tests/unit/test_documents.py`, the commands `tests/unit/cli/test_record.py`;
both are run here too. This module walks the combinations that may be.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.cli import main as command
from appliance.core.document_dpia import dpia_inputs
from appliance.core.document_processing import processing_record
from appliance.core.document_technical import loads, technical_file
from appliance.core.settings import Basis, Features
from tests.promises.test_p01_settings_table import MODELS, POSSIBLE, name_of, settings_toml
from tests.unit.cli.test_record import *  # noqa: F403 (their tests are this promise's, too)
from tests.unit.test_documents import *  # noqa: F403
from tests.unit.test_documents import VIDEO, text

ROWS = {
    "live_picture": {"live_view"}, "snippet": {"video_snippets"}, "thumbnail": {"video_snippets"},
    "portrait": {"face_photo"}, "sound_presence": {"audio_presence"},
    "picture_quality": {"video_snippets"}, "face_count": {"track_misuse_metrics"},
    "head_pose": {"track_misuse_metrics"}, "descriptor": {"track_misuse_metrics"},
    "hall_sound": {"hall_microphone"},
}  # fmt: skip
FILES = {"silero": "silero_vad.onnx", "yunet": "yunet_n.onnx", "facemesh": "facemesh468.onnx",
         "dlib": "dlib_resnet_v1.onnx"}  # fmt: skip


@pytest.mark.parametrize("on", POSSIBLE, ids=name_of)
def test_each_combination_has_its_own_rows_and_models(on: frozenset[str]) -> None:
    settings = replace(
        VIDEO,
        features=Features(**dict.fromkeys(on, True)),
        basis=Basis(legal_basis="a basis", dpia_reference="1"),
    )
    for make in (processing_record, dpia_inputs):
        shown = text(make, settings)
        for row, needed in ROWS.items():
            assert (f"\n| {row} |" in shown) == (needed <= on), row
    assert ("no face model is opened" in text(dpia_inputs, settings)) == (
        "track_misuse_metrics" not in on
    )
    # What the document says is loaded is what promise 1 sees the kernel open.
    for name, file in FILES.items():
        by_the_hall = name == "silero" and "hall_microphone" in on  # a process of its own
        assert loads(name, settings) == (MODELS[file] <= on or by_the_hall)
    assert ("no rule runs" in text(technical_file, settings)) == (not on)


def test_the_command_follows_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, shown = tmp_path / "exam.toml", set()
    for on in POSSIBLE[:6]:
        path.write_text(settings_toml(on))
        words = ["record", "processing", "--exam", str(path), "--state", str(tmp_path)]
        assert command.run(words) == 0
        shown.add(capsys.readouterr().out)
    assert len(shown) == 6
