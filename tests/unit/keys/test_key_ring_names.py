"""The identity key and logins before, at and after `open`."""

from __future__ import annotations

import asyncio

import pytest

from appliance.core.errors import Locked
from appliance.core.ids import AttemptId
from tests.support.key_material import OFFICER, RECOVERY, REVIEWER
from tests.unit.keys.conftest import ANNA, BO, EXAM, A, Box

NAMES = AttemptId(EXAM)


async def test_officer_reviewer_and_recovery_have_the_identity_key(box: Box) -> None:
    ring = box.start()
    key = await ring.identity_key(EXAM)
    assert await ring.identity_key(EXAM) == key
    for holder in (OFFICER, REVIEWER, RECOVERY):
        assert await box.opened_by(holder, NAMES) == {0: key}


async def test_names_survive_a_night_switched_off_before_the_exam(box: Box) -> None:
    key = await box.start().identity_key(EXAM)
    ring = box.start()
    assert await ring.identity_key(EXAM) == key
    assert not ring.unlocked(EXAM)


async def test_from_the_first_wrap_on_names_need_a_login_after_a_restart(box: Box) -> None:
    ring = box.start()
    key = await ring.identity_key(EXAM)
    await ring.welcome(EXAM, ANNA, "pw")
    await ring.create_live_key(EXAM)
    assert await asyncio.to_thread(box.files.preparation, EXAM) is None
    ring = box.start()
    with pytest.raises(Locked, match="must log in"):
        await ring.identity_key(EXAM)
    assert await ring.welcome(EXAM, ANNA, "pw")
    assert await ring.identity_key(EXAM) == key


async def test_who_logged_in_before_open_unlocks_after_a_power_cut_right_after_it(
    box: Box,
) -> None:
    ring = box.start()
    assert not await ring.welcome(EXAM, ANNA, "pw")
    assert not await ring.welcome(EXAM, BO, "other")
    await ring.create_live_key(EXAM)
    made = await ring.attempt_key(EXAM, A)
    ring = box.start()
    assert await ring.welcome(EXAM, BO, "other")
    assert await ring.key_for(EXAM, A, 1) == made.secret


async def test_a_live_key_lost_before_its_first_wrap_is_replaced_at_the_next_login(
    box: Box,
) -> None:
    ring = box.start()
    names = await ring.identity_key(EXAM)
    await ring.create_live_key(EXAM)  # nobody logged in to this process
    lost = await ring.attempt_key(EXAM, A)
    ring = box.start()
    assert await ring.identity_key(EXAM) == names
    assert await ring.welcome(EXAM, ANNA, "pw")
    assert await ring.identity_key(EXAM) == names
    with pytest.raises(Locked):
        await ring.key_for(EXAM, A, lost.epoch)  # the reviewer has it
    after = await ring.attempt_key(EXAM, A)
    assert after.epoch == 2
    ring = box.start()
    assert await ring.welcome(EXAM, ANNA, "pw")
    assert await ring.key_for(EXAM, A, 2) == after.secret
    assert await ring.identity_key(EXAM) == names


async def test_creating_the_live_key_twice_keeps_the_first(box: Box) -> None:
    ring = box.start()
    await ring.welcome(EXAM, ANNA, "pw")
    await asyncio.gather(*(ring.create_live_key(EXAM) for _ in range(4)))
    made = await ring.attempt_key(EXAM, A)
    ring = box.start()
    with pytest.raises(Locked, match="must log in"):
        await ring.create_live_key(EXAM)
    await ring.unlock(EXAM, ANNA, "pw")
    await ring.create_live_key(EXAM)
    assert await ring.key_for(EXAM, A, 1) == made.secret


async def test_logins_while_the_exam_is_being_opened_all_get_a_wrap(box: Box) -> None:
    ring = box.start()
    await asyncio.gather(
        ring.welcome(EXAM, ANNA, "a"), ring.create_live_key(EXAM), ring.welcome(EXAM, BO, "b")
    )
    made = await ring.attempt_key(EXAM, A)
    for user, passphrase in ((ANNA, "a"), (BO, "b")):
        ring = box.start()
        assert await ring.welcome(EXAM, user, passphrase)
        assert await ring.key_for(EXAM, A, 1) == made.secret


async def test_close_before_any_login_leaves_no_file(box: Box) -> None:
    ring = box.start()
    await ring.identity_key(EXAM)
    await ring.create_live_key(EXAM)
    await ring.destroy(EXAM)
    assert await asyncio.to_thread(box.live_files) == []
    assert not await ring.welcome(EXAM, ANNA, "pw")
    assert await asyncio.to_thread(box.live_files) == []
