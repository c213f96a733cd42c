"""A phone as the camera: only where phones trust the box, once, and then the page has moved."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import cv2
import numpy as np

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import validate
from tests.support.box import RealBox, running_box
from tests.support.box_api import BoxApi, Prepared


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
    return reply.status, "" if reply.status == 201 else reply.code


def scanned(data_uri: str) -> str:
    """What a phone reads: the picture's own squares, drawn large and decoded."""
    svg = unquote(data_uri.split(",", 1)[1])
    size = int(re.search(r"width=.(\d+)", svg).group(1)) // 6  # type: ignore[union-attr]
    picture = np.full((size, size), 255, np.uint8)
    path = re.search(r" d=.([^'\"]+)", svg).group(1)  # type: ignore[union-attr]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmhv])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        elif command == "h":
            picture[int(y), round(x) : round(x + values[0])] = 0
            x += values[0]
    for scale in (4, 6, 8, 10):  # OpenCV does not find every code at every size
        large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
        for reader in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            text, _, _ = reader.detectAndDecode(large)
            if text:
                return str(text)
    raise AssertionError("no phone could read this")
