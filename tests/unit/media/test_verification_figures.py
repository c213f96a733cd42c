from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from appliance.cli import verification_figures as figures
from appliance.core.errors import BadInput

SCORES = np.array([0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.0])
SAME = np.array([True, True, True, True, False, False, False, False])


def test_the_equal_error_rate_is_where_both_errors_meet() -> None:
    assert figures.equal_error_rate(SCORES, SAME) == pytest.approx(0.25)


def test_acceptance_at_a_given_false_acceptance() -> None:
    genuine, impostor = SCORES[SAME], SCORES[~SAME]
    assert figures.accepted_at(genuine, impostor, 0.0) == 0.75
    assert figures.accepted_at(genuine, impostor, 0.25) == 1.0


def test_accuracy_is_measured_on_pairs_the_threshold_was_not_chosen_from() -> None:
    accuracy, threshold = figures.accuracy_over_folds(SCORES, SAME, 1)
    assert accuracy == pytest.approx(0.875)
    assert 0.6 < threshold <= 0.7 or 0.2 < threshold <= 0.3
    # Two folds that contradict each other: each is judged badly at the other's threshold.
    scores = np.array([0.9, 0.8, 0.2, 0.1])
    same = np.array([True, False, True, False])
    fold_accuracy, _ = figures.accuracy_over_folds(scores, same, 2)
    assert fold_accuracy == pytest.approx(0.5)


def test_a_perfect_score_has_an_interval_too() -> None:
    low, high = figures.wilson_interval(1.0, 600)
    assert low == pytest.approx(0.9936, abs=1e-3)
    assert high == 1.0


def test_pairs_in_lfw_format(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("2\t1\nAnn_Bo\t1\t12\nAnn_Bo\t1\tCi_Do\t3\n")
    pairs, folds = figures.read_pairs(path)
    assert folds == 2
    assert pairs == [
        figures.Pair("Ann_Bo/Ann_Bo_0001.jpg", "Ann_Bo/Ann_Bo_0012.jpg", same=True),
        figures.Pair("Ann_Bo/Ann_Bo_0001.jpg", "Ci_Do/Ci_Do_0003.jpg", same=False),
    ]


@pytest.mark.parametrize("text", ["", "2 1\nAnn\n", "2 1\nAnn one two\n"])
def test_what_is_no_pairs_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(BadInput):
        figures.read_pairs(path)
