"""Slips as text and as PDF; the codes are read back with OpenCV."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.cli import slips
from appliance.cli.slips import Slip

URL = "https://10.0.0.5:8443/#exam=ABC234&seat=K7M2XY"


def slip(number: int = 1, name: str = "Kandidat Öst") -> Slip:
    return Slip.of(
        {"name": name, "hall": "Aulan", "seat": f"A{number}", "seat_code": "K7M2XY", "url": URL},
        title="Matematik 3c",
        exam_code="ABC234",
    )


def test_text_has_what_a_candidate_types() -> None:
    text = slips.as_text([slip()])
    for word in ("Kandidat Öst", "A1", "Aulan", "ABC234", "K7M2XY", "https://10.0.0.5:8443/ "):
        assert word in text


def test_the_code_on_the_screen_is_the_link() -> None:
    """Half blocks back into pixels, then through a real decoder. A block is a light module: the
    terminal is dark."""
    halves = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    lines = [line for line in slips.as_text([slip()]).splitlines()[2:] if line]
    rows = [[halves[cell][half] for cell in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, np.uint8), np.ones((8, 8), np.uint8)).astype(np.uint8)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == URL


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (8, 1), (9, 2)])
def test_eight_slips_go_on_a_page(count: int, pages: int) -> None:
    pdf = slips.as_pdf([slip(n) for n in range(count)])
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == pages


def test_the_code_on_paper_is_the_link() -> None:
    """The rectangles of the PDF, painted and read by a real decoder."""
    stream = pdf_page(slips.as_pdf([slip()]))
    rectangles = [
        [float(number) for number in line.split()[:4]]
        for line in stream.splitlines()
        if line.endswith(" re f")
    ]
    assert len(rectangles) > 200
    left, bottom = (min(r[n] for r in rectangles) for n in (0, 1))
    scale = 4.0
    picture = np.full((600, 600), 255, np.uint8)
    for x, y, width, height in rectangles:
        x0, y0 = (x - left) * scale + 60, (y - bottom) * scale + 60
        corner = (round(x0 + width * scale), round(y0 + height * scale))
        cv2.rectangle(picture, (round(x0), round(y0)), corner, 0, -1)
    upright = np.ascontiguousarray(picture[::-1])  # PDF counts from the bottom
    assert cv2.QRCodeDetector().detectAndDecode(upright)[0] == URL


@pytest.mark.parametrize("name", ["Łukasz Żółć", "Γιώργος", "Nguyễn Thị Hương", "名前", "A" * 200])
def test_any_name_can_be_printed(name: str, tmp_path: Path) -> None:
    assert slips.as_pdf([slip(name=name)]).startswith(b"%PDF-")
    assert slips.as_pdf([slip(name=name)], fonts=tmp_path).startswith(b"%PDF-")


def pdf_page(pdf: bytes) -> str:
    for piece in pdf.split(b"stream\n")[1:]:
        try:
            content = zlib.decompress(piece)
        except zlib.error:
            continue
        if b" re f" in content:
            return content.decode("latin-1")
    raise AssertionError("the PDF has no page with rectangles")
