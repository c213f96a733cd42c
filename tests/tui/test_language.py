"""The console speaks Swedish as well as English, everywhere, and nothing on it was forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from appliance.languages import read_languages
from tests.tui.conftest import Console, drawn
from tests.tui.scenes import SCENES, Scene
from tests.tui.scripted_box import ScriptedBox
from tui import language
from tui.language import catalogue, several, speak, speak_as, tr
from tui.shift import Shift

_CONSOLE = Path(language.__file__).parent
_MARKS = {"tr": (0,), "text": (0,), "several": (0, 1), "Binding": (2,)}


def marked() -> Iterator[str]:
    """Every text that the console's code marks for translation."""
    for file in _CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for at in _MARKS.get(node.func.id, ()):
                    if at < len(node.args) and isinstance(written := node.args[at], ast.Constant):
                        yield str(written.value)


def test_every_text_of_the_console_has_swedish() -> None:
    texts = {each for each in marked() if each}
    assert len(texts) > 250
    swedish = catalogue("sv")
    assert sorted(texts - set(swedish)) == [], "write these into tui/languages/sv.po"


def test_translations_keep_the_places_to_fill_in() -> None:
    def places(written: str) -> list[str]:
        return sorted(name for _, name, _, _ in Formatter().parse(written) if name)

    wrong = {en: sv for en, sv in catalogue("sv").items() if places(en) != places(sv)}
    assert wrong == {}


def test_the_shortest_words_fit_a_narrow_desk(swedish: None) -> None:
    """A desk in the map has room for nine letters (`seat_words.phrases`)."""
    short = ["look", "2nd comp.", "hand up", "watched", "in", "nobody", "two faces", "not alike"]
    short += ["turned", "covered", "frozen", "voices", "noise"]
    assert {word: tr(word) for word in short if len(tr(word)) > 9} == {}


def test_swedish_is_spoken_and_english_is_the_rest(swedish: None) -> None:
    assert tr("Nothing needs eyes.") == "Inget att titta på."
    assert several("{n} seat", "{n} seats", 1) == "1 plats"
    assert several("{n} seat", "{n} seats", 3) == "3 platser"
    of_core = "the face does not look like the photo"
    assert tr(of_core) == read_languages().translation("sv")(of_core) != of_core
    assert tr("a word that nobody wrote") == "a word that nobody wrote"
    assert speak("de_DE.UTF-8") == "en"
    assert tr("Nothing needs eyes.") == "Nothing needs eyes."


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
    ],
)
def test_the_terminal_says_which_language(
    environment: dict[str, str], spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        assert speak(language.of_this_terminal()) == spoken
    finally:
        speak("en")


def test_a_catalogue_is_read_whole() -> None:
    written = (_CONSOLE / "languages" / "sv.po").read_text("utf-8")
    assert len(catalogue("sv")) == len(re.findall(r"^msgid ", written, re.MULTILINE)) - 1


# What is not the console's own: names of seats, keys and things of the world outside.
_GIVEN = re.compile(
    r"Hallvakt|hallvakt|ingrid|Ingrid|Matematik|Hall|K7M2QX|k7m2qx|Hello|Nobody sends here|"
    r"fused|various|papa|bracelet|dress|guilt|ajar|smear|[0-9a-f]{16,}|[0-9A-F]{4}|"
    r"enter|esc|tab|end|home|space|ctrl\+\w|f1|shift"
)


@pytest.fixture
def letterless() -> Iterator[None]:
    """A language without Latin letters."""
    speak_as(lambda written: re.sub(r"(\{.*?\})|[A-Za-z]", lambda m: m[1] or "я", written))
    yield
    speak("en")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_no_word_on_a_screen_escapes_translation(
    scene: Scene, letterless: None, console: Console, box: ScriptedBox, shift: Shift
) -> None:
    """Every Latin word that is left was never looked up."""
    shift.names_hidden = True
    async with console((120, 40)) as pilot:
        await scene(pilot, box)
        left = re.findall(r"[A-Za-z][a-z]{2,}", _GIVEN.sub("", drawn(pilot)))
    assert left == []
