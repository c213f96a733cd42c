"""The head of the audit log as eight words, to be written on the paper record of an exam.

The words are those of SLIP-39 (1,024 English words of 4 to 8 letters whose first four letters are
unique), 10 bits each, most significant first: eight words are the first 80 bits of the hash. Who
wants to replace the log and keep the words needs a second preimage of 80 bits; the QR beside them
carries the whole hash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from shamir_mnemonic.wordlist import WORDLIST

from appliance.core.errors import BadInput

WORDS = 8
_BITS = 10
_BYTES = WORDS * _BITS // 8
_UNIQUE_LETTERS = 4
_BY_START = {word[:_UNIQUE_LETTERS]: number for number, word in enumerate(WORDLIST)}
_WHOLE = re.compile(r"[0-9a-f]{64}")


def head_words(head: bytes) -> str:
    """Eight words for a 32-byte hash."""
    number = int.from_bytes(head[:_BYTES], "big")
    places = range((WORDS - 1) * _BITS, -1, -_BITS)
    return " ".join(WORDLIST[number >> place & (1 << _BITS) - 1] for place in places)


def noted_head(text: str) -> bytes:
    """The start of a hash from what somebody noted: 64 hexadecimal digits (32 bytes) or eight
    words (10 bytes; their first four letters are enough). Raise BadInput."""
    text = " ".join(text.replace("-", " ").lower().split())
    if _WHOLE.fullmatch(text):
        return bytes.fromhex(text)
    words = text.split(" ")
    if len(words) != WORDS:
        raise BadInput(
            f"A noted head is {WORDS} words or 64 hexadecimal digits; these are {len(words)} "
            "words: write all of them, in quotes.",
            code="bad-head",
        )
    return sum(_index(word) << _BITS * (WORDS - 1 - n) for n, word in enumerate(words)).to_bytes(
        _BYTES, "big"
    )


def _index(word: str) -> int:
    number = _BY_START.get(word[:_UNIQUE_LETTERS])
    if number is None or not _matches(word, WORDLIST[number]):
        near: Sequence[str] = get_close_matches(word, WORDLIST, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(f"{word} is not a word of the list.{hint}", code="bad-head")
    return number


def _matches(word: str, listed: str) -> bool:
    return word == listed or word == listed[:_UNIQUE_LETTERS]
