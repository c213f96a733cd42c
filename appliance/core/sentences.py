"""English sentences with values in them, said in another language.

What is said once, in English, for every reader, log and command line is translated where it is
read. A catalogue has such sentences with braces where values stand; a sentence is recognised by
what stands around its values, and a value that is a sentence is looked up in turn. What nobody has
translated stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from appliance.core.wording import Translate, english

_BRACES = re.compile(r"\{(\w+)\}")
_DEEPEST = 3


class Sentences:
    """`catalogue`: English sentence with braces -> its own; `words`: looks up what has none."""

    def __init__(self, catalogue: Mapping[str, str], words: Translate = english) -> None:
        self._whole = catalogue
        self._words = words
        # Those with the most words of their own first.
        with_values = sorted(
            (text for text in catalogue if _BRACES.search(text)),
            key=lambda text: -len(_BRACES.sub("", text)),
        )
        self._patterns = [(_pattern(text), catalogue[text]) for text in with_values]

    def said(self, sentence: str) -> str:
        """`sentence` in the language of the catalogue."""
        return self._said(sentence, 0)

    def _said(self, sentence: str, depth: int) -> str:
        plain = self._words(sentence)
        if plain != sentence or not sentence or depth > _DEEPEST:
            return plain
        found = self.recognised(sentence)
        if found is None:
            return sentence
        translation, values = found
        return translation.format(
            **{name: self._said(value, depth + 1) for name, value in values.items()}
        )

    def recognised(self, sentence: str) -> tuple[str, Mapping[str, str]] | None:
        """The translation's pattern and the values in `sentence`, or None."""
        if sentence in self._whole:
            return self._whole[sentence], {}
        for pattern, translation in self._patterns:
            if match := pattern.fullmatch(sentence):
                return translation, match.groupdict()
        return None


def _pattern(text: str) -> re.Pattern[str]:
    """Values are taken as short as what stands around them lets them be."""
    parts = _BRACES.split(text)
    written = [
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    ]
    return re.compile("".join(written), re.DOTALL)
