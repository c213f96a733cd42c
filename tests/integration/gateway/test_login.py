"""Logging in: what is told, what is slowed down, what counts once."""

from __future__ import annotations

import time

import pyotp

from tests.support.box import PASSPHRASE, RealBox
from tests.support.box_api import BoxApi, Reply


async def _try(box: RealBox, user: str, passphrase: str, code: str | None = None) -> Reply:
    body = {"user": user, "passphrase": passphrase, "one_time_code": code}
    return await box.api().ask("POST", "/api/v1/login", json=body)


async def test_unknown_names_and_wrong_passphrases_look_the_same(box: RealBox) -> None:
    unknown = await _try(box, "nobody-here", "wrong")
    known = await _try(box, "lena", "wrong")
    assert unknown.status == known.status == 401
    assert unknown.json == known.json


async def test_an_unknown_name_takes_as_long_as_a_known_one(box: RealBox) -> None:
    async def seconds(user: str) -> float:
        started = time.perf_counter()
        await _try(box, user, "wrong")
        return time.perf_counter() - started

    await seconds("warm-up")
    known, unknown = await seconds("lena"), await seconds("nobody-there")
    for _ in range(2):  # the machine may have been busy during the first
        if unknown > 0.3 * known:
            break
        assert (await _try(box, "lena", PASSPHRASE)).status == 200  # else the name has to wait
        known, unknown = await seconds("lena"), await seconds("nobody-there")
    # One Argon2id each (over 50 ms here), against about 2 ms without one.
    assert unknown > 0.3 * known


async def test_wrong_tries_of_one_name_wait_and_others_do_not(box: RealBox) -> None:
    codes = [(await _try(box, "guessed", "wrong")).code for _ in range(5)]
    assert codes[:3] == ["wrong-login"] * 3
    assert "throttled" in codes
    assert (await _try(box, "lena", PASSPHRASE)).status == 200


async def test_a_one_time_code_counts_once(box: RealBox, lead: BoxApi) -> None:
    new = {"name": "otto", "role": "technician", "passphrase": PASSPHRASE, "second_factor": True}
    added = await lead.ok("POST", "/api/v1/users", json=new)
    code = pyotp.TOTP(added["totp_secret"]).now()
    assert (await _try(box, "otto", PASSPHRASE)).code == "wrong-login"
    assert (await _try(box, "otto", PASSPHRASE, code)).status == 200
    again = await _try(box, "otto", PASSPHRASE, code)
    assert (again.status, again.code) == (401, "wrong-login")
    listed = (await lead.ok("GET", "/api/v1/users"))["users"]
    assert next(u for u in listed if u["name"] == "otto")["totp_secret"] is None


async def test_a_token_ends_with_logout(box: RealBox) -> None:
    who = await box.login()
    assert (await who.ask("POST", "/api/v1/logout")).status == 204
    assert (await who.ask("GET", "/api/v1/exams")).status == 401


async def test_tokens_and_passphrases_are_nowhere_on_disk(box: RealBox) -> None:
    who = await box.login()
    assert who.token
    for path in box.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert who.token.encode() not in content, path
            assert PASSPHRASE.encode() not in content, path
