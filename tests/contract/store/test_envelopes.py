"""EnvelopeStore and IdentityStore."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import RecipientId
from appliance.core.keys import Envelope
from tests.contract.store.samples import EXAM, OTHER_EXAM, attempt, number

OnDisk = Callable[[bytes], Awaitable[bool]]
WHO = attempt().attempt_id


def envelope(epoch: int, recipient: int = 1, sealed: bytes = b"sealed") -> Envelope:
    return Envelope(
        exam_id=EXAM,
        attempt_id=WHO,
        epoch=epoch,
        recipient_id=RecipientId(number(0x9000 + recipient)),
        sealed_key=sealed,
    )


async def test_envelopes_of_an_attempt_by_epoch(stores: Stores, other: Stores) -> None:
    assert await stores.envelopes.last_epoch(WHO) == 0
    await stores.envelopes.add([envelope(1), envelope(1, 2)], b"under live")
    await stores.envelopes.add([envelope(2)], None)
    assert list(await other.envelopes.of_attempt(WHO)) == [envelope(1), envelope(1, 2), envelope(2)]
    assert list(await other.envelopes.under_live(EXAM)) == [(WHO, 1, b"under live")]
    assert await other.envelopes.last_epoch(WHO) == 2


async def test_a_key_of_an_epoch_is_made_once(stores: Stores) -> None:
    await stores.envelopes.add([envelope(1)], None)
    with pytest.raises(Conflict):
        await stores.envelopes.add([envelope(1, 2)], None)
    with pytest.raises(Conflict):
        await stores.envelopes.add([envelope(2), envelope(3)], None)
    assert list(await stores.envelopes.of_attempt(WHO)) == [envelope(1)]


async def test_wrapped_later(stores: Stores) -> None:
    await stores.envelopes.add([envelope(1)], None)
    assert list(await stores.envelopes.under_live(EXAM)) == []
    await stores.envelopes.set_under_live(WHO, 1, b"now")
    await stores.envelopes.set_under_live(WHO, 1, b"again")
    assert list(await stores.envelopes.under_live(EXAM)) == [(WHO, 1, b"again")]
    with pytest.raises(NotFound):
        await stores.envelopes.set_under_live(WHO, 2, b"x")


async def test_close_drops_what_is_under_the_live_key_from_every_file(
    stores: Stores, on_disk: OnDisk
) -> None:
    wrapped = b"wrapped-under-the-live-key-canary"
    await stores.envelopes.add([envelope(1)], wrapped)
    await stores.envelopes.forget_live(OTHER_EXAM)
    assert list(await stores.envelopes.under_live(EXAM)) == [(WHO, 1, wrapped)]
    await stores.envelopes.forget_live(EXAM)
    await stores.envelopes.forget_live(EXAM)
    assert list(await stores.envelopes.under_live(EXAM)) == []
    assert list(await stores.envelopes.of_attempt(WHO)) == [envelope(1)]
    assert not await on_disk(wrapped)


async def test_deleted_envelopes_are_in_no_file(stores: Stores, on_disk: OnDisk) -> None:
    canary = b"sealed-key-canary" * 60
    await stores.envelopes.add([envelope(1, sealed=canary)], b"x")
    await stores.envelopes.delete(WHO)
    await stores.envelopes.delete(WHO)
    assert list(await stores.envelopes.of_attempt(WHO)) == []
    assert await stores.envelopes.last_epoch(WHO) == 0
    assert not await on_disk(canary[:17])


async def test_identities_are_one_object_per_exam(stores: Stores, on_disk: OnDisk) -> None:
    assert await stores.identities.get(EXAM) is None
    await stores.identities.put(EXAM, b"first-sealed-names")
    await stores.identities.put(EXAM, b"second-sealed-names")
    assert await stores.identities.get(EXAM) == b"second-sealed-names"
    await stores.identities.delete(EXAM)
    await stores.identities.delete(EXAM)
    assert await stores.identities.get(EXAM) is None
    assert not await on_disk(b"-sealed-names")
