"""A document as a PDF: A4, one column, tables that break across pages.

With Debian's DejaVu fonts every letter of the EU's languages is there. Without them PDF's own
Helvetica serves, which knows Latin-1: å, ä, ö, é stand, what it lacks loses its mark.
"""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

from appliance.cli.slips import latin_1
from appliance.core.documents import Bullets, Document, Grid, Heading, Paragraph

FONTS = Path("/usr/share/fonts/truetype/dejavu")
_BODY, _CELL = 9.5, 7.0
_HEADING = {2: 13.0, 3: 10.5}


def as_pdf(document: Document, fonts: Path = FONTS) -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_title(document.title)
    pdf.set_auto_page_break(True, margin=18)
    writer = _Writer(pdf, fonts)
    pdf.add_page()
    writer.heading(document.title, 16)
    for block in document.blocks:
        match block:
            case Heading():
                writer.heading(block.text, _HEADING[block.level])
            case Paragraph():
                writer.line(block.text)
            case Bullets():
                for item in block.items:
                    writer.line(f"- {item}")
            case Grid():
                writer.grid(block)
    return bytes(pdf.output())


class _Writer:
    def __init__(self, pdf: FPDF, fonts: Path) -> None:
        self._pdf = pdf
        self._unicode = (fonts / "DejaVuSans.ttf").is_file()
        if self._unicode:
            pdf.add_font("document", "", fonts / "DejaVuSans.ttf")
            pdf.add_font("document", "B", fonts / "DejaVuSans-Bold.ttf")
        self._family = "document" if self._unicode else "helvetica"

    def heading(self, text: str, size: float) -> None:
        self._pdf.ln(3)
        self._font("B", size)
        self._cell(text, size)

    def line(self, text: str) -> None:
        self._font("", _BODY)
        self._cell(text, _BODY)

    def grid(self, grid: Grid) -> None:
        self._pdf.ln(1)
        self._font("", _CELL)
        with self._pdf.table(line_height=_CELL * 0.45, text_align="LEFT") as table:
            for cells in (grid.header, *grid.rows):
                row = table.row()
                for cell in cells:
                    row.cell(self._text(cell))
        self._pdf.ln(2)

    def _cell(self, text: str, size: float) -> None:
        self._pdf.multi_cell(
            0, size * 0.5, self._text(text), align="L", new_x="LMARGIN", new_y="NEXT"
        )

    def _font(self, style: str, size: float) -> None:
        self._pdf.set_font(self._family, style, size)

    def _text(self, text: str) -> str:
        plain = text.replace("**", "").replace("`", "")
        return plain if self._unicode else latin_1(plain)
