"""`hallvakt sync configure`: takes the school's `[cloud]` table over into box.toml."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config import box as box_config
from appliance.config import cloud_credentials, strict_toml
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.errors import WrongConfiguration
from appliance.processes.archive_place import refuse_unfit
from appliance.processes.cloud_ends import check_both_ends, cloud_ends, has_verifier
from appliance.processes.cloud_trial import probed
from appliance.processes.trusted_hosts import check_signed

_BY_THE_WRITER = (
    ", by the logins that also write: cloud.verifier_records_uri_file and "
    "cloud.verifier_credentials_file name ones that may only read"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    cloud: CloudConfig


async def configure(file: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Ask the cloud that a file names, and when it answers put it into box.toml.

    Both ends must be reached and lie where the school's data may lie, and an object is written and
    read back by whoever proves the nights; otherwise nothing is written to box.toml.
    box.toml is written anew, without comments; a running box takes it up when it is started again.

    Parameters
    ----------
    file
        A TOML file with one table, [cloud]. Relative paths in it are relative to the file.
    """
    config = await asyncio.to_thread(_config, state, file)
    await asyncio.to_thread(check_signed, state, config.cloud)
    cloud = cloud_credentials.whole(config.cloud, Path("/"))  # its files have whole paths already
    async with cloud_ends(cloud) as ends:
        objects, records = await check_both_ends(ends, cloud)
        if cloud.directory is not None:
            await asyncio.to_thread(refuse_unfit, state, cloud.directory)
        proven = await probed(cloud, ends.objects)
    path = await asyncio.to_thread(_write, state, config)
    answer(
        {
            "objects": config.cloud.objects,
            "bucket": config.cloud.bucket,
            "location": objects,
            "records_location": records,
            "read_back_by": "verifier" if has_verifier(config.cloud) else "writer",
            "probe_removed": proven.removed,
            "written": str(path),
        },
        [
            f"Objects in {objects}, records in {records}. An object was written and read back"
            f"{'' if has_verifier(config.cloud) else _BY_THE_WRITER}.",
            f"Written to {path}; start the box again.",
        ],
        as_json=json,
    )


def _config(state: Path, file: Path) -> BoxConfig:
    box_config.load(state)  # says in words when there is no box, or its file is wrong
    written = box_config.parse((state / box_config.FILE_NAME).read_text("utf-8"))
    # A credential stays the name it is: where systemd puts it is known when it is handed over.
    cloud = cloud_credentials.whole(_read(file), file.absolute().parent, {})
    return box_config.checked(replace(written, cloud=cloud), str(file))


def _write(state: Path, config: BoxConfig) -> Path:
    return box_config.write(state, config)


def _read(file: Path) -> CloudConfig:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongConfiguration(
            f"The file {file} cannot be read: name a TOML file with a table [cloud]."
        ) from None
    return strict_toml.read(strict_toml.parse(text, str(file)), _File, str(file)).cloud
