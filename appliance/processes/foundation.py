"""What the gateway stands on: this machine's adapters, and what all its use cases share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.crypto.wrapping import KeyWrapping
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.credentials import machine_pepper, pepper_keeping
from appliance.adapters.host.machine import addresses_of_cards
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.host.tls import TlsFiles
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.relay.place import Children, RelayPlaces
from appliance.adapters.relay.unit import Units
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.workers.pool import WorkerPool
from appliance.config.box import BoxConfig
from appliance.core.errors import NotFound
from appliance.core.feed import BoxStatus
from appliance.core.ids import ExamId
from appliance.core.keys import PepperKeeping, Recipient
from appliance.core.languages import Languages
from appliance.processes.languages_here import languages_here
from appliance.processes.neighbours import Neighbours
from appliance.processes.own_signature import signing_key
from appliance.processes.relay_launcher import launcher
from appliance.services.access import Access
from appliance.services.box import Measured
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.key_ring import KeyRing
from appliance.services.live_view import VIEWS_PER_EXAM
from appliance.services.sealed_objects import SealedObjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Opened once; handed to every part of the gateway."""

    state: Path
    config: BoxConfig
    clock: SystemClock
    randomness: SystemRandomness
    stores: Stores
    blobs: DirectoryBlobs
    workers: WorkerPool
    relay: Coturn
    keys: KeyRing
    sealing: ObjectSealing
    objects: SealedObjects
    signing: SigningKey
    access: Access
    halls: Halls
    channels: Channels
    measured: Measured
    languages: Languages
    recipients: Callable[[], Sequence[Recipient]]
    pepper: PepperKeeping


def lay_foundation(state: Path, config: BoxConfig, beside: Neighbours) -> Foundation:
    """Open everything below `state`. Nothing runs yet; needs no event loop."""
    clock, randomness = SystemClock(), SystemRandomness()
    stores = open_stores(state, now_ms=clock.now_ms)
    blobs = DirectoryBlobs(state / "blobs")
    run = state / "run"
    machine = machine_pepper()
    recipients = partial(_recipients, state / "keys")
    keys = KeyRing(
        envelopes=stores.envelopes,
        wrapping=KeyWrapping(),
        files=LiveKeyFiles(state / "live", machine=machine.secret if machine else None),
        randomness=randomness,
        recipients=recipients,
    )
    sealing, tls = ObjectSealing(), TlsFiles.below(state / "tls")
    measured = Measured()

    def box_status(exam: ExamId) -> BoxStatus:
        return measured.status(exam, unlocked=keys.unlocked(exam))

    return Foundation(
        state=state,
        config=config,
        clock=clock,
        randomness=randomness,
        stores=stores,
        blobs=blobs,
        workers=WorkerPool(beside.worker_sockets(state, config.workers.count)),
        relay=Coturn(
            relay_plan(state, config),
            run=run,
            clock=clock,
            randomness=randomness,
            places=_relay_places(tls, beside.relay_socket),
            own_addresses=lambda: own_addresses(config),
        ),
        keys=keys,
        sealing=sealing,
        objects=SealedObjects(
            keys=keys,
            sealing=sealing,
            blobs=blobs,
            snippets=stores.snippets,
            clock=clock,
            randomness=randomness,
            box_id=config.box_id,
        ),
        signing=signing_key(state),
        access=Access(stores.exams, stores.attempts, stores.audit),
        halls=Halls(clock, box_status),
        channels=Channels(),
        measured=measured,
        languages=languages_here(state),
        recipients=recipients,
        pepper=pepper_keeping(machine),
    )


def _recipients(keys: Path) -> Sequence[Recipient]:
    """Read anew each time: a list that was just installed counts at once."""
    try:
        return load_recipients(keys).recipients
    except NotFound:
        return ()


def _relay_places(tls: TlsFiles, relay_socket: Path | None) -> RelayPlaces:
    def pair() -> tuple[Path, Path]:
        return tls.served_certificate, tls.served_key

    if relay_socket is None:
        return Children(lambda directory: launcher(pair())(directory), pair)
    return Units(relay_socket, pair)


def own_addresses(config: BoxConfig) -> list[str]:
    """What this machine is called now by whom it lets in, itself included."""
    return [*addresses_of_cards(besides=config.web.uplink), "127.0.0.1"]


def relay_plan(state: Path, config: BoxConfig) -> RelayPlan:
    """How this box relays, as its configuration says."""
    tls = TlsFiles.below(state / "tls")
    return RelayPlan(
        relay_address=config.relay.relay_host,
        listen=config.relay.listen_host,
        port=config.relay.port,
        tls_port=config.relay.tls_port,
        certificate=tls.served_certificate,
        private_key=tls.served_key,
        first_media_port=config.relay.min_port,
        last_media_port=config.relay.max_port,
        views_per_exam=VIEWS_PER_EXAM,
    )
