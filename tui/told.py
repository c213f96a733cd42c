"""What the box says in English sentences, in the reader's language.

The box writes announcements, gate checks and refusals once, in English, for every console, log and
command line. `languages/box/<language>.po` has them with braces where values stand
(`appliance.core.sentences`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from appliance.core.sentences import Sentences
from tui.language import box_says, spoken, tr


def told(sentence: str) -> str:
    """`sentence` in the language spoken."""
    return _sentences(spoken()).said(sentence)


def recognised(sentence: str) -> tuple[str, Mapping[str, str]] | None:
    """The translation's pattern and the values in `sentence`, or None."""
    return _sentences(spoken()).recognised(sentence)


@lru_cache
def _sentences(_: str) -> Sentences:
    """Compiled once for a language."""
    return Sentences(box_says(), tr)
