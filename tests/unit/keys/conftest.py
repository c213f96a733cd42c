"""A box whose gateway can be restarted: the same files and rows, a new key ring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.ids import AttemptId, ExamId, UserId
from appliance.core.keys import Recipient
from appliance.services.key_ring import KeyRing
from tests.support.fake_randomness import FakeRandomness
from tests.support.key_material import OFFICER, RECOVERY, REVIEWER, Holder, QuickWrapping

EXAM = ExamId("0e" * 16)
A, B = AttemptId("0a" * 16), AttemptId("0b" * 16)
ANNA, BO, LEAD = (UserId(two * 16) for two in ("01", "02", "03"))


@dataclass
class Box:
    state: Path
    stores: Stores
    recipients: list[Recipient]
    randomness: FakeRandomness = field(default_factory=FakeRandomness)

    @property
    def files(self) -> LiveKeyFiles:
        return LiveKeyFiles(self.state / "live")

    def start(self) -> KeyRing:
        def recipients() -> Sequence[Recipient]:
            return self.recipients

        return KeyRing(
            envelopes=self.stores.envelopes,
            wrapping=QuickWrapping(),
            files=self.files,
            randomness=self.randomness,
            recipients=recipients,
        )

    async def opened_by(self, holder: Holder, attempt: AttemptId) -> dict[int, bytes]:
        """Epoch -> key, out of the envelopes alone."""
        return {
            e.epoch: open_envelope(holder.private, e)
            for e in await self.stores.envelopes.of_attempt(attempt)
            if e.recipient_id == holder.recipient.recipient_id
        }

    def live_files(self) -> list[str]:
        return sorted(
            str(p.relative_to(self.state / "live")) for p in (self.state / "live").rglob("*")
        )


async def opened(ring: KeyRing) -> KeyRing:
    """With a live key, made by somebody who has logged in."""
    await ring.remember(LEAD, "the lead's")
    await ring.create_live_key(EXAM, LEAD)
    return ring


async def log_in(ring: KeyRing, user: UserId, passphrase: str) -> bool:
    """What a login does; whether the exam is unlocked after it."""
    await ring.remember(user, passphrase)
    return await ring.welcome(EXAM, user, passphrase)


async def unlock(ring: KeyRing, user: UserId, passphrase: str) -> None:
    await ring.remember(user, passphrase)
    await ring.unlock(EXAM, user, passphrase)


async def wrap_for(ring: KeyRing, user: UserId, passphrase: str) -> None:
    await ring.remember(user, passphrase)
    await ring.wrap_for(EXAM, user)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    stores = await asyncio.to_thread(open_stores, tmp_path)
    everybody = [holder.recipient for holder in (REVIEWER, RECOVERY, OFFICER)]
    yield Box(tmp_path, stores, everybody)
    await stores.close()
