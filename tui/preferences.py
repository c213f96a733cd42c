"""What a person has set for their console, kept in their own settings file.

`$XDG_CONFIG_HOME/hallvakt/console.toml`, else `~/.config/hallvakt/console.toml`: language, theme
and way of showing pictures, nothing about any exam. The command line wins over it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from appliance.core.errors import HallvaktError
from appliance.whole_file import replace_whole
from tui.language import tr
from tui.terminal_pictures.way import WISHES
from tui.themes import THEMES
from tui.told import told

_LANGUAGES = ("sv", "en")
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "language": _LANGUAGES,
    "theme": tuple(theme.name for theme in THEMES),
    "pictures": WISHES,
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """Empty means: not set."""

    language: str = ""
    theme: str = ""
    pictures: str = ""


class PreferencesFile:
    """`file` is None where nothing is to be kept (tests, screenshots). `trouble`: one sentence
    when the file could not be used or written, to be shown once; the console starts all the same.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.trouble = ""
        self.now = Preferences()

    def read(self) -> Preferences:
        """Blocks; call it before anything is shown."""
        if self._file is None:
            return self.now
        try:
            self.now = _checked(tomllib.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:  # tomllib and UTF-8 raise kinds of ValueError
            self.trouble = tr(
                "Your settings in {file} were not used: {why}", file=self._file, why=error
            )
        return self.now

    def keep(self, **changes: str) -> None:
        """Set these and write the file anew, whole. Blocks."""
        self.now = replace(self.now, **changes)
        if self._file is None:
            return
        lines = [
            f'{field.name} = "{value}"\n'
            for field in fields(self.now)
            if (value := getattr(self.now, field.name))
        ]
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            page = "# Settings of the Hallvakt console.\n" + "".join(lines)
            replace_whole(self._file, page.encode())
        except (OSError, HallvaktError) as error:
            why = error.message if isinstance(error, HallvaktError) else str(error.strerror)
            self.trouble = tr(
                "Your settings could not be kept in {file}: {why}", file=self._file, why=told(why)
            )


def _checked(found: Mapping[str, object]) -> Preferences:
    for key, value in found.items():
        if key not in _ALLOWED:
            raise ValueError(
                tr("nothing is called {key}; there are {all}", key=key, all=", ".join(_ALLOWED))
            )
        if value not in _ALLOWED[key]:
            raise ValueError(tr("{key} is one of {all}", key=key, all=", ".join(_ALLOWED[key])))
    return Preferences(**{key: str(value) for key, value in found.items()})


def usual_file() -> Path:
    """By the XDG base directory specification."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".config"
    return root / "hallvakt" / "console.toml"
