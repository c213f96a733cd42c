"""The slips that candidates find on their desks: where to go, and the code of their seat."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import segno
from fpdf import FPDF

# Debian's fonts-dejavu-core: Latin, Greek, Cyrillic and more. Without it, PDF's own Helvetica,
# which knows Latin-1 only.
_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_ACROSS, _DOWN = 2, 4
_PAGE_MM = (210, 297)
_EDGE_MM, _QR_MM = 8.0, 36.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    title: str
    exam_code: str
    name: str
    hall: str
    seat: str
    seat_code: str
    url: str

    @classmethod
    def of(cls, answer: Mapping[str, Any], title: str, exam_code: str) -> Slip:
        """From one entry of the gateway's answer."""
        fields = {key: str(answer[key]) for key in ("name", "hall", "seat", "seat_code", "url")}
        return cls(title=title, exam_code=exam_code, **fields)

    @property
    def address(self) -> str:
        """The box's address as people type it: the link without what the code page asks for."""
        return self.url.split("#", 1)[0].split("?", 1)[0]


def as_text(slips: Sequence[Slip]) -> str:
    """One block per slip, with a code to scan off the screen."""
    blocks = []
    for slip in slips:
        code = io.StringIO()
        segno.make(slip.url, error="l", micro=False).terminal(code, compact=True, border=2)
        blocks.append(
            f"{slip.hall}, seat {slip.seat}: {slip.name}\n"
            f"{slip.address}  exam code {slip.exam_code}  seat code {slip.seat_code}\n"
            f"{code.getvalue()}"
        )
    return "\n".join(blocks)


def as_pdf(slips: Sequence[Slip], fonts: Path = _FONTS) -> bytes:
    """A4, eight slips a page with lines to cut along, in the order given. `fonts` holds DejaVu."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title("Hallvakt")
    draw = _Drawing(pdf, fonts)
    for number, slip in enumerate(slips):
        place = number % (_ACROSS * _DOWN)
        if place == 0:
            pdf.add_page()
            draw.cutting_lines()
        draw.slip(slip, place % _ACROSS, place // _ACROSS)
    return bytes(pdf.output())


class _Drawing:
    def __init__(self, pdf: FPDF, fonts: Path) -> None:
        self._pdf = pdf
        self._width, self._height = _PAGE_MM[0] / _ACROSS, _PAGE_MM[1] / _DOWN
        self._unicode = (fonts / "DejaVuSans.ttf").is_file()
        if self._unicode:
            pdf.add_font("slips", "", fonts / "DejaVuSans.ttf")
            pdf.add_font("slips", "B", fonts / "DejaVuSans-Bold.ttf")
        self._family = "slips" if self._unicode else "helvetica"

    def cutting_lines(self) -> None:
        self._pdf.set_draw_color(190)
        for column in range(1, _ACROSS):
            self._pdf.line(column * self._width, 0, column * self._width, _PAGE_MM[1])
        for row in range(1, _DOWN):
            self._pdf.line(0, row * self._height, _PAGE_MM[0], row * self._height)

    def slip(self, slip: Slip, column: int, row: int) -> None:
        left, top = column * self._width + _EDGE_MM, row * self._height + _EDGE_MM
        text_width = self._width - 3 * _EDGE_MM - _QR_MM
        self._text(left, top, slip.title, 9, self._width - 2 * _EDGE_MM)
        self._text(left, top + 7, f"{slip.seat}", 26, text_width, bold=True)
        self._text(left, top + 19, slip.hall, 10, text_width)
        self._text(left, top + 25, slip.name, 10, text_width)
        self._text(left, top + 34, "exam code", 7, text_width)
        self._text(left, top + 37, slip.exam_code, 14, text_width, bold=True)
        self._text(left, top + 45, "seat code", 7, text_width)
        self._text(left, top + 48, slip.seat_code, 14, text_width, bold=True)
        self._text(left, top + 56, slip.address, 7, self._width - 2 * _EDGE_MM)
        self._code(left + text_width + _EDGE_MM, top + 9, slip.url)

    def _text(
        self, x: float, y: float, text: str, size: float, width: float, *, bold: bool = False
    ) -> None:
        """One line, made smaller until it fits."""
        text = text if self._unicode else latin_1(text)
        self._pdf.set_font(self._family, "B" if bold else "", size)
        while size > 5 and self._pdf.get_string_width(text) > width:
            size -= 0.5
            self._pdf.set_font_size(size)
        self._pdf.text(x, y + size * 0.35, text)  # a point is 0.35 mm; text() wants the baseline

    def _code(self, x: float, y: float, url: str) -> None:
        """The QR code as rectangles: sharp at any size, and no picture library."""
        matrix = segno.make(url, error="m", micro=False).matrix
        module = _QR_MM / len(matrix)
        self._pdf.set_fill_color(0)
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    # A little over a module, or printers leave hair lines between them.
                    side = module * 1.02
                    self._pdf.rect(x + column * module, y + row * module, side, side, "F")


def latin_1(text: str) -> str:
    """Letters that Helvetica lacks lose their marks; what still does not fit becomes `?`."""
    kept = [
        c if c.encode("latin-1", "ignore") else unicodedata.normalize("NFKD", c)[0] for c in text
    ]
    return "".join(kept).encode("latin-1", "replace").decode("latin-1")
