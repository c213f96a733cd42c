"""A phone as the camera: only where phones trust the box, once, and then the page has moved."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import validate
from tests.support.box import RealBox, running_box
from tests.support.box_api import BoxApi, Prepared
from tests.support.qr_code import scanned


async def test_without_a_public_certificate_it_is_refused_in_a_sentence(
    box: RealBox, exam: Prepared, candidate: BoxApi
) -> None:
    assert await candidate.ok("GET", "/api/v1/attempts/me/phone") == {"available": False}
    path, body = "/api/v1/attempts/me/phone", {"seat_code": exam.seats["A1"]}
    refused = await candidate.ask("POST", path, json=body)
    assert (refused.status, refused.code) == (403, "no-public-certificate")
    assert "does not trust the box's certificate" in refused.json["detail"]


async def test_the_code_moves_the_page_to_the_phone_once() -> None:
    with tempfile.TemporaryDirectory(prefix="hvbox-") as directory:
        async with running_box(Path(directory), validate=validate) as box:
            await asyncio.to_thread(_say_that_the_certificate_is_public, box)
            await box.restart()
            lead = await box.login()
            exam = await box.new_exam(lead)
            computer, phone, another = box.api(), box.api(), box.api()
            await computer.join(exam.code, exam.seats["A1"], PageKey())
            shown = await computer.ok(
                "POST", "/api/v1/attempts/me/phone", json={"seat_code": exam.seats["A1"]}
            )
            url = await asyncio.to_thread(scanned, shown["qr"])
            assert url.startswith(f"{box.origin}/?")
            codes = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
            assert (codes["e"], codes["s"]) == (exam.code, exam.seats["A1"])

            joined = await take_over(phone, codes)
            assert joined == (201, "")
            gone = await computer.ask("GET", "/api/v1/attempts/me")
            assert (gone.status, gone.code) == (401, "taken-over")
            assert (await take_over(another, codes))[1] == "seat-taken", "the code worked twice"

            # The computer hears how the phone does, and that is all it still may ask.
            where = "/api/v1/attempts/me/elsewhere"
            on_phone = {"phone": True, "over": False}
            assert await computer.ok("GET", where) == {**on_phone, "filming": False}
            notice = await phone.ok("GET", "/api/v1/attempts/me/notice")
            answer = {"version": notice["version"], "answer": "acknowledged"}
            await phone.ok("POST", "/api/v1/attempts/me/notice", json=answer)
            devices = {"camera": True, "microphone": False}
            await phone.ok("POST", "/api/v1/attempts/me/devices", json=devices)
            assert await computer.ok("GET", where) == {**on_phone, "filming": True}
            assert (await box.api().ask("GET", where)).status == 401


def _say_that_the_certificate_is_public(box: RealBox) -> None:
    path = box.state / "box.toml"
    text = path.read_text()
    assert "public_certificate = false" in text
    path.write_text(text.replace("public_certificate = false", "public_certificate = true"))


async def take_over(page: BoxApi, codes: dict[str, str]) -> tuple[int, str]:
    key = PageKey()
    nonce = (await page.ok("POST", "/api/v1/join/challenge"))["nonce"]
    reply = await page.ask(
        "POST",
        "/api/v1/join",
        json={
            "exam_code": codes["e"],
            "seat_code": codes["s"],
            "takeover_code": codes["t"],
            "nonce": nonce,
            "public_key": key.public(),
            "signature": key.sign_join(codes["e"], codes["s"], nonce),
        },
    )
    page.token = reply.json.get("token")
    return reply.status, "" if reply.status == 201 else reply.code
