"""The two ends of the cloud as a configuration names them, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.adapters.cloud.records import MongoRecords
from appliance.adapters.cloud.residency import check_location
from appliance.config.box import CloudConfig
from appliance.config.cloud_credentials import opened
from appliance.core.errors import Refused, WrongConfiguration
from appliance.core.ports import ObjectCloud, RecordCloud
from appliance.core.transfer import Line, UploadJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEnds:
    objects: ObjectCloud
    records: RecordCloud


@asynccontextmanager
async def cloud_ends(
    config: CloudConfig, *, uploads: UploadJournal | None = None, line: Line | None = None
) -> AsyncIterator[CloudEnds]:
    """`uploads` lets an upload go on that another process began; `line` says when to
    send. Raise Refused when the box sends nothing anywhere, WrongConfiguration when something it
    needs is missing. Connects when first used."""
    objects = await asyncio.to_thread(_objects, config, uploads, line)
    try:
        if isinstance(objects, DirectoryObjects) and uploads is not None:
            await objects.sweep()
        uri = await asyncio.to_thread(records_uri, config.records_uri_file)
        records = MongoRecords(
            uri,
            config.records_database,
            trusted=config.trusted_locations,
        )
        try:
            yield CloudEnds(objects=objects, records=records)
        finally:
            await records.close()
    finally:
        await objects.close()


async def check_both_ends(ends: CloudEnds, config: CloudConfig) -> tuple[str, str]:
    """Where objects and records lie. Before anything is read or written there: raise Refused when
    either end is not in the EU/EEA, or does not say where it is."""
    objects = check_location(await ends.objects.location(), config.trusted_locations)
    return objects, await ends.records.check_residency()


def as_eraser(config: CloudConfig) -> CloudConfig:
    """The same cloud under the identity that may delete; its own files where they are named."""
    return replace(
        config,
        credentials_file=config.eraser_credentials_file or config.credentials_file,
        records_uri_file=config.eraser_records_uri_file or config.records_uri_file,
    )


def as_verifier(config: CloudConfig) -> CloudConfig:
    """The same cloud under the identity that may only read, where it is named: what the writer
    says of its own work proves less."""
    return replace(
        config,
        credentials_file=config.verifier_credentials_file or config.credentials_file,
        records_uri_file=config.verifier_records_uri_file or config.records_uri_file,
    )


def has_verifier(config: CloudConfig) -> bool:
    """Whether both ends are read back by somebody who could not have written them."""
    return _another_login(config, as_verifier(config))


def has_eraser(config: CloudConfig) -> bool:
    """Whether both ends are deleted from by another login than the night's."""
    return _another_login(config, as_eraser(config))


def _another_login(writer: CloudConfig, other: CloudConfig) -> bool:
    if other.records_uri_file == writer.records_uri_file:
        return False
    # A directory on site knows no identities.
    return writer.objects == "directory" or other.credentials_file != writer.credentials_file


def _prover(config: CloudConfig) -> ObjectCloud | None:
    """Who reads for an identity that may not (the writer only creates); None where the school has
    named no verifier, or this is the verifier."""
    if config.verifier_credentials_file in (None, config.credentials_file):
        return None
    return _objects(as_verifier(config), None, None)


def _objects(config: CloudConfig, uploads: UploadJournal | None, line: Line | None) -> ObjectCloud:
    # Each client is half a second and some megabytes, which a box that sends elsewhere does not
    # spend.
    if config.objects == "gcs":
        from appliance.adapters.cloud.gcs import GOOGLE, GcsObjects

        return GcsObjects(
            config.bucket,
            endpoint=config.endpoint or GOOGLE,
            credentials_file=opened(config.credentials_file),
            prover=_prover(config),
            uploads=uploads,
            line=line,
        )
    if config.objects == "s3" and (file := opened(config.credentials_file)) is not None:
        from appliance.adapters.cloud.s3 import S3Objects
        from appliance.adapters.cloud.s3_session import S3Account

        return S3Objects(
            config.bucket,
            region=config.region,
            account=S3Account.from_file(file),
            endpoint=config.endpoint,
            listed=urlsplit(config.endpoint).hostname in config.trusted_locations,
            prover=_prover(config),
            uploads=uploads,
            line=line,
        )
    if config.objects == "directory" and config.directory is not None:
        return DirectoryObjects(config.directory, uploads=uploads, line=line)
    raise Refused(
        "No cloud is configured, so everything stays on the box: fill in the table [cloud] of "
        "box.toml to change that.",
        code="no-cloud",
    )


def records_uri(path: Path | None) -> str:
    if opened(path) is None or path is None:
        raise WrongConfiguration(
            "Name the file with the database's URI in cloud.records_uri_file: without records "
            "the packs could not be opened again."
        )
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongConfiguration(
            f"The file {path} with the database's URI cannot be read."
        ) from None
