"""Which pictures are compared with which: one frame, or the mean of three as the product decides.

A reference is a picture described as a portrait is, a probe one or three pictures described as
frames are. Genuine comparisons have both of one person, impostor ones of two; every reference meets
every probe of other persons, since the pairs a benchmark lists are too few for one in a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.descriptors import Vector, log_odds
from appliance.cli.verification_figures import Scores
from appliance.core.settings import Descriptor

_FRAMES = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparisons:
    """Scores with the persons (numbered) they come from: `genuine_of` of each genuine score,
    `impostor_of` n x 2 (reference's, probe's). `references` and `probes` count per person."""

    genuine: Scores
    genuine_of: NDArray[np.int64]
    impostor: Scores
    impostor_of: NDArray[np.int64]
    references: NDArray[np.int64]
    probes: NDArray[np.int64]


def one_frame(
    portraits: Mapping[str, Vector], frames: Mapping[str, Vector], descriptor: Descriptor
) -> Comparisons:
    """Every picture as a reference against every other picture as a single frame."""
    names = list(frames)
    persons = _persons(names)
    scores = log_odds(_stack(portraits, names), _stack(frames, names), descriptor)
    other_picture = ~np.eye(len(names), dtype=bool)
    return _comparisons(scores, persons, persons, other_picture)


def three_frames(
    portraits: Mapping[str, Vector], frames: Mapping[str, Vector], descriptor: Descriptor
) -> Comparisons:
    """Every picture as a reference against the mean of three other pictures of a person.

    A person with k >= 4 pictures gives k probes: pictures 2 to 4, 3 to 5, and so on around. Its
    genuine comparison is with the picture before those three.
    """
    names = list(frames)
    persons = _persons(names)
    before, probes = [], []
    for person in range(int(persons.max(initial=-1)) + 1):
        own = np.flatnonzero(persons == person)
        if len(own) > _FRAMES:
            for first in range(len(own)):
                before.append(own[first])
                probes.append([own[(first + step) % len(own)] for step in (1, 2, 3)])
    stacked = _stack(frames, names)
    means = stacked[np.array(probes)].mean(axis=1).astype(np.float32)
    scores = log_odds(_stack(portraits, names), means, descriptor)
    genuine = np.zeros(scores.shape, bool)
    genuine[np.array(before), np.arange(len(before))] = True
    return _comparisons(scores, persons, persons[np.array(before)], genuine)


def _comparisons(
    scores: Vector,
    of_row: NDArray[np.int64],
    of_column: NDArray[np.int64],
    may_match: NDArray[np.bool_],
) -> Comparisons:
    same = of_row[:, None] == of_column[None, :]
    rows, columns = np.nonzero(~same)
    matching_rows, matching_columns = np.nonzero(same & may_match)
    count = int(of_row.max(initial=-1)) + 1
    return Comparisons(
        genuine=scores[matching_rows, matching_columns].astype(np.float64),
        genuine_of=of_row[matching_rows],
        impostor=scores[rows, columns].astype(np.float64),
        impostor_of=np.stack([of_row[rows], of_column[columns]], axis=1),
        references=np.bincount(of_row, minlength=count),
        probes=np.bincount(of_column, minlength=count),
    )


def _persons(names: Sequence[str]) -> NDArray[np.int64]:
    _, numbers = np.unique([name.split("/")[0] for name in names], return_inverse=True)
    return np.asarray(numbers, np.int64)


def _stack(vectors: Mapping[str, Vector], names: Sequence[str]) -> Vector:
    return np.stack([vectors[name] for name in names])
