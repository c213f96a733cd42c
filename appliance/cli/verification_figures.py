"""Error rates of one-to-one verification from scores of pairs. Pure numbers, no pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.core.errors import BadInput

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures by their names relative to the folder, and whether they show one person."""

    one: str
    other: str
    same: bool


def read_pairs(path: Path) -> tuple[list[Pair], int]:
    """The pairs and the number of folds, from a file in LFW's format.

    Its first line holds folds and pairs of each kind per fold (or the latter alone); then lines
    `name number number` for one person, `name number name number` for two.
    """
    try:
        lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
        head = [int(word) for word in lines[0]]
        folds = head[0] if len(head) == 2 else 1
        return [_pair(words) for words in lines[1:]], folds
    except (OSError, ValueError, IndexError) as error:
        raise BadInput(f"{path} is not a pairs file in LFW's format: {error}.") from error


def _pair(words: list[str]) -> Pair:
    if len(words) == 3:
        name, one, other = words
        return Pair(_picture(name, one), _picture(name, other), same=True)
    name, one, other_name, other = words
    return Pair(_picture(name, one), _picture(other_name, other), same=False)


def _picture(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"


def accuracy_over_folds(scores: Scores, same: NDArray[np.bool_], folds: int) -> tuple[float, float]:
    """Mean accuracy and threshold: each fold is judged at the threshold best for the others."""
    parts = np.array_split(np.arange(len(scores)), folds)
    if folds == 1:
        threshold = _best_threshold(scores, same)
        return float(((scores >= threshold) == same).mean()), threshold
    accuracies, thresholds = [], []
    for part in parts:
        others = np.setdiff1d(np.arange(len(scores)), part)
        threshold = _best_threshold(scores[others], same[others])
        accuracies.append(((scores[part] >= threshold) == same[part]).mean())
        thresholds.append(threshold)
    return float(np.mean(accuracies)), float(np.mean(thresholds))


def _best_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    order = np.argsort(scores)
    ranked, is_same = scores[order], same[order]
    # Accepting from the i-th score on: wrong are the same pairs before it, the others after it.
    wrong = np.concatenate([[0], np.cumsum(is_same)]) + np.concatenate(
        [np.cumsum(~is_same[::-1])[::-1], [0]]
    )
    best = int(np.argmin(wrong))
    low = ranked[max(best - 1, 0)]
    high = ranked[min(best, len(ranked) - 1)]
    return float((low + high) / 2)


def equal_error_rate(scores: Scores, same: NDArray[np.bool_]) -> float:
    """Where as many of one person are refused as of two are accepted."""
    genuine, impostor = np.sort(scores[same]), np.sort(scores[~same])
    thresholds = np.sort(scores)
    refused = np.searchsorted(genuine, thresholds, side="left") / len(genuine)
    accepted = 1.0 - np.searchsorted(impostor, thresholds, side="left") / len(impostor)
    nearest = int(np.argmin(np.abs(refused - accepted)))
    return float((refused[nearest] + accepted[nearest]) / 2)


def accepted_at(genuine: Scores, impostor: Scores, false_acceptance: float) -> float:
    """Share of `genuine` accepted where at most `false_acceptance` of `impostor` is."""
    return float((genuine > threshold_at(impostor, false_acceptance)).mean())


def threshold_at(impostor: Scores, false_acceptance: float) -> float:
    """The score above which at most `false_acceptance` of `impostor` lies."""
    allowed = min(int(false_acceptance * len(impostor)), len(impostor) - 1)
    return float(np.partition(impostor, len(impostor) - 1 - allowed)[len(impostor) - 1 - allowed])


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """95 % confidence interval of a share of `count` (Wilson 1927)."""
    z = 1.96
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return float(centre - half), float(min(1.0, centre + half))
