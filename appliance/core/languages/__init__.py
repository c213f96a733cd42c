"""The languages that candidates and invigilators read, beside the English in the code.

A language is one module here with `TEXTS`: the English text to its own. It is Python and not a
compiled catalogue so that it is there in every process, also one that may open no file, and so
that a test can compare it with the code. One more language: one more module, one more line.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.core.languages import sv
from appliance.core.wording import Translate, english

_CATALOGUES: Mapping[str, Mapping[str, str]] = {"sv": sv.TEXTS}
LANGUAGES = ("en", *_CATALOGUES)


def language_of(asked: str) -> str:
    """The language we have for `asked` (`sv`, `sv-SE`); `en` when there is none."""
    short = asked.replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else "en"


def translation(language: str) -> Translate:
    """Looks an English text up; a text that is missing stays English."""
    catalogue = _CATALOGUES.get(language_of(language))
    if catalogue is None:
        return english
    return lambda text: catalogue.get(text, text)
