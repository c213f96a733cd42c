"""Puts the gateway together: adapters of this machine into the use cases of `services`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cbor2

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.head_words import head_words
from appliance.adapters.crypto.join_proof import PageKeyProof
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.one_time_codes import TimeCodes
from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.crypto.wrapping import KeyWrapping
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.credentials import machine_pepper
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.host.tls import TlsFiles
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.workers.pool import WorkerPool
from appliance.config.box import BoxConfig
from appliance.config.policy import check_against
from appliance.core.attempt import Attempt
from appliance.core.errors import NotFound
from appliance.core.exam import Exam
from appliance.core.feed import BoxStatus
from appliance.core.ids import ExamId
from appliance.core.keys import Recipient
from appliance.core.snippet import Snippet
from appliance.processes.data_protection_parts import erasure_desk, hold_desk
from appliance.processes.unlisted import orphans
from appliance.services.access import Access
from appliance.services.accounts import Accounts
from appliance.services.acts import Acts
from appliance.services.arrivals import Arrivals
from appliance.services.attempt_life import AttemptLife
from appliance.services.box import Box, Measured
from appliance.services.byte_budget import ByteBudget
from appliance.services.candidates import Candidates
from appliance.services.channels import Channels
from appliance.services.check_in import CheckIn
from appliance.services.close_exam import CloseExam
from appliance.services.decisions import Decisions
from appliance.services.erasure import BoxSignature
from appliance.services.evidence import EvidenceRoom
from appliance.services.exam_life import ExamLife
from appliance.services.hall import Halls
from appliance.services.ingest import Ingest
from appliance.services.key_ring import KeyRing
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.live_view import LiveViews
from appliance.services.looking import Looking
from appliance.services.names import Names
from appliance.services.orphans import Orphans
from appliance.services.people import People
from appliance.services.portraits import Portraits
from appliance.services.preparation import Preparation
from appliance.services.sealed_objects import SealedObjects
from appliance.services.thumbnails import Thumbnails
from appliance.services.unlocking import Unlocking
from appliance.services.watch import Watch
from appliance.web.application_keys import Gateway

UPLOAD_BYTES = 128 * 1024 * 1024  # in memory at once: about 100 snippets with their copies
_KEEP_FREE_SHARE, _KEEP_FREE_MOST = 0.05, 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the process starts, stops and serves."""

    gateway: Gateway
    stores: Stores
    workers: WorkerPool
    relay: Coturn
    looking: Looking
    orphans: Orphans
    measured: Measured


def build(state: Path, config: BoxConfig) -> Parts:
    """Open everything below `state`. Nothing runs yet; needs no event loop."""
    clock, randomness = SystemClock(), SystemRandomness()
    stores = open_stores(state, now_ms=clock.now_ms)
    blobs = DirectoryBlobs(state / "blobs")
    run = state / "run"
    workers = WorkerPool([run / f"media-worker-{n}.sock" for n in range(config.workers.count)])
    relay = Coturn(_relay_plan(state, config), run=run, clock=clock, randomness=randomness)
    machine = machine_pepper()
    recipients = partial(_recipients, state / "keys")
    check_policy = partial(check_against, state)
    keys = KeyRing(
        envelopes=stores.envelopes,
        wrapping=KeyWrapping(),
        files=LiveKeyFiles(state / "live", machine=machine),
        randomness=randomness,
        recipients=recipients,
    )
    sealing = ObjectSealing()
    measured = Measured()

    def box_status(exam: ExamId) -> BoxStatus:
        return measured.status(exam, unlocked=keys.unlocked(exam))

    halls = Halls(clock, box_status)
    channels = Channels()
    incident_locks = KeyedLocks()
    access = Access(stores.exams, stores.attempts, stores.audit)
    objects = SealedObjects(
        keys=keys,
        sealing=sealing,
        blobs=blobs,
        snippets=stores.snippets,
        clock=clock,
        randomness=randomness,
        box_id=config.box_id,
    )
    watch = Watch(
        workers=workers,
        observations=stores.observations,
        snippets=stores.snippets,
        clock=clock,
        randomness=randomness,
        publish=halls.publish,
        keep_thumbnail=Thumbnails(stores.exams, stores.attempts, objects).keep,
        locks=incident_locks,
    )
    attempt_life = AttemptLife(
        exams=stores.exams,
        attempts=stores.attempts,
        halls=halls,
        channels=channels,
        watch=watch,
    )
    arrivals = Arrivals(stores.snippets)
    names = Names(stores.identities, sealing, keys, config.box_id)
    portraits = Portraits(workers, objects, stores.snippets)
    looking = Looking(
        watch=watch,
        objects=objects,
        portraits=portraits,
        exams=stores.exams,
        attempts=stores.attempts,
        snippets=stores.snippets,
        keys=keys,
        halls=halls,
        at_once=4 * config.workers.count,
    )
    live_views = LiveViews(
        access=access,
        relay=relay,
        channels=channels,
        halls=halls,
        randomness=randomness,
    )

    async def on_unlocked(exam: Exam) -> None:
        await names.all(exam.exam_id)
        await exam_life.unlocked(exam)
        await looking.resume(exam)

    unlocking = Unlocking(
        exams=stores.exams,
        keys=keys,
        audit=stores.audit,
        halls=halls,
        on_unlocked=on_unlocked,
    )
    exam_life = ExamLife(
        access=access,
        exams=stores.exams,
        attempts=stores.attempts,
        observations=stores.observations,
        life=attempt_life,
        arrivals=arrivals,
        halls=halls,
        channels=channels,
        keys=keys,
        unlocking=unlocking,
        relay=relay,
        recipients=recipients,
        clock=clock,
        check_policy=check_policy,
    )

    def look(exam: Exam, attempt: Attempt, snippet: Snippet, media: bytes) -> None:
        looking.add(exam, attempt, snippet, media)

    disk = os.statvfs(state)
    disk_bytes = disk.f_blocks * disk.f_frsize
    ingest = Ingest(
        exams=stores.exams,
        snippets=stores.snippets,
        blobs=blobs,
        objects=objects,
        arrivals=arrivals,
        halls=halls,
        clock=clock,
        look=look,
        budget=ByteBudget(UPLOAD_BYTES),
        keep_free=min(round(disk_bytes * _KEEP_FREE_SHARE), _KEEP_FREE_MOST),
    )
    hasher, codes = PassphraseHashes(), TimeCodes()
    signing = SigningKey.load(state / "keys" / "box_signing.pem")
    gateway = Gateway(
        access=access,
        accounts=Accounts(
            users=stores.users,
            exams=stores.exams,
            audit=stores.audit,
            hasher=hasher,
            codes=codes,
            clock=clock,
            randomness=randomness,
            after_login=unlocking.after_login,
        ),
        acts=Acts(
            access=access,
            attempts=attempt_life,
            channels=channels,
            live_views=live_views,
            halls=halls,
            clock=clock,
        ),
        box=Box(
            box_id=config.box_id,
            name=config.name,
            version=version("hallvakt"),
            measured=measured,
            halls=halls,
            looking=looking,
            watch=watch,
            workers=workers,
            relay=relay,
            blobs=blobs,
            keys=keys,
            clock=clock,
            disk_bytes=disk_bytes,
            sign=signing.sign,
            key_id=signing.key_id,
            public_key=signing.public_bytes,
            pepper="plain_file" if machine is None else "machine",
        ),
        candidates=Candidates(
            exams=stores.exams,
            attempts=stores.attempts,
            life=attempt_life,
            arrivals=arrivals,
            live_views=live_views,
            clock=clock,
        ),
        channels=channels,
        check_in=CheckIn(
            exams=stores.exams,
            attempts=stores.attempts,
            life=attempt_life,
            audit=stores.audit,
            halls=halls,
            channels=channels,
            portraits=portraits,
            proofs=PageKeyProof(),
            clock=clock,
            randomness=randomness,
        ),
        clock=clock,
        closing=CloseExam(
            access=access,
            exams=stores.exams,
            attempts=stores.attempts,
            snippets=stores.snippets,
            observations=stores.observations,
            users=stores.users,
            audit=stores.audit,
            objects=objects,
            keys=keys,
            relay=relay,
            live_views=live_views,
            ingest=ingest,
            looking=looking,
            workers=workers,
            watch=watch,
            halls=halls,
            channels=channels,
            names=names,
            portraits=portraits,
            clock=clock,
            encode=_cbor,
            flag=Packs(stores.box).flag,
            words=head_words,
        ),
        decisions=Decisions(access, stores.observations, halls, clock, incident_locks),
        evidence=EvidenceRoom(
            access=access,
            snippets=stores.snippets,
            observations=stores.observations,
            objects=objects,
            portraits=portraits,
            workers=workers,
            halls=halls,
        ),
        erasures=erasure_desk(
            state,
            stores,
            access,
            names,
            BoxSignature(box_id=config.box_id, sign=signing.sign, public_key=signing.public_bytes),
            clock,
        ),
        exam_life=exam_life,
        halls=halls,
        holds=hold_desk(stores, access, clock),
        ingest=ingest,
        live_views=live_views,
        names=names,
        people=People(
            users=stores.users,
            audit=stores.audit,
            hasher=hasher,
            codes=codes,
            clock=clock,
            randomness=randomness,
        ),
        preparation=Preparation(
            access=access,
            exams=stores.exams,
            attempts=stores.attempts,
            life=attempt_life,
            users=stores.users,
            names=names,
            clock=clock,
            randomness=randomness,
            page_url=_page_url(config),
            check_policy=check_policy,
        ),
    )
    return Parts(
        gateway=gateway,
        stores=stores,
        workers=workers,
        relay=relay,
        looking=looking,
        orphans=orphans(stores, blobs, clock, config.box_id),
        measured=measured,
    )


def _recipients(keys: Path) -> Sequence[Recipient]:
    """Read anew each time: a list that was just installed counts at once."""
    try:
        return load_recipients(keys).recipients
    except NotFound:
        return ()


def _relay_plan(state: Path, config: BoxConfig) -> RelayPlan:
    tls = TlsFiles.below(state / "tls")
    return RelayPlan(
        relay_address=config.relay.relay_host,
        listen=config.relay.listen_host,
        port=config.relay.port,
        tls_port=config.relay.tls_port,
        certificate=tls.certificate,
        private_key=tls.key,
        first_media_port=config.relay.min_port,
        last_media_port=config.relay.max_port,
    )


def _page_url(config: BoxConfig) -> str:
    name = config.web.names[0]
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}" if config.web.port == 443 else f"https://{host}:{config.web.port}"


def _cbor(value: Any) -> bytes:
    """Deterministic CBOR (RFC 8949, section 4.2)."""
    return cbor2.dumps(value, canonical=True)
