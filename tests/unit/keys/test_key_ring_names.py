"""The live key and the names from the roster's import to `open`, over restarts of the box."""

from __future__ import annotations

import asyncio

import pytest

from appliance.core.errors import Locked
from appliance.core.ids import AttemptId
from appliance.services.key_ring import KeyRing
from tests.support.key_material import OFFICER, RECOVERY, REVIEWER
from tests.unit.keys.conftest import ANNA, BO, EXAM, LEAD, A, Box, log_in, opened

NAMES = AttemptId(EXAM)


async def imported(ring: KeyRing) -> bytes:
    """What a roster's import does with keys; the identity key."""
    await ring.remember(ANNA, "pw")
    await ring.create_live_key(EXAM, ANNA, anew=True)
    return await ring.identity_key(EXAM)


async def test_officer_reviewer_and_recovery_have_the_identity_key(box: Box) -> None:
    ring = box.start()
    key = await imported(ring)
    assert await ring.identity_key(EXAM) == key
    for holder in (OFFICER, REVIEWER, RECOVERY):
        assert await box.opened_by(holder, NAMES) == {0: key}


async def test_before_a_roster_s_import_there_is_nothing_to_open_names_with(box: Box) -> None:
    with pytest.raises(Locked):
        await box.start().identity_key(EXAM)


async def test_names_survive_a_night_switched_off_and_need_a_login_in_the_morning(
    box: Box,
) -> None:
    key = await imported(box.start())
    ring = box.start()
    with pytest.raises(Locked, match="must log in again") as locked:
        await ring.identity_key(EXAM)
    assert locked.value.code == "locked-until-login"
    assert await log_in(ring, ANNA, "pw")
    assert await ring.identity_key(EXAM) == key


async def test_open_is_refused_until_somebody_has_unlocked_the_names(box: Box) -> None:
    key = await imported(box.start())
    ring = box.start()
    with pytest.raises(Locked, match="log in again and repeat this") as refused:
        await ring.create_live_key(EXAM, ANNA)
    assert refused.value.code == "log-in-again"
    await ring.remember(BO, "other")  # who has no wrap, so nothing is unlocked by it
    with pytest.raises(Locked, match="who had logged in to this exam"):
        await ring.create_live_key(EXAM, BO)
    await log_in(ring, ANNA, "pw")
    await ring.create_live_key(EXAM, BO)
    assert await ring.identity_key(EXAM) == key
    # And from here on the one who opened it unlocks it, too.
    ring = box.start()
    assert await log_in(ring, BO, "other")
    assert await ring.identity_key(EXAM) == key


async def test_who_logged_in_before_the_import_has_a_wrap_from_it(box: Box) -> None:
    ring = box.start()
    for user, passphrase in ((ANNA, "pw"), (BO, "other")):
        assert not await log_in(ring, user, passphrase)
    await ring.create_live_key(EXAM, ANNA, [BO, LEAD], anew=True)  # LEAD has not logged in
    made = await ring.attempt_key(EXAM, A)
    for user, passphrase in ((ANNA, "pw"), (BO, "other")):
        ring = box.start()
        assert await log_in(ring, user, passphrase)
        assert await ring.key_for(EXAM, A, 1) == made.secret
    ring = box.start()
    await ring.remember(LEAD, "the lead's")
    with pytest.raises(Locked, match="before the box was restarted"):
        await ring.welcome(EXAM, LEAD, "the lead's")


async def test_a_roster_imported_anew_needs_no_passphrase_of_before(box: Box) -> None:
    """Whoever imported the first has left the school: the names are replaced, the key with them."""
    old = await imported(box.start())
    ring = box.start()
    await ring.remember(BO, "other")
    await ring.create_live_key(EXAM, BO, anew=True)
    new = await ring.identity_key(EXAM)
    assert new != old
    assert await box.opened_by(REVIEWER, NAMES) == {0: new}
    ring = box.start()
    assert await log_in(ring, BO, "other")
    assert await ring.identity_key(EXAM) == new


async def test_a_roster_imported_twice_in_one_sitting_keeps_its_key(box: Box) -> None:
    ring = box.start()
    assert await imported(ring) == await imported(ring)


async def test_lost_key_files_do_not_keep_the_hall_locked(box: Box) -> None:
    ring = await opened(box.start())
    lost = await ring.attempt_key(EXAM, A)
    await asyncio.to_thread(box.files.destroy, EXAM)
    ring = box.start()
    await ring.remember(ANNA, "pw")
    with pytest.raises(Locked):  # without a pepper nothing is believed to be open
        await ring.welcome(EXAM, ANNA, "pw")
    await asyncio.to_thread(box.files.put_pepper, EXAM, bytes(32))
    assert await ring.welcome(EXAM, ANNA, "pw")
    with pytest.raises(Locked):
        await ring.key_for(EXAM, A, lost.epoch)  # the reviewer has it
    after = await ring.attempt_key(EXAM, A)
    assert after.epoch == 2
    ring = box.start()
    assert await log_in(ring, ANNA, "pw")
    assert await ring.key_for(EXAM, A, 2) == after.secret


async def test_creating_the_live_key_twice_keeps_the_first(box: Box) -> None:
    ring = box.start()
    await ring.remember(ANNA, "pw")
    await asyncio.gather(*(ring.create_live_key(EXAM, ANNA) for _ in range(4)))
    made = await ring.attempt_key(EXAM, A)
    ring = box.start()
    await ring.unlock(EXAM, ANNA, "pw")
    await ring.remember(ANNA, "pw")
    await ring.create_live_key(EXAM, ANNA)
    assert await ring.key_for(EXAM, A, 1) == made.secret


async def test_logins_while_the_exam_is_being_opened_all_get_a_wrap(box: Box) -> None:
    ring = box.start()
    await ring.remember(ANNA, "a")
    await asyncio.gather(ring.create_live_key(EXAM, ANNA), log_in(ring, ANNA, "a"))
    await log_in(ring, BO, "b")
    made = await ring.attempt_key(EXAM, A)
    for user, passphrase in ((ANNA, "a"), (BO, "b")):
        ring = box.start()
        assert await log_in(ring, user, passphrase)
        assert await ring.key_for(EXAM, A, 1) == made.secret


async def test_close_before_anybody_else_s_login_leaves_no_file(box: Box) -> None:
    ring = box.start()
    await imported(ring)
    await ring.destroy(EXAM)
    assert await asyncio.to_thread(box.live_files) == []
    assert not await log_in(ring, ANNA, "pw")
    assert await asyncio.to_thread(box.live_files) == []
