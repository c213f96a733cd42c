"""What the box says in English sentences, in the reader's language.

The box writes announcements, gate checks and refusals once, in English, for every console, log and
command line. `languages/box/<language>.po` has them with braces where values stand; a sentence is
recognised by what stands around its values, and a value that is a sentence is looked up in turn.
What nobody has translated stays as the box wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tui.language import box_says, spoken, tr

_BRACES = re.compile(r"\{(\w+)\}")
_DEEPEST = 3


def told(sentence: str) -> str:
    """`sentence` in the language spoken."""
    return _told(sentence, 0)


def _told(sentence: str, depth: int) -> str:
    plain = tr(sentence)
    if plain != sentence or not sentence or depth > _DEEPEST:
        return plain
    found = recognised(sentence)
    if found is None:
        return sentence
    translation, values = found
    return translation.format(**{name: _told(value, depth + 1) for name, value in values.items()})


def recognised(sentence: str) -> tuple[str, Mapping[str, str]] | None:
    """The translation's pattern and the values in `sentence`, or None."""
    texts = box_says()
    if sentence in texts:
        return texts[sentence], {}
    for pattern, translation in _patterns(spoken()):
        if match := pattern.fullmatch(sentence):
            return translation, match.groupdict()
    return None


@lru_cache
def _patterns(_: str) -> list[tuple[re.Pattern[str], str]]:
    """Those with the most words of their own first; compiled once for a language."""
    texts = box_says()
    with_values = sorted(
        (text for text in texts if _BRACES.search(text)),
        key=lambda text: -len(_BRACES.sub("", text)),
    )
    return [(_pattern(text), texts[text]) for text in with_values]


def _pattern(text: str) -> re.Pattern[str]:
    """Values are taken as short as what stands around them lets them be."""
    parts = _BRACES.split(text)
    written = [
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    ]
    return re.compile("".join(written), re.DOTALL)
