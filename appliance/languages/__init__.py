"""The languages people read beside English: one gettext catalogue each, `sv.po`, `fi.po`.

The `.po` file is what translators edit and what is read; nothing is compiled. A language is added
by adding its file here, or on a box in `STATE/languages`, where an update leaves it alone and where
a file of the same name wins. Copy `sv.po` to begin.

The console may import this package and `appliance.core`, and nothing else of the appliance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from appliance.core.errors import WrongConfiguration
from appliance.core.languages import Languages

SHIPPED = Path(__file__).parent
_NAME = re.compile(r"[a-z]{2,3}")  # ISO 639
_QUOTED = re.compile(r'(^|\s)"([^"\\]|\\.)*"\s*$')
_LARGEST = 2 * 1024 * 1024  # bytes; the Swedish one has some 30,000


def read_languages(*more: Path) -> Languages:
    """The shipped languages and those in the directories `more`, which need not exist.

    A file that cannot be used costs its own language only: `Languages.refused` says why, so that
    a translator's slip does not keep a box from starting in the morning of an exam.
    """
    catalogues: dict[str, Mapping[str, str]] = {}
    refused: dict[str, str] = {}
    for directory in (SHIPPED, *more):
        for path in sorted(directory.glob("*.po")):
            try:
                catalogues[path.stem] = read_catalogue(path)
                refused.pop(path.stem, None)
            except WrongConfiguration as error:
                catalogues.pop(path.stem, None)
                refused[path.stem] = error.message
    return Languages(catalogues=catalogues, refused=refused)


def read_refusals() -> Mapping[str, Mapping[str, str]]:
    """Language -> sentences with braces (`core.sentences`) that whoever reviews, or sets a box up,
    is refused with. The box's own are the console's (`tui/languages/box`)."""
    return {path.stem: read_catalogue(path) for path in (SHIPPED / "refusals").glob("*.po")}


def read_catalogue(path: Path) -> Mapping[str, str]:
    """English text -> its own, of one file. Entries without a translation and those a translator
    has marked as not looked at (`fuzzy`) are left out. Raise WrongConfiguration naming the line."""
    if not _NAME.fullmatch(path.stem) or path.stem == "en":
        raise _wrong(path, "its name must be a language's two or three small letters, as in sv.po")
    try:
        if path.stat().st_size > _LARGEST:
            raise _wrong(path, "it is larger than any list of these texts")
        catalogue = _parsed(path, path.read_bytes())
    except OSError as error:
        raise _wrong(path, f"it cannot be read ({error.strerror})") from error
    texts: dict[str, str] = {}
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        if not isinstance(message.id, str) or not isinstance(message.string, str):
            raise _wrong(path, "a text in several numbers (msgid_plural) is not used here", message)
        if not message.string.strip():
            continue
        if _placeholders(path, message.string, message) != _placeholders(path, message.id, message):
            raise _wrong(path, "the words in braces must be those of the English text", message)
        texts[message.id] = message.string
    if not texts:
        raise _wrong(path, "it translates nothing")
    return texts


def _parsed(path: Path, content: bytes) -> Catalog:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _wrong(path, f"line {line} is not UTF-8") from error
    for row, written in enumerate(text.splitlines(), start=1):
        # Babel takes a text whose quote is not closed for one that is a letter shorter.
        if written.strip() and not written.lstrip().startswith("#") and not _QUOTED.search(written):
            raise _wrong(path, f"line {row} is not gettext")
    try:
        return read_po(BytesIO(text.encode()), charset="utf-8", abort_invalid=True)
    except PoFileError as error:
        raise _wrong(path, f"line {error.lineno + 1} is not gettext") from error
    except ValueError as error:  # what Babel makes of a header it cannot understand
        raise _wrong(path, f"its header is not gettext ({error})") from error


def _placeholders(path: Path, text: str, message: object) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise _wrong(path, "a brace is opened and not closed", message) from error


def _wrong(path: Path, what: str, message: object = None) -> WrongConfiguration:
    line = getattr(message, "lineno", None)
    where = f" (line {line})" if line else ""
    return WrongConfiguration(
        f"The language file {path.name} cannot be used: {what}{where}. Mend it or take it away.",
        code="wrong-language-file",
    )
