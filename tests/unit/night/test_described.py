"""One listing in place of many questions, wherever that is possible."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.adapters.cloud.memory import MemoryObjects
from appliance.core.errors import Refused
from appliance.core.ports import RemoteObject
from appliance.services.described import described


class Counting(MemoryObjects):
    def __init__(self, *, may_list: bool = True, checksums: bool = True) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._may_list = may_list
        self._checksums = checksums

    async def stat(self, name: str) -> RemoteObject | None:
        self.asked.append("stat")
        return await super().stat(name)

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        self.asked.append("list")
        if not self._may_list:
            raise Refused("no", code="cloud-access")
        listed = await super().list(prefix)
        if self._checksums:
            return listed
        return {n: RemoteObject(name=n, size=r.size, crc32c="") for n, r in listed.items()}


async def _filled(store: Counting) -> list[str]:
    names = [f"packs/{'a' * 12}{n:020x}" for n in range(50)]
    for name in names:
        await store.put(name, name.encode())
    return names


async def test_packs_of_one_exam_are_one_request() -> None:
    store = Counting()
    names = await _filled(store)
    found = await described(store, names)
    assert set(found) == set(names)
    assert all(found[name].crc32c for name in names)
    assert store.asked == ["list"]


async def test_what_is_missing_is_asked_for_once_more_and_left_out() -> None:
    store = Counting()
    names = await _filled(store)
    await store.delete(names[7])
    assert names[7] not in await described(store, names)
    assert store.asked == ["list", "stat"]


async def test_where_listing_is_not_allowed_or_tells_too_little() -> None:
    for store in (Counting(may_list=False), Counting(checksums=False)):
        names = await _filled(store)
        assert len(await described(store, names)) == 50
        assert store.asked == ["list"] + ["stat"] * 50
    sizes_only = Counting(checksums=False)
    await described(sizes_only, await _filled(sizes_only), checksums=False)
    assert sizes_only.asked == ["list"]


async def test_a_few_are_asked_for_one_by_one() -> None:
    store = Counting()
    names = await _filled(store)
    await described(store, names[:2])
    assert store.asked == ["stat", "stat"]
