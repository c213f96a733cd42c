"""A box without a line to its cloud is fit for an exam: no internet by day is no fault."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.checkup import CheckStatus
from appliance.core.ids import BoxId
from appliance.processes.checkup_outside import beyond


async def test_a_cloud_that_cannot_be_reached_is_a_warning(tmp_path: Path) -> None:
    uri = tmp_path / "records.uri"
    await asyncio.to_thread(uri.write_text, "mongodb://127.0.0.1:9/")
    cloud = CloudConfig(
        objects="directory", directory=tmp_path / "not-mounted", records_uri_file=uri
    )
    config = BoxConfig(box_id=BoxId("0" * 32), cloud=cloud)
    (check,) = await beyond(tmp_path, config)["cloud"]()
    assert check.status is CheckStatus.WARN
    assert "not-mounted" in check.detail
    assert "No exam needs it" in check.advice
