"""Two boxes that share one database and one bucket, sending at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.config.box import CloudConfig
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import syncer
from tests.support.closed_exam import ClosedExam, closed_exam


async def test_neither_touches_the_other_s(cloud_config: CloudConfig, tmp_path: Path) -> None:
    await prepare_records(cloud_config)  # with the schemas: what they refuse would be seen here
    boxes = [
        await closed_exam(tmp_path / name, cloud_config, candidates=2 + number)
        for number, name in enumerate(("one", "two"))
    ]

    async def night(made: ClosedExam) -> None:
        async with syncer(made.state, signer=made.signer) as night:
            report = await night.run(lambda sent, total: None)
            assert report.exams == [made.exam_id]

    await asyncio.gather(*[night(made) for made in boxes])
    for made in boxes:
        async with syncer(made.state, signer=made.signer) as box:
            (verified,) = await box.verify()
            assert (verified.exam_id, verified.objects) == (made.exam_id, len(made.plain))
