"""Promise 3: nobody learns which names exist; factors and passphrases are replaced by the right
person, at once and everywhere."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest

from appliance.adapters.crypto.one_time_codes import TimeCodes
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.errors import HallvaktError
from appliance.core.ids import UserId
from appliance.core.people import User
from appliance.core.roles import Role
from appliance.rehearsal.free_ports import free_port
from appliance.services.accounts import Accounts
from tests.support.box import LEAD, PASSPHRASE, RealBox
from tests.support.box_api import BoxApi, Reply
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness

NEW = "en helt ny lösenfras"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


# --- what a try tells: by behaviour, not by a clock ----------------------------------------------


@dataclass
class CountingHasher:
    """Every hash is `hash of ...`; counts what was asked."""

    verified: list[str] = field(default_factory=list)

    def hash(self, passphrase: str) -> str:
        return f"hash of {passphrase}"

    def verify(self, passphrase_hash: str, passphrase: str) -> bool:
        self.verified.append(passphrase_hash)
        return passphrase_hash == f"hash of {passphrase}"


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    opened = await asyncio.to_thread(open_stores, tmp_path)
    for name, secret in (("anna", None), ("bo", SECRET)):
        await opened.users.add(
            User(
                user_id=UserId(name.encode().hex().ljust(32, "0")),
                name=name,
                role=Role.INVIGILATOR,
                passphrase_hash="hash of right",
                totp_secret=secret,
            )
        )
    yield opened
    await opened.close()


def _accounts(stores: Stores, hasher: CountingHasher, clock: FakeClock) -> Accounts:
    async def nothing(person: object, passphrase: str) -> None: ...

    return Accounts(
        users=stores.users,
        exams=stores.exams,
        audit=stores.audit,
        hasher=hasher,
        codes=TimeCodes(),
        clock=clock,
        randomness=FakeRandomness(),
        after_login=nothing,
    )


@pytest.mark.parametrize(
    ("name", "passphrase", "code"),
    [
        ("nobody", "right", None),
        ("anna", "wrong", None),
        ("bo", "wrong", None),
        ("bo", "right", None),  # the factor is missing
        ("bo", "right", "000000"),
        ("bo", "wrong", "000000"),
    ],
)
async def test_every_wrong_try_costs_one_hash_and_says_the_same(
    stores: Stores, name: str, passphrase: str, code: str | None
) -> None:
    hasher = CountingHasher()
    accounts = _accounts(stores, hasher, FakeClock())
    answers: list[tuple[str, str]] = []
    hashes: list[int] = []
    for _ in range(6):
        before = len(hasher.verified)
        with pytest.raises(HallvaktError) as refused:
            await accounts.login(name, passphrase, code)
        answers.append((refused.value.code, refused.value.message))
        hashes.append(len(hasher.verified) - before)
    wrong = "The name, the passphrase or the one-time code is wrong: try again."
    assert answers[:3] == [("wrong-login", wrong)] * 3
    assert [code for code, _ in answers[3:]] == ["throttled"] * 3
    assert hashes == [1, 1, 1, 0, 0, 0]  # known or not; and a name that must wait costs none
    assert await stores.audit.entries() == []


# --- on a served box -----------------------------------------------------------------------------


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="hvbox-"))  # short: a Unix socket lies in it
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def box(directory: Path) -> AsyncIterator[RealBox]:
    served = RealBox(directory / "box", free_port())
    await asyncio.to_thread(served.make)
    try:
        await served.start()
        yield served
    finally:
        await served.stop()


async def _try(box: RealBox, user: str, passphrase: str, code: str | None = None) -> Reply:
    body = {"user": user, "passphrase": passphrase, "one_time_code": code}
    return await box.api().ask("POST", "/api/v1/login", json=body)


async def _new_user(lead: BoxApi, name: str, role: str, *, factor: bool = False) -> Any:
    new = {"name": name, "role": role, "passphrase": PASSPHRASE, "second_factor": factor}
    return await lead.ok("POST", "/api/v1/users", json=new | {"all_exams": True})


async def hallvakt(state: Path, *words: str, secrets: tuple[str, ...]) -> tuple[int, Any, str]:
    """Both passphrases by one descriptor, one line each."""
    read, write = os.pipe()
    os.write(write, "".join(f"{line}\n" for line in secrets).encode())
    os.close(write)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", *words, "--state", str(state),
        *("--passphrase-fd", str(read), "--json"),
        *(("--new-passphrase-fd", str(read)) if words[1] == "passphrase" else ()),
        pass_fds=(read,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(read)
    out, said = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else None, said.decode()


async def test_unknown_and_known_names_get_the_same_bytes(box: RealBox) -> None:
    unknown, known = await _try(box, "nobody-here", "wrong"), await _try(box, LEAD, "wrong")
    assert (unknown.status, unknown.body) == (known.status, known.body) == (401, known.body)
    varying = {"Date"}
    assert {k: v for k, v in unknown.headers.items() if k not in varying} == {
        k: v for k, v in known.headers.items() if k not in varying
    }


async def test_the_lead_resets_a_lost_factor(box: RealBox) -> None:
    lead = await box.login()
    added = await _new_user(lead, "otto", "invigilator", factor=True)
    old = pyotp.TOTP(added["totp_secret"])
    otto = box.api()
    answer = await _try(box, "otto", PASSPHRASE, old.now())
    otto.token = answer.json["token"]
    path = f"/api/v1/users/{added['user_id']}/second-factor"
    assert (await otto.ask("POST", path)).status == 403  # nobody does it for themselves

    words = ("user", "reset-second-factor", "otto", "--as", LEAD)
    code, reset, said = await hallvakt(box.state, *words, secrets=(PASSPHRASE, ""))
    assert code == 0, said
    assert reset["totp_uri"].startswith("otpauth://totp/Hallvakt:otto?")
    assert (await otto.ask("GET", "/api/v1/exams")).status == 401  # what was open has ended
    assert (await _try(box, "otto", PASSPHRASE, old.now())).status == 401
    fresh = pyotp.TOTP(reset["totp_secret"])
    assert (await _try(box, "otto", PASSPHRASE, fresh.now())).status == 200
    stores = await asyncio.to_thread(open_stores, box.state)
    entries = [e for e in await stores.audit.entries() if e.action == "user-reset-second-factor"]
    await stores.close()
    assert [e.about for e in entries] == [added["user_id"]]
    code, _, said = await hallvakt(
        box.state, "user", "reset-second-factor", "noone", "--as", LEAD, secrets=(PASSPHRASE, "")
    )
    assert (code, "user list" in said) == (2, True)


async def test_a_changed_passphrase_counts_at_once_and_opens_the_exam_after_a_restart(
    box: RealBox,
) -> None:
    lead, elsewhere = await box.login(), await box.login()
    await box.new_exam(lead)
    words = ("user", "passphrase", "--as", LEAD)
    code, _, said = await hallvakt(box.state, *words, secrets=(PASSPHRASE, "", "short"))
    assert (code, "at least" in said) == (2, True)
    code, _, said = await hallvakt(box.state, *words, secrets=(PASSPHRASE, "", NEW))
    assert code == 0, said
    for stale in (lead, elsewhere):
        assert (await stale.ask("GET", "/api/v1/exams")).status == 401
    assert (await _try(box, LEAD, PASSPHRASE)).status == 401
    await box.restart()
    again = await box.login(passphrase=NEW)
    assert (await again.ok("GET", "/api/v1/box"))["unlocked"] is True


async def test_a_token_alone_does_not_change_the_passphrase(box: RealBox) -> None:
    lead = await box.login()
    body = {"passphrase": "guessed wrongly", "new_passphrase": NEW}
    codes = [(await lead.ask("POST", "/api/v1/passphrase", json=body)).code for _ in range(4)]
    assert codes == ["wrong-login"] * 3 + ["throttled"]
    assert (await lead.ask("GET", "/api/v1/exams")).status == 200
