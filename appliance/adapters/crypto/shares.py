"""A 32-byte seed as five lists of words, any three of which give it back (SLIP-39).

Each share is 33 words of SLIP-39's own list, with a checksum, made to be written on paper. Two
shares tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from appliance.core.errors import BadInput, IntegrityFailure

THRESHOLD, SHARES = 3, 5


def split(seed: bytes) -> tuple[str, ...]:
    """Five shares. Every one of the ten ways to choose three was tried before this returns."""
    (mnemonics,) = generate_mnemonics(
        group_threshold=1, groups=[(THRESHOLD, SHARES)], master_secret=seed
    )
    for chosen in combinations(mnemonics, THRESHOLD):
        if combine_mnemonics(chosen) != seed:
            raise IntegrityFailure("The shares do not give the key back: do not use them.")
    return tuple(mnemonics)


def combine(shares: Sequence[str]) -> bytes:
    """The seed. Raise BadInput when shares are missing, mistyped or of different keys."""
    words = [" ".join(share.lower().split()) for share in shares]
    if len(set(words)) < THRESHOLD:
        raise BadInput(f"{THRESHOLD} different shares are needed; {len(set(words))} were given.")
    try:
        seed: bytes = combine_mnemonics(list(dict.fromkeys(words))[:THRESHOLD])
    except MnemonicError as error:
        raise BadInput(
            "These shares do not belong together, or a word is mistyped: check each word."
        ) from error
    return seed
