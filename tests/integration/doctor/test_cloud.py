"""What the doctor says of the cloud: no line by day is no fault, a place abroad is one, and logins
that do more than their part are named."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.checkup import Check, CheckStatus
from appliance.core.ids import BoxId
from appliance.processes.checkup_outside import beyond
from tests.support.cloud_servers import driver_may_look_around
from tests.support.scripted_mongo import replica_set

__all__ = ["driver_may_look_around"]


async def _looked_at(
    tmp_path: Path, uri: str, cloud: CloudConfig | None = None, *, mounted: bool = True
) -> tuple[Check, Check]:
    """What is found of the place and of the logins; `cloud` with objects in a directory."""
    file, objects = tmp_path / "records.uri", tmp_path / "objects"
    await asyncio.to_thread(file.write_text, uri)
    if mounted:
        await asyncio.to_thread(objects.mkdir, exist_ok=True)
    cloud = replace(
        cloud or CloudConfig(), objects="directory", directory=objects, records_uri_file=file
    )
    config = BoxConfig(box_id=BoxId("0" * 32), cloud=cloud)
    place, logins = await beyond(tmp_path, config)["cloud"]()
    return place, logins


async def test_a_cloud_that_cannot_be_reached_is_a_warning(tmp_path: Path) -> None:
    check, _ = await _looked_at(tmp_path, "mongodb://127.0.0.1:9/", mounted=False)
    assert check.status is CheckStatus.WARN
    assert str(tmp_path / "objects") in check.detail
    assert "No exam needs it" in check.advice


async def test_keys_that_only_the_night_is_handed_are_said_to_be_that(tmp_path: Path) -> None:
    cloud = CloudConfig(
        objects="directory",
        directory=tmp_path,
        records_uri_file=Path("credential:hallvakt-cloud-records-uri"),
    )
    config = BoxConfig(box_id=BoxId("0" * 32), cloud=cloud)
    check, _ = await beyond(tmp_path, config)["cloud"]()
    assert (check.status, check.detail.startswith("not asked")) == (CheckStatus.WARN, True)
    assert "with_cloud_keys.sh hallvakt doctor" in check.advice


async def test_one_abroad_fails(tmp_path: Path) -> None:
    async with replica_set([{"country": "SE"}, {"country": "US"}]) as uri:
        check, _ = await _looked_at(tmp_path, uri)
    assert (check.status, "is in US" in check.detail) == (CheckStatus.FAIL, True)


async def test_one_that_nobody_signed_for_fails(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}], asked) as uri:
        named = CloudConfig(trusted_locations=("objects.example.se",))
        check, _ = await _looked_at(tmp_path, uri, named)
    assert (check.status, "keys hosts sign" in check.detail) == (CheckStatus.FAIL, True)
    assert asked == []


async def test_logins_that_the_night_shares_are_named_with_what_to_do(tmp_path: Path) -> None:
    async with replica_set([{"country": "SE"}]) as uri:
        place, shared = await _looked_at(tmp_path, uri)
        assert place.detail == "objects in on site, records in SE"
        assert (shared.status, shared.detail[-22:]) == (CheckStatus.WARN, "reads back and deletes")
        assert "(verifier_records_uri_file, eraser_records_uri_file)" in shared.advice
        own = CloudConfig(
            verifier_records_uri_file=tmp_path / "verifier.uri",
            eraser_records_uri_file=tmp_path / "eraser.uri",
        )
        _, logins = await _looked_at(tmp_path, uri, own)
        assert logins.status is CheckStatus.OK
        same = replace(own, eraser_records_uri_file=tmp_path / "records.uri")
        _, logins = await _looked_at(tmp_path, uri, same)
        assert (logins.status, "(eraser_records_uri_file)" in logins.advice) == (
            CheckStatus.WARN,
            True,
        )


async def test_a_share_that_is_not_the_night_s_to_write_is_told_whose_it_must_be(
    tmp_path: Path,
) -> None:
    """On a box of five users, whose night is another user than who types."""
    objects = tmp_path / "objects"
    await asyncio.to_thread(objects.mkdir, 0o755)
    async with replica_set([{"country": "SE"}]) as uri:
        await asyncio.to_thread(tmp_path.chmod, 0o2750)
        check, _ = await _looked_at(tmp_path, uri)
        assert check.status is CheckStatus.FAIL
        assert f"chmod 2770 {objects}" in check.advice
        await asyncio.to_thread(objects.chmod, 0o2770)
        check, _ = await _looked_at(tmp_path, uri)
        assert check.status is CheckStatus.OK
