"""Pictures as text."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from rich.style import Style

from tests.tui import halls
from tui.half_blocks import ansi_line, from_jpeg, from_rgb, runs, size_within
from tui.widgets.picture_lines import words_line

RED, BLUE = (248, 0, 0), (0, 0, 248)


def test_a_picture_keeps_its_shape() -> None:
    assert size_within((320, 240), 80, 40) == (80, 60)
    assert size_within((320, 240), 80, 20) == (53, 40)
    assert size_within((240, 320), 80, 20) == (30, 40)
    assert size_within((0, 240), 80, 20) == (0, 0)


def test_runs_merge_equal_cells() -> None:
    pixels = from_rgb(bytes(RED) * 3 + bytes(BLUE) + bytes(BLUE) * 4, 4, 2)
    assert list(runs(pixels, 0)) == [(3, RED, BLUE), (1, BLUE, BLUE)]


def test_colours_that_hardly_differ_become_equal() -> None:
    pixels = from_rgb(bytes((100, 50, 20)) + bytes((103, 55, 23)) + bytes(6), 2, 2)
    assert len(list(runs(pixels, 0))) == 1


def test_an_ansi_line_sends_a_colour_when_it_changes_and_resets() -> None:
    pixels = from_rgb(bytes(RED) * 3 + bytes(BLUE) + bytes(BLUE) * 4, 4, 2)
    line = ansi_line(pixels, 0)
    assert re.sub("\x1b\\[[0-9;]*m", "", line) == "▀▀▀▀"
    assert line.count("\x1b[48;2;0;0;248m") == 1
    assert line.endswith("\x1b[0m")


def test_a_jpeg_fits_the_cells_it_gets() -> None:
    pixels = from_jpeg(halls.picture(), 40, 10)
    assert pixels is not None
    assert (pixels.width, pixels.height) == (27, 20)
    assert len(pixels.rgb) == 3 * 27 * 20


@pytest.mark.parametrize("damaged", [b"", b"not a picture", halls.picture()[:200]])
def test_a_damaged_picture_is_no_picture(damaged: bytes) -> None:
    assert from_jpeg(damaged, 40, 10) is None


def test_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(buffer, "JPEG")
    assert from_jpeg(buffer.getvalue(), 40, 10) is None


def test_words_in_place_of_a_picture_are_not_cut_off() -> None:
    """Nine views at 80x24 leave 25 columns each."""
    lines = [
        words_line("connected; waiting for the first picture …", y, 25, 4, Style.null())[0].text
        for y in range(4)
    ]
    assert [line.strip() for line in lines] == [
        "",
        "connected; waiting for",
        "the first picture …",
        "",
    ]
    assert {len(line) for line in lines} == {25}
