"""Confidence intervals that know that pictures of one person are no independent trials.

Persons are drawn with replacement (Efron 1979), not pictures or pairs; a comparison counts as often
as its persons were drawn, an impostor one as often as both together. The threshold is found anew in
every draw, so its own uncertainty is in the interval too.
"""

from __future__ import annotations

import numpy as np

from appliance.cli.verification_protocol import Comparisons

_DRAWS = 400
_SPARE = 5.0  # times the share asked for: so many of the highest impostor scores are kept


def accepted_interval(compared: Comparisons, false_acceptance: float) -> tuple[float, float]:
    """95 % interval of the share of genuine comparisons accepted where `false_acceptance` of the
    impostor ones is. The draws are the same every time."""
    chance = np.random.default_rng(1)
    persons = len(compared.references)
    kept = min(
        len(compared.impostor), max(100, int(_SPARE * false_acceptance * len(compared.impostor)))
    )
    highest = np.argpartition(-compared.impostor, kept - 1)[:kept]
    highest = highest[np.argsort(-compared.impostor[highest])]
    scores, of = compared.impostor[highest], compared.impostor_of[highest]
    shares = []
    for _ in range(_DRAWS):
        drawn = np.bincount(chance.integers(0, persons, persons), minlength=persons)
        own = drawn[compared.genuine_of].astype(np.float64)
        if not own.sum():
            continue
        weights = np.cumsum(drawn[of[:, 0]] * drawn[of[:, 1]])
        references, probes = drawn * compared.references, drawn * compared.probes
        everyone = float(references.sum() * probes.sum() - references @ probes)
        at = min(int(np.searchsorted(weights, false_acceptance * everyone, side="right")), kept - 1)
        shares.append(float((own * (compared.genuine > scores[at])).sum() / own.sum()))
    low, high = np.percentile(shares, [2.5, 97.5])
    return round(float(low), 5), round(float(high), 5)
