"""UserStore."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.errors import Conflict, NotFound
from tests.contract.store.samples import login, user


async def test_every_field_comes_back(stores: Stores, other: Stores) -> None:
    await stores.users.add(user())
    assert await other.users.by_name("lead") == user()
    assert await other.users.by_name("LEAD") == user()
    assert await other.users.by_name("nobody") is None


async def test_a_name_is_taken_once(stores: Stores) -> None:
    await stores.users.add(user())
    await stores.users.add(user(2, "anna"))
    for clash in (user(3, "lead"), user(3, "Lead")):
        with pytest.raises(Conflict):
            await stores.users.add(clash)
    with pytest.raises(Conflict):
        await stores.users.replace(user(2, "lead"))
    assert [u.name for u in await stores.users.all()] == ["anna", "lead"]


async def test_replace(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await stores.users.replace(user())
    await stores.users.add(user())
    changed = replace(user(), name="leader", totp_last_step=42, halls=None)
    await stores.users.replace(changed)
    assert await stores.users.by_name("leader") == changed
    assert await stores.users.by_name("lead") is None


async def test_logins_end_with_their_user(stores: Stores) -> None:
    await stores.users.add(user())
    await stores.users.add_login(login("t1", user()))
    assert await stores.users.login("t1") == login("t1", user())
    await stores.users.remove(user().user_id)
    await stores.users.remove(user().user_id)
    assert await stores.users.login("t1") is None
    assert list(await stores.users.all()) == []


async def test_ending_logins_by_token_by_user_and_all(stores: Stores) -> None:
    anna, bo = user(1, "anna"), user(2, "bo")

    async def fill() -> None:
        for token, owner in (("a1", anna), ("a2", anna), ("b1", bo)):
            await stores.users.add_login(login(token, owner))

    async def left() -> list[str]:
        return [t for t in ("a1", "a2", "b1") if await stores.users.login(t) is not None]

    await fill()
    await stores.users.end_logins(token_hash="a1")
    assert await left() == ["a2", "b1"]
    await fill()
    await stores.users.end_logins(user=anna.user_id)
    assert await left() == ["b1"]
    await fill()
    await stores.users.end_logins()
    assert await left() == []
