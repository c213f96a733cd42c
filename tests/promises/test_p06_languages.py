"""Promise 6: languages are gettext catalogues; one more is one more file, and a broken file is
refused with a sentence and costs no other language anything."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import appliance.core
import tui
from appliance.core import notice_texts
from appliance.core.errors import WrongConfiguration
from appliance.core.notice import notice_for
from appliance.core.settings import ExamSettings, Features, Retention
from appliance.languages import SHIPPED, read_catalogue, read_languages
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import validate
from tests.support.box import SETTINGS, RealBox

VIDEO = ExamSettings(
    title="Prov",
    language="fi",
    retention=Retention(days=30),
    features=Features(video_snippets=True),
)
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
FINNISH = HEADER + 'msgid "In short"\nmsgstr "Lyhyesti"\n'


def texts_in_code() -> Iterator[tuple[str, str]]:
    """(module, text) of every module that says what a language must know, by `texts()`."""
    for package in (appliance.core, tui):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            listed = vars(module).get("texts")
            if callable(listed) and listed.__module__ == found.name:
                yield from ((found.name, text) for text in listed())


def test_every_text_in_the_code_stands_in_swedish_and_no_other_does() -> None:
    swedish = read_catalogue(SHIPPED / "sv.po")
    told = list(texts_in_code())
    assert {"appliance.core.notice_texts", "appliance.core.wording"} <= {m for m, _ in told}
    assert [(module, text) for module, text in told if text not in swedish] == []
    assert set(swedish) - {text for _, text in told} == set()


def test_an_added_file_is_a_language(tmp_path: Path) -> None:
    (tmp_path / "fi.po").write_text(FINNISH, encoding="utf-8")
    languages = read_languages(tmp_path)
    assert set(languages.names) == {"en", "sv", "fi"}
    languages.check("fi")
    notice = notice_for(VIDEO, languages)
    assert (notice.language, notice.sections[0].heading) == ("fi", "Lyhyesti")
    # What nobody has translated yet stays English; nothing is left out.
    assert [len(s.paragraphs) for s in notice.sections] == [
        len(s.paragraphs) for s in notice_for(VIDEO, languages, "en").sections
    ]


def test_a_school_s_own_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "sv.po").write_text(FINNISH.replace("Lyhyesti", "Kort sagt"), encoding="utf-8")
    assert notice_for(VIDEO, read_languages(tmp_path), "sv").sections[0].heading == "Kort sagt"


@pytest.mark.parametrize("entry", ["#, fuzzy\nmsgid", "msgstr_empty"])
def test_what_no_translator_has_looked_at_is_not_shown(tmp_path: Path, entry: str) -> None:
    more = f'msgid "{notice_texts.RIGHTS_HEADING}"\nmsgstr "Oikeutesi"\n'
    if entry == "msgstr_empty":
        more = more.replace("Oikeutesi", "")
    else:
        more = more.replace("msgid", entry)
    (tmp_path / "fi.po").write_text(FINNISH + "\n" + more, encoding="utf-8")
    assert notice_texts.RIGHTS_HEADING not in read_catalogue(tmp_path / "fi.po")


BROKEN = {
    "not-gettext": (FINNISH + "\nthis is not gettext\n", "line 7 is not gettext"),
    "open-quote": (FINNISH.replace('Lyhyesti"', "Lyhyesti"), "line 5 is not gettext"),
    "nothing": (HEADER, "it translates nothing"),
    "empty": ("", "it translates nothing"),
    "other-words-in-braces": (
        HEADER + 'msgid "The school\'s legal basis: {basis}."\nmsgstr "Peruste: {peruste}."\n',
        "the words in braces must be those of the English text (line 4)",
    ),
    "open-brace": (HEADER + 'msgid "In short"\nmsgstr "Lyhyesti {"\n', "brace"),
    "plural": (
        HEADER + 'msgid "seat"\nmsgid_plural "seats"\nmsgstr[0] "a"\nmsgstr[1] "b"\n',
        "several numbers",
    ),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_broken_file_is_refused_with_a_sentence(tmp_path: Path, what: str) -> None:
    content, told = BROKEN[what]
    (tmp_path / "fi.po").write_text(content, encoding="utf-8")
    languages = read_languages(tmp_path)
    assert languages.names == ("en", "sv")
    with pytest.raises(WrongConfiguration) as refused:
        languages.check("fi")
    assert told in refused.value.message
    assert "fi.po" in refused.value.message
    assert refused.value.message.endswith("Mend it or take it away.")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fi.po").write_bytes(FINNISH.replace("Lyhyesti", "Pää").encode("latin-1"))
    assert "line 5 is not UTF-8" in read_languages(tmp_path).refused["fi"]


@pytest.mark.parametrize("name", ["en.po", "Suomi.po", "fi_FI.po", "..po"])
def test_a_file_whose_name_is_no_language_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FINNISH, encoding="utf-8")
    languages = read_languages(tmp_path)
    assert languages.names == ("en", "sv")
    assert len(languages.refused) == 1
    with pytest.raises(WrongConfiguration, match="no language"):
        languages.check("fi")


async def test_a_box_takes_a_language_added_to_its_state() -> None:
    """Over HTTP: an exam in it, its notice, an answer to exactly that text; a broken one is told
    when an exam asks for it, and keeps nothing else from working."""
    with tempfile.TemporaryDirectory(prefix="hvp6-") as directory:
        box = RealBox(Path(directory) / "box", free_port(), validate=validate)
        await asyncio.to_thread(box.make)
        added = box.state / "languages"
        added.mkdir()
        (added / "fi.po").write_text(FINNISH, encoding="utf-8")
        (added / "de.po").write_text(BROKEN["not-gettext"][0], encoding="utf-8")
        try:
            await box.start()
            await _speak_finnish(box)
        finally:
            await box.stop()


async def _speak_finnish(box: RealBox) -> None:
    lead = await box.login()
    wrong = SETTINGS.replace('"sv"', '"de"')
    refused = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": wrong})
    assert refused.status == 400
    assert "de.po cannot be used: line 7" in refused.json["detail"]
    assert "de.po" in box.log()
    prepared = await box.new_exam(lead, SETTINGS.replace('"sv"', '"fi"'), to="open")
    page = box.api()
    await page.join(prepared.code, prepared.seats["A1"], PageKey())
    notice = await page.ok("GET", "/api/v1/attempts/me/notice")
    assert (notice["language"], notice["sections"][0]["heading"]) == ("fi", "Lyhyesti")
    answer = {"version": notice["version"], "answer": "acknowledged"}
    await page.ok("POST", "/api/v1/attempts/me/notice", json=answer)
