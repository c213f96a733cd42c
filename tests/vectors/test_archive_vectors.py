"""Frozen archives (packs and manifests) and recovery shares, by the product and by the second
opener (archive_opener.py)."""

from __future__ import annotations

import ast
import asyncio
import hashlib
import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest

from appliance.adapters.crypto import shares, signing
from appliance.adapters.crypto.deterministic import decode, encode
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import ExamId
from appliance.core.ports import RemoteObject
from appliance.services import cloud_documents as documents
from appliance.services.archive_listing import read_listing, walk
from appliance.services.verify_archive import verify_archive
from tests.vectors import archive_opener, opener
from tests.vectors.archive_opener import open_archive, tree_hash
from tests.vectors.test_vectors import Vector, check, raw, vectors

Opened = tuple[bytes, dict[str, bytes]]


class FrozenCloud:
    """Both halves of a cloud copy, to be read only."""

    def __init__(self, vector: Vector) -> None:
        self._exam = vector["exam"]
        self._manifests = [
            {key: raw(value) for key, value in signed.items()} for signed in vector["manifests"]
        ]
        self._held = {f"packs/{name}": raw(pack) for name, pack in vector["packs"].items()}
        for place, signed in enumerate(self._manifests):
            self._held[f"manifests/{place}"] = encode(signed)

    async def find(
        self, collection: str, *, fields: Sequence[str] = (), **equals: Any
    ) -> Sequence[dict[str, Any]]:
        assert equals["exam"] == self._exam
        if collection != documents.MANIFESTS:
            return []
        every = [{"_id": str(n), "number": n, **m} for n, m in enumerate(self._manifests)]
        return [d for d in every if d["_id"] == equals.get("_id", d["_id"])]

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        if name not in self._held:
            raise NotFound("There is no such object.")
        return self._held[name][start : None if length is None else start + length]

    async def stat(self, name: str) -> RemoteObject | None:
        raise AssertionError("nothing was erased")

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        raise AssertionError("everything is read")

    async def _never(self, *_arguments: Any, **_equals: Any) -> Any:
        raise AssertionError("a reader only reads")

    location = put = delete = close = check_residency = upsert = create = _never


async def _product(vector: Vector) -> Opened:
    cloud, key = FrozenCloud(vector), raw(vector["key"])
    exam, trusted = ExamId(vector["exam"]), [raw(vector["public"])]
    listing = await read_listing(cloud, exam, verify=signing.verify, decode=decode, trusted=trusted)
    manifests = walk(cloud, exam, verify=signing.verify, decode=decode, trusted=trusted)
    verified = await verify_archive(cloud, manifests, encode=encode)
    opened: dict[str, bytes] = {}
    for placed in (one for rows in listing.placed.values() for one in rows.values()):
        pack = await cloud.get(f"packs/{placed.entry.pack}", placed.offset, placed.entry.size)
        opened[placed.entry.name] = ObjectSealing().open(key, placed.header(listing.chain), pack)
    return verified.root, opened


class _Keys(dict[str, bytes]):
    def __init__(self, key: bytes) -> None:
        self._key = key

    def __missing__(self, _attempt: str) -> bytes:
        return self._key


@vectors("archives")
def test_archives(vector: Vector) -> None:
    def second() -> Opened:
        signed = [
            (raw(m["payload"]), raw(m["signature"]), raw(m["public_key"]))
            for m in vector["manifests"]
        ]
        packs = {name: raw(pack) for name, pack in vector["packs"].items()}
        keys = _Keys(raw(vector["key"]))
        return open_archive(raw(vector["public"]), vector["exam"], signed, packs, keys)

    plain = {name: raw(content) for name, content in vector.get("objects", {}).items()}
    expected = raw(vector.get("root", "")), plain
    check(vector, expected, lambda: asyncio.run(_product(vector)), second)
    if "fails" in vector:
        with pytest.raises(IntegrityFailure) as failure:
            asyncio.run(_product(vector))
        assert failure.value.code == vector["code"]


@vectors("shares")
def test_shares(vector: Vector) -> None:
    given = vector["shares"]
    check(
        vector,
        raw(vector.get("seed", "")),
        lambda: shares.combine(given),
        lambda: opener.combine_shares(given),
    )


@pytest.mark.parametrize(
    ("leaves", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_the_second_tree_hash_is_that_of_certificate_transparency(leaves: int, root: str) -> None:
    """Roots that the reference implementation of Certificate Transparency tests itself with."""
    inputs = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f")  # fmt: skip
    hashes = [hashlib.sha256(b"\x00" + bytes.fromhex(i)).digest() for i in inputs]
    assert tree_hash(hashes[:leaves]).hex() == root


@pytest.mark.parametrize(
    "content", ["0100", "18 01", "a2 61 62 01 61 61 02", "a2 61 61 01 61 61 02", "5f 41 00 ff", ""]
)
def test_only_deterministic_cbor_is_read(content: str) -> None:
    """Bytes after the end, a long integer, keys out of order, a key twice, an open length,
    nothing."""
    with pytest.raises(IntegrityFailure):
        decode(bytes.fromhex(content))


@pytest.mark.parametrize("module", [opener, archive_opener])
def test_the_openers_share_nothing_with_the_product(module: ModuleType) -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
    }
    assert "cbor2" in imported
    assert not {name for name in imported if name and name.startswith("appliance")}
