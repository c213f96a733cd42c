"""What the reviewer's page is refused with, in the language that it asks in.

The sentences are written in English where they are said, for the command line too; a language is
one file in `languages/refusals/`, read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from appliance.core.sentences import Sentences
from appliance.languages import read_refusals


def in_language(asked: str, sentence: str) -> str:
    """`asked`: as browsers ask (`sv`, `sv-SE,sv;q=0.9`). English where there is no such file."""
    sentences = refusals().get(asked[:2].lower())
    return sentence if sentences is None else sentences.said(sentence)


@cache
def refusals() -> Mapping[str, Sentences]:
    """Language -> its sentences. Reads files: not on the event loop."""
    return {language: Sentences(texts) for language, texts in read_refusals().items()}
