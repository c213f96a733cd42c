"""Language and colours that a person chose are there again at the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.conftest import drawn, hall_is_shown, log_in, said, until
from tui.app import ConsoleApp
from tui.language import speak
from tui.preferences import Preferences, PreferencesFile, usual_file
from tui.shift import Shift


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


def test_it_lies_where_the_desktop_keeps_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    assert usual_file() == Path("/elsewhere/hallvakt/console.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", "/home/someone")
    assert usual_file() == Path("/home/someone/.config/hallvakt/console.toml")


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "hallvakt" / "console.toml"
    PreferencesFile(file).keep(language="sv", theme="hallvakt-light")
    again = PreferencesFile(file)
    assert again.read() == Preferences(language="sv", theme="hallvakt-light")
    again.keep(pictures="off")
    assert PreferencesFile(file).read().theme == "hallvakt-light"
    assert [path.name for path in file.parent.iterdir()] == ["console.toml"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'colour = "red"\n', "nothing is called colour"),
        (b'theme = "pink"\n', "theme is one of"),
        (b"language = [1]\n", "language is one of"),
        (b"not toml", "console.toml"),
        (b"\xff\xfe", "console.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_and_costs_nothing(
    tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "console.toml"
    file.write_bytes(content)
    preferences = PreferencesFile(file)
    assert preferences.read() == Preferences()
    assert why in preferences.trouble


async def test_chosen_at_the_console_and_kept(shift: Shift, tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    preferences = PreferencesFile(file)
    app = ConsoleApp(shift, preferences=preferences)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await log_in(pilot)
        await until(pilot, lambda: hall_is_shown(pilot))
        await pilot.press("ctrl+t", "f2")
        await until(pilot, lambda: hall_is_shown(pilot) and "Titta hit" in drawn(pilot))
        await until(pilot, lambda: preferences.now.language == "sv")
        assert app.theme == "hallvakt-light"
    kept = PreferencesFile(file)
    await asyncio.to_thread(kept.read)
    assert kept.now.language == "sv"
    assert kept.now.theme == "hallvakt-light"
    assert ConsoleApp(shift, preferences=kept).theme == "hallvakt-light"


async def test_settings_that_cannot_be_kept_are_said(shift: Shift) -> None:
    file = Path("/proc/self/console.toml")  # nobody can write there
    async with ConsoleApp(shift, preferences=PreferencesFile(file)).run_test() as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "could not be kept" in said(pilot))
