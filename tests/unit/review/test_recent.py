"""One fetch for one video, whatever pieces the browser asks for; not more memory than said."""

from __future__ import annotations

import asyncio

import pytest

from appliance.review.recent import Recent


class Source:
    def __init__(self, size: int = 10) -> None:
        self.fetched: list[str] = []
        self.size = size

    async def get(self, recent: Recent, key: str) -> bytes:
        async def fetch() -> bytes:
            self.fetched.append(key)
            await asyncio.sleep(0)
            return key.encode() * self.size

        return await recent.get(key, fetch)


async def test_twice_and_at_once_is_one_fetch() -> None:
    recent, source = Recent(1000), Source()
    await asyncio.gather(source.get(recent, "a"), source.get(recent, "a"))
    await source.get(recent, "a")
    assert source.fetched == ["a"]


async def test_the_oldest_goes_first() -> None:
    recent, source = Recent(25), Source()
    for key in ("a", "b", "a", "c", "a", "b"):
        await source.get(recent, key)
    assert source.fetched == ["a", "b", "c", "b"]


async def test_a_failure_is_not_kept() -> None:
    recent, source = Recent(1000), Source()

    async def fail() -> bytes:
        raise OSError("the line is cut")

    with pytest.raises(OSError, match="cut"):
        await recent.get("a", fail)
    assert await source.get(recent, "a")


async def test_who_gives_up_does_not_stop_the_other() -> None:
    recent, source = Recent(1000), Source()
    impatient = asyncio.create_task(source.get(recent, "a"))
    await asyncio.sleep(0)
    patient = asyncio.create_task(source.get(recent, "a"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == b"a" * 10
    assert source.fetched == ["a"]
