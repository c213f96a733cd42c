"""What the doctor says of models that are not what the manifest names, and of nights that wait."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance.adapters.vision.manifest import read_manifest
from appliance.adapters.vision.weights import default_directory
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.checkup import CheckStatus
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import BoxId, ExamId
from appliance.core.ports import ExamStore
from appliance.core.settings import ExamSettings, Retention
from appliance.processes.checkup_stock import backlog_checks, models_checks
from appliance.services.night_plan import Night, NightStatus


def test_a_model_that_was_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in default_directory().iterdir():
        (tmp_path / file.name).symlink_to(file)
    changed = tmp_path / read_manifest().model("dlib").file
    changed.unlink()
    changed.write_bytes(os.urandom(64))
    monkeypatch.setenv("HALLVAKT_MODELS", str(tmp_path))
    (found,) = models_checks()
    assert (found.status, "dlib" in found.detail) == (CheckStatus.FAIL, True)
    assert "find out who changed them" in found.advice


class _Waiting:
    """What the night and the store of exams are asked here."""

    def __init__(self, *closed_days_ago: float | None) -> None:
        now = time.time() * 1000
        settings = ExamSettings(title="Matematik", retention=Retention(days=30))
        self._exams = [
            Exam(
                exam_id=ExamId(f"{number:032x}"),
                code="ABCDEF",
                state=ExamState.ARCHIVED if days is None else ExamState.CLOSED,
                settings=settings,
                created_ms=0,
                closed_ms=0 if days is None else round(now - days * 86_400_000),
            )
            for number, days in enumerate(closed_days_ago)
        ]

    async def status(self) -> NightStatus:
        return NightStatus(
            backlog_bytes=5_000_000_000, backlog_packs=1, sent_bytes=0, confirmed_packs=0,
            confirmed_bytes=0, last_verified_ms=None, window=None, next_window=None, paused=False,
        )  # fmt: skip

    async def all(self) -> Sequence[Exam]:
        return self._exams


@pytest.mark.parametrize(
    ("closed_days_ago", "wanted"),
    [((1.0,), CheckStatus.OK), ((1.0, 5.0), CheckStatus.WARN), ((1.0, None), CheckStatus.OK)],
    ids=["last night", "five nights", "the old one is proven"],
)
async def test_nights_that_wait_are_counted_from_the_oldest_exam_not_proven(
    closed_days_ago: Sequence[float | None], wanted: CheckStatus
) -> None:
    config = BoxConfig(box_id=BoxId("0" * 32), cloud=CloudConfig(objects="directory"))
    here = _Waiting(*closed_days_ago)
    (found,) = await backlog_checks(config, cast(Night, here), cast(ExamStore, here))
    assert found.status is wanted
    assert "5.0 GB wait" in found.detail
    at_home = replace(config, cloud=CloudConfig())
    (found,) = await backlog_checks(at_home, cast(Night, here), cast(ExamStore, here))
    assert found.status is CheckStatus.OK
