"""The part of an erasure that needs the internet, and the certificate at its end.

Runs in the command `attempt erase` and again in every janitor's round until it is done. It holds
the identity that may delete in the cloud and no key; the gateway signs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import cbor2

from appliance.adapters.crypto import signing
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store.erasures import Erasures
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.store.uploads import UploadRows
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.deletion_certificate import certificate_text
from appliance.core.erasure import CERTIFICATE_PURPOSE
from appliance.core.errors import IntegrityFailure, NotFound, Unreachable
from appliance.core.ids import AttemptId
from appliance.core.ports import Clock
from appliance.processes.cloud_ends import CloudEnds, as_eraser, check_both_ends, cloud_ends
from appliance.processes.erased_state import DIRECTORY, belongings, encode
from appliance.processes.gateway_signer import GatewaySigner
from appliance.processes.syncer import SYNC_LOCK, alone
from appliance.processes.trusted_hosts import check_signed
from appliance.services.erasure_in_cloud import Certificate, CloudErasure, Eraser
from appliance.services.signing import Signer
from appliance.services.tombstones import replay_tombstones, undeleted
from appliance.shared_data import file_mode, make_directory
from appliance.whole_file import replace_whole


async def finish_erasures(state: Path, *, signer: Signer | None = None) -> Sequence[Certificate]:
    """Finish every erasure that was begun. Raise Unreachable when the line or the gateway is not
    there, or a file cannot be deleted, WrongState while the night is sending: the janitor tries
    again."""
    config = await asyncio.to_thread(box.load, state)
    async with AsyncExitStack() as stack:
        stores = await asyncio.to_thread(open_stores, state)
        stack.push_async_callback(stores.close)
        everything = await asyncio.to_thread(belongings, state, stores)
        await replay_tombstones(everything)
        if left := await undeleted(everything):
            raise not_deleted(left)
        return await finish_in(state, config, stores, signer=signer)


async def finish_in(
    state: Path,
    config: BoxConfig,
    stores: Stores,
    *,
    signer: Signer | None = None,
    clock: Clock | None = None,
) -> Sequence[Certificate]:
    """The same with stores that are open, after tombstones were replayed. Raise Refused when either
    end of the cloud is not in the EU/EEA, or is said to be by nobody who may: the tombstone is not
    written there."""
    erasures = Erasures(stores.box)
    if not await erasures.unfinished():
        return []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alone(state / SYNC_LOCK))
        eraser = None
        if config.cloud.objects != "none":
            await asyncio.to_thread(check_signed, state, config.cloud)
            ends = await stack.enter_async_context(
                cloud_ends(as_eraser(config.cloud), uploads=UploadRows(stores.box))
            )
            eraser = eraser_of(ends, config.cloud)
            await eraser.check()
        finished = await CloudErasure(
            erasures,
            Packs(stores.box),
            stores.audit,
            signer or GatewaySigner(state),
            eraser=eraser,
            encode=encode,
            clock=clock or SystemClock(),
        ).finish_all()
    for certificate in finished:
        await asyncio.to_thread(keep, state / DIRECTORY / certificate.attempt_id, certificate)
    return finished


def not_deleted(files: int) -> Unreachable:
    return Unreachable(
        f"{files} files of what was erased could not be deleted; nobody is shown them, and no "
        "deletion certificate is signed. Look at the disk and the rights below the state "
        "directory; the janitor tries again.",
        code="not-erased",
    )


def eraser_of(ends: CloudEnds, config: CloudConfig) -> Eraser:
    return Eraser(
        objects=ends.objects,
        records=ends.records,
        check=lambda: check_both_ends(ends, config),
    )


async def certificate_of(state: Path, attempt: AttemptId) -> Certificate:
    """The kept one; raise NotFound when the erasure is not finished."""
    stores = await asyncio.to_thread(open_stores, state)
    try:
        content = await Erasures(stores.box).certificate(attempt)
    finally:
        await stores.close()
    if content is None:
        raise NotFound("This attempt's erasure is not finished: there is no certificate yet.")
    return read_certificate(content)


def read_certificate(content: bytes) -> Certificate:
    """Raise IntegrityFailure unless it is signed as it stands."""
    try:
        signed = cbor2.loads(content)
        payload, key = signed["payload"], signed["public_key"]
        signing.verify(key, CERTIFICATE_PURPOSE, payload, signed["signature"])
        parsed = cbor2.loads(payload)
        attempt = AttemptId(parsed["attempt"])
    except (cbor2.CBORDecodeError, KeyError, TypeError) as error:
        raise IntegrityFailure("This is not a deletion certificate.") from error
    return Certificate(attempt_id=attempt, payload=parsed, public_key=key, signed=content)


def keep(path: Path, certificate: Certificate) -> tuple[Path, Path]:
    """Write `path`.cbor, signed, and `path`.md, for people; return both."""
    signed, text = path.with_name(f"{path.name}.cbor"), path.with_name(f"{path.name}.md")
    shown = certificate_text(certificate.payload, signing.fingerprint(certificate.public_key))
    make_directory(path.parent)
    for file, content in ((signed, certificate.signed), (text, shown.encode())):
        replace_whole(file, content, file_mode(file.parent))
    return signed, text
