"""The box's own screen: what the kernel's console shows on it, and the keys that reach it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.machine.hall import LEAD
from tests.machine.test_b_what_units_hold import SCREEN
from tests.virtual.virtual import Virtual

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(3600)]


def test_the_console_stands_on_the_screen_and_hears_the_keyboard(
    box: Virtual, tmp_path: Path
) -> None:
    """`HALLVAKT_PICTURES` names a directory where the picture is left to be looked at."""
    box.run("systemctl", "enable", "--now", SCREEN)
    box.screen.shows("Passphrase")
    box.types(LEAD)
    box.screen.shows(LEAD)
    box.picture(Path(os.environ.get("HALLVAKT_PICTURES", tmp_path)) / "screen.png")
    box.run("systemctl", "disable", "--now", SCREEN)
