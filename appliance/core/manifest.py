"""What the box says it has sent, in numbered manifests that extend each other.

Every manifest of an exam lists the objects added since the one before, and signs the Merkle root
over *all* objects of the exam so far (`core/merkle.py`), so the root of the last one, on paper,
stands for everything. Three chains make changes show:

* manifest to manifest: `previous` is SHA-256 of the payload before (32 zero bytes for the first);
* object to object of one attempt: `previous` in each entry is the leaf before, so nothing can be
  left out or put in another order;
* the close record, the last leaf of all: how many objects of each attempt there are.

`core/manifest_payload.py` turns a manifest into a plain dict for deterministic CBOR and back; the
caller encodes it, signs the bytes and keeps them as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.core import merkle
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName, RecipientId
from appliance.core.many import Numbers
from appliance.core.snippet import ObjectKind, StoredObject

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sealed object in the cloud. `sha256` is of the ciphertext; `previous` the leaf of the
    same attempt before it."""

    name: ObjectName
    pack: PackName
    kind: ObjectKind
    attempt_id: AttemptId
    sequence: int
    epoch: int
    size: int
    sha256: bytes
    previous: bytes

    def leaf(self) -> bytes:
        return merkle.leaf_hash(
            merkle.words(("object", self.name, self.pack, int(self.kind), self.attempt_id))
            + merkle.words((self.sequence, self.epoch, self.size))
            + merkle.fields(self.sha256, self.previous)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackEntry:
    """One pack of this manifest, as the object store gave it back."""

    name: PackName
    attempt_id: AttemptId
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeEntry:
    """Binds a wrapped key to this box: HPKE does not say who sealed it (SECURITY section 1)."""

    attempt_id: AttemptId
    epoch: int
    recipient_id: RecipientId
    sha256: bytes  # of the sealed key


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCount:
    """What must be there of one attempt. `last_sequence` is what the page said at hand-in, or the
    highest number that came; `snippets` how many were acknowledged."""

    attempt_id: AttemptId
    objects: int
    snippets: int
    last_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRecord:
    """Written once, when all have handed in or the late window has ended."""

    closed_ms: int
    settings_hash: str
    audit_head: bytes
    attempts: tuple[AttemptCount, ...]

    def leaf(self) -> bytes:
        counts = b"".join(
            merkle.words((a.attempt_id, a.objects, a.snippets, a.last_sequence))
            for a in self.attempts
        )
        return merkle.leaf_hash(
            merkle.words(("close", self.closed_ms, self.settings_hash))
            + merkle.fields(self.audit_head, counts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`first` is how many leaves earlier manifests had, `tree_size` how many there are now."""

    box_id: BoxId
    exam_id: ExamId
    number: int
    made_ms: int
    previous: bytes
    first: int
    tree_size: int
    root: bytes
    entries: tuple[Entry, ...]
    packs: tuple[PackEntry, ...]
    envelopes: tuple[EnvelopeEntry, ...]
    close: CloseRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What the manifests of one exam up to now amount to; `extend` and `check` move it on.

    It grows with the attempts of an exam, not with its objects: no list of them is in it."""

    box_id: BoxId
    exam_id: ExamId
    number: int = 0
    head: bytes = GENESIS  # SHA-256 of the last payload
    tree: merkle.Tree = field(default_factory=merkle.Tree)
    last_leaf: Mapping[AttemptId, bytes] = field(default_factory=dict)
    objects: Mapping[AttemptId, int] = field(default_factory=dict)
    snippets: Mapping[AttemptId, Numbers] = field(default_factory=dict)
    closed: CloseRecord | None = None

    @property
    def root(self) -> bytes:
        return self.tree.root


def extend(
    chain: Chain,
    *,
    made_ms: int,
    objects: Sequence[tuple[StoredObject, PackName]],
    packs: Sequence[PackEntry] = (),
    envelopes: Sequence[EnvelopeEntry] = (),
    close: CloseRecord | None = None,
) -> Manifest:
    """The next manifest of `chain`. Encode and sign its payload, then `check` it in."""
    last = dict(chain.last_leaf)
    entries: list[Entry] = []
    added: list[bytes] = []
    for stored, pack in objects:
        attempt = stored.header.attempt_id
        entry = Entry(
            name=stored.name,
            pack=pack,
            kind=stored.header.kind,
            attempt_id=attempt,
            sequence=stored.header.sequence,
            epoch=stored.header.epoch,
            size=stored.size,
            sha256=bytes.fromhex(stored.sha256),
            previous=last.get(attempt, GENESIS),
        )
        last[attempt] = entry.leaf()
        added.append(last[attempt])
        entries.append(entry)
    if close is not None:
        added.append(close.leaf())
    tree = chain.tree.grown(added)
    return Manifest(
        box_id=chain.box_id,
        exam_id=chain.exam_id,
        number=chain.number + 1,
        made_ms=made_ms,
        previous=chain.head,
        first=chain.tree.size,
        tree_size=tree.size,
        root=tree.root,
        entries=tuple(entries),
        packs=tuple(packs),
        envelopes=tuple(envelopes),
        close=close,
    )


def check(chain: Chain, manifest: Manifest, payload_sha256: bytes) -> Chain:
    """The chain with `manifest` added, whose signed bytes have the digest `payload_sha256`.

    Raises IntegrityFailure when it is not the next one, leaves something out, lists an attempt's
    objects in another order, or signs another root. The signature is the caller's to verify.
    """
    if (manifest.box_id, manifest.exam_id) != (chain.box_id, chain.exam_id):
        raise IntegrityFailure("A manifest belongs to another box or exam.", code="foreign")
    if manifest.number != chain.number + 1 or manifest.previous != chain.head:
        raise IntegrityFailure(
            f"Manifest {chain.number + 1} is missing or was replaced.", code="chain-broken"
        )
    if chain.closed is not None:
        raise IntegrityFailure("A manifest follows the close record.", code="after-close")
    last, objects = dict(chain.last_leaf), dict(chain.objects)
    snippets: defaultdict[AttemptId, list[int]] = defaultdict(list)
    packs = {pack.name: pack.attempt_id for pack in manifest.packs}
    added: list[bytes] = []
    for entry in manifest.entries:
        attempt = entry.attempt_id
        if entry.previous != last.get(attempt, GENESIS):
            raise IntegrityFailure(
                f"Manifest {manifest.number} leaves out objects or reorders them.",
                code="entry-out-of-order",
            )
        if packs.get(entry.pack) != attempt:
            raise IntegrityFailure(
                f"Manifest {manifest.number} lists an object in a pack that is not its own.",
                code="wrong-pack",
            )
        last[attempt] = entry.leaf()
        added.append(last[attempt])
        objects[attempt] = objects.get(attempt, 0) + 1
        if entry.kind is ObjectKind.SNIPPET:
            snippets[attempt].append(entry.sequence)
    if manifest.close is not None:
        added.append(manifest.close.leaf())
    tree = chain.tree.grown(added)
    signed = (manifest.first, manifest.tree_size, manifest.root)
    if signed != (chain.tree.size, tree.size, tree.root):
        raise IntegrityFailure(
            f"Manifest {manifest.number} does not add up to the root it signs.", code="wrong-root"
        )
    return Chain(
        box_id=chain.box_id,
        exam_id=chain.exam_id,
        number=manifest.number,
        head=payload_sha256,
        tree=tree,
        last_leaf=last,
        objects=objects,
        snippets={
            **chain.snippets,
            **{
                attempt: chain.snippets.get(attempt, Numbers()).with_(numbers)
                for attempt, numbers in snippets.items()
            },
        },
        closed=manifest.close,
    )


def check_complete(chain: Chain) -> None:
    """Raise IntegrityFailure unless the close record is there and everything it counts.

    Objects that the sync scope kept on the box are not counted in the close record of the cloud.
    """
    if chain.closed is None:
        raise IntegrityFailure(
            "The close record is missing: the archive is not complete yet.", code="not-closed"
        )
    counted = {a.attempt_id: a for a in chain.closed.attempts}
    for attempt in set(counted) | set(chain.objects):
        count = counted.get(attempt)
        there = (chain.objects.get(attempt, 0), len(chain.snippets.get(attempt, ())))
        if count is None or there != (count.objects, count.snippets):
            raise IntegrityFailure(
                "The number of objects of an attempt differs from the close record.",
                code="count-differs",
            )
