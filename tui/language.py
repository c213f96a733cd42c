"""The console in the reader's language.

Texts are written in English where they are used and looked up when they are shown: `tr` for one
text, `several` for a number of things, `text` marks one in a table that is looked up later. The
catalogues are gettext files in `languages/`; what one lacks, the box's own (`appliance.languages`)
may have, and after that it stays English. One process speaks one language.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from pathlib import Path

from appliance.core.wording import Translate, english
from appliance.languages import read_catalogue, read_languages, read_refusals

_DIRECTORY = Path(__file__).parent / "languages"

_OTHER = {"en": "sv", "sv": "en"}
_look_up: Translate = english
_spoken = "en"
_box_says: Mapping[str, str] = {}


def text(written: str) -> str:
    """`written` as it stands: marks a text that `tr` will be asked for later."""
    return written


def tr(written: str, /, **values: object) -> str:
    """The text in the language spoken, `values` filled into its braces."""
    found = _look_up(written)
    return found.format(**values) if values else found


def several(one: str, many: str, n: int, /, **values: object) -> str:
    """`one` when `n` is 1, else `many`, with `{n}` and `values` filled in. English and Swedish
    have the same two forms; a language with more needs more than this."""
    return tr(one if n == 1 else many, n=n, **values)


def speak(language: str) -> str:
    """Speak `language` (`sv`, `sv_SE.UTF-8`, `en`) from now on; answers the one that is spoken.

    Reads files: call it before anything is shown.
    """
    of_core = read_languages()
    chosen = of_core.language_of(language.split(".")[0])
    own, others = catalogue(chosen), of_core.translation(chosen)
    speak_as(lambda written: own.get(written) or others(written))
    global _spoken, _box_says
    refusals = read_refusals().get(chosen, {})
    _spoken, _box_says = chosen, {**refusals, **catalogue(f"box/{chosen}")}
    return chosen


def spoken() -> str:
    """The language spoken now, e.g. `sv`."""
    return _spoken


def box_says() -> Mapping[str, str]:
    """Sentences of the box, with braces where values stand, in the language spoken."""
    return _box_says


def speak_another() -> str:
    """Speak the other language the console has; answers which. Reads files."""
    return speak(_OTHER.get(_spoken, "en"))


def speak_as(look_up: Translate) -> None:
    """Speak whatever `look_up` answers: for tests that look for texts nobody marked."""
    global _look_up
    _look_up = look_up


def of_this_terminal() -> str:
    """The language that the person's environment asks for, by the rules of gettext."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if asked := os.environ.get(name):
            return asked
    return locale.getlocale()[0] or "en"


def catalogue(language: str) -> Mapping[str, str]:
    """English text to its translation; empty when the console has no file for the language."""
    file = _DIRECTORY / f"{language}.po"
    return read_catalogue(file) if file.exists() else {}
