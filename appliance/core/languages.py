"""Which languages are there, and the texts of each. The English stands in the code.

A catalogue is read on the outside (`appliance/languages`) and handed in: the core opens no file,
and a process that may open none does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.core.errors import WrongConfiguration
from appliance.core.wording import Translate, english

ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """`catalogues`: language (`sv`) -> English text -> its own. `refused`: a language whose file
    is there and cannot be used -> the sentence that says why."""

    catalogues: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (ENGLISH, *self.catalogues)

    def language_of(self, asked: str) -> str:
        """The language we have for `asked` (`sv`, `sv-SE`); `en` when there is none."""
        short = _short(asked)
        return short if short in self.catalogues else ENGLISH

    def translation(self, language: str) -> Translate:
        """Looks an English text up; a text that is missing stays English."""
        catalogue = self.catalogues.get(_short(language))
        if catalogue is None:
            return english
        return lambda text: catalogue.get(text, text)

    def check(self, language: str) -> None:
        """Raise WrongConfiguration when a notice cannot be written in this language."""
        if language in self.names:
            return
        if language in self.refused:
            raise WrongConfiguration(self.refused[language], code="wrong-language-file")
        raise WrongConfiguration(
            f'exam.language: there is no language "{language[:20]}" here. There are '
            f"{', '.join(self.names)}; another one is a file more (languages/xx.po).",
            code="no-such-language",
        )


def _short(asked: str) -> str:
    return asked.replace("_", "-").split("-")[0].lower()
