"""The key ring: what opens when, and what never does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.core.errors import Locked, WrongConfiguration
from tests.support.key_material import OFFICER, RECOVERY, REVIEWER
from tests.unit.keys.conftest import ANNA, BO, EXAM, A, B, Box, log_in, opened, unlock, wrap_for


async def test_a_key_seals_and_opens_while_the_exam_is_open(box: Box) -> None:
    ring = box.start()
    assert not ring.unlocked(EXAM)
    await opened(ring)
    assert ring.unlocked(EXAM)
    key = await ring.attempt_key(EXAM, A)
    assert (key.epoch, len(key.secret)) == (1, 32)
    assert await ring.attempt_key(EXAM, A) == key
    assert await ring.key_for(EXAM, A, 1) == key.secret
    assert (await ring.attempt_key(EXAM, B)).secret != key.secret


async def test_reviewer_and_recovery_have_every_key_before_it_is_used(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    key = await ring.attempt_key(EXAM, A)
    for holder in (REVIEWER, RECOVERY):
        assert await box.opened_by(holder, A) == {1: key.secret}
    assert await box.opened_by(OFFICER, A) == {}  # names only


async def test_many_first_uses_at_once_make_one_key(box: Box) -> None:
    ring = box.start()
    keys = await asyncio.gather(*(ring.attempt_key(EXAM, A) for _ in range(10)))
    assert len({key.secret for key in keys}) == 1
    assert await box.stores.envelopes.last_epoch(A) == 1


async def test_without_a_reviewer_no_key_is_made(box: Box) -> None:
    box.recipients = [RECOVERY.recipient, OFFICER.recipient]
    with pytest.raises(WrongConfiguration, match="No reviewer"):
        await box.start().attempt_key(EXAM, A)
    assert await box.stores.envelopes.last_epoch(A) == 0


async def test_after_a_restart_snippets_are_sealed_but_nothing_opens_until_a_login(
    box: Box,
) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "correct horse")
    before = await ring.attempt_key(EXAM, A)

    ring = box.start()
    assert not ring.unlocked(EXAM)
    during = await ring.attempt_key(EXAM, A)
    assert during.epoch == 2
    with pytest.raises(Locked, match="must log in again") as locked:
        await ring.key_for(EXAM, A, before.epoch)
    assert locked.value.code == "locked-until-login"

    await unlock(ring, ANNA, "correct horse")
    assert ring.unlocked(EXAM)
    assert await ring.key_for(EXAM, A, 1) == before.secret
    assert await ring.key_for(EXAM, A, 2) == during.secret
    assert (await ring.attempt_key(EXAM, A)).epoch == 2

    # What was made while it was locked has its wrap now: a second restart finds both.
    ring = box.start()
    await unlock(ring, ANNA, "correct horse")
    assert await ring.key_for(EXAM, A, 1) == before.secret
    assert await ring.key_for(EXAM, A, 2) == during.secret


async def test_only_the_right_person_and_passphrase_unlock(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "correct horse")
    ring = box.start()
    with pytest.raises(Locked, match="ask an invigilator who had"):
        await unlock(ring, BO, "correct horse")
    with pytest.raises(Locked, match="Your passphrase does not unlock"):
        await unlock(ring, ANNA, "wrong horse")
    assert not ring.unlocked(EXAM)


async def test_a_wrap_is_worth_nothing_under_another_user_or_without_its_pepper(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "pw")
    live = box.state / "live" / EXAM

    def move() -> None:
        (live / f"wrap-{ANNA}").rename(live / f"wrap-{BO}")

    await asyncio.to_thread(move)
    with pytest.raises(Locked):
        await unlock(box.start(), BO, "pw")
    await wrap_for(ring, ANNA, "pw")
    await asyncio.to_thread(box.files.put_pepper, EXAM, bytes(32))
    with pytest.raises(Locked):
        await unlock(box.start(), ANNA, "pw")


async def test_a_new_login_replaces_the_wrap_of_an_old_passphrase(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "old")
    await wrap_for(ring, ANNA, "new")
    with pytest.raises(Locked):
        await unlock(box.start(), ANNA, "old")
    await unlock(box.start(), ANNA, "new")


async def test_after_close_the_box_opens_nothing_whatever_it_has_kept(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "pw")
    key = await ring.attempt_key(EXAM, A)
    await ring.destroy(EXAM)
    await ring.destroy(EXAM)
    assert not ring.unlocked(EXAM)
    for ask in (ring.key_for(EXAM, A, key.epoch), ring.identity_key(EXAM)):
        with pytest.raises(Locked, match="the key was destroyed") as locked:
            await ask
        assert locked.value.code == "locked-for-good"
    for act in (
        ring.attempt_key(EXAM, A),
        ring.attempt_key(EXAM, B),
        opened(ring),
        unlock(ring, ANNA, "pw"),
        wrap_for(ring, ANNA, "pw"),
    ):
        with pytest.raises(Locked, match="the key was destroyed"):
            await act
    assert await asyncio.to_thread(box.live_files) == []
    assert list(await box.stores.envelopes.under_live(EXAM)) == []
    # Also for a gateway started anew, and the reviewer still opens.
    with pytest.raises(Locked, match="the key was destroyed"):
        await box.start().key_for(EXAM, A, key.epoch)
    with pytest.raises(Locked, match="the key was destroyed"):
        await unlock(box.start(), ANNA, "pw")
    assert await box.opened_by(REVIEWER, A) == {1: key.secret}


async def test_keys_made_while_the_exam_closes_are_not_kept(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    making = asyncio.ensure_future(ring.attempt_key(EXAM, A))
    await asyncio.sleep(0)
    await ring.destroy(EXAM)
    try:
        key = await making
    except Locked:
        pass
    else:
        with pytest.raises(Locked):
            await ring.key_for(EXAM, A, key.epoch)
    assert list(await box.stores.envelopes.under_live(EXAM)) == []


async def test_a_late_upload_s_key_is_in_its_envelopes_and_nowhere_else(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await ring.attempt_key(EXAM, A)
    await ring.destroy(EXAM)
    one, two = await ring.one_time_key(EXAM, A), await ring.one_time_key(EXAM, A)
    assert (one.epoch, two.epoch) == (2, 3)
    assert one.secret != two.secret
    assert (await box.opened_by(REVIEWER, A))[3] == two.secret
    with pytest.raises(Locked):
        await ring.key_for(EXAM, A, 2)


async def test_one_altered_row_does_not_keep_the_hall_locked(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "pw")
    await ring.attempt_key(EXAM, A)
    kept = await ring.attempt_key(EXAM, B)
    await box.stores.envelopes.set_under_live(A, 1, bytes(60))
    ring = box.start()
    await unlock(ring, ANNA, "pw")
    assert await ring.key_for(EXAM, B, 1) == kept.secret
    with pytest.raises(Locked, match="a reviewer's key opens it"):
        await ring.key_for(EXAM, A, 1)


async def test_a_wrapped_key_moved_to_another_attempt_does_not_open(box: Box) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "pw")
    await ring.attempt_key(EXAM, A)
    await ring.attempt_key(EXAM, B)
    ((_, _, of_a), _) = await box.stores.envelopes.under_live(EXAM)
    await box.stores.envelopes.set_under_live(B, 1, of_a)
    ring = box.start()
    await unlock(ring, ANNA, "pw")
    with pytest.raises(Locked):
        await ring.key_for(EXAM, B, 1)


async def test_nothing_printed_of_the_ring_shows_a_key(box: Box) -> None:
    ring = box.start()
    await log_in(ring, ANNA, "pw")
    waiting = repr(vars(ring))
    await opened(ring)
    key = await ring.attempt_key(EXAM, A)
    identity = await ring.identity_key(EXAM)
    shown = waiting + repr(ring) + repr(vars(ring)) + repr(key)
    for secret in (key.secret, identity):
        assert repr(secret)[2:-1] not in shown
    assert "secret" not in shown
    assert "kek" not in shown


async def test_a_key_made_in_the_moment_of_unlocking_survives_the_next_restart(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = box.start()
    await opened(ring)
    await wrap_for(ring, ANNA, "pw")
    ring = box.start()
    add = type(box.stores.envelopes).add

    async def add_and_unlock_meanwhile(*arguments: Any) -> None:
        await add(*arguments)  # wrapped for nobody yet: the exam was locked when it was made
        await unlock(ring, ANNA, "pw")

    with monkeypatch.context() as patch:
        patch.setattr(type(box.stores.envelopes), "add", add_and_unlock_meanwhile)
        made = await ring.attempt_key(EXAM, A)
    ring = box.start()
    await unlock(ring, ANNA, "pw")
    assert await ring.key_for(EXAM, A, 1) == made.secret
