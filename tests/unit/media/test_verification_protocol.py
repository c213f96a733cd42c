from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.vision.descriptors import Vector, unit
from appliance.cli import verification_protocol as protocol
from appliance.cli.bootstrap import accepted_interval
from appliance.core.settings import Descriptor

_chance = np.random.default_rng(11)
COUNTS = {"Ann": 5, "Bo": 4, "Cid": 3, "Di": 1}


def vectors(spread: float) -> dict[str, Vector]:
    """Every person's pictures lie around a direction of their own."""
    made = {}
    for person, count in COUNTS.items():
        centre = unit(_chance.normal(size=192).astype(np.float32))
        for number in range(count):
            noise = _chance.normal(size=192).astype(np.float32) * spread / np.sqrt(192)
            made[f"{person}/{person}_{number + 1:04d}.jpg"] = unit(centre + noise)
    return made


def test_every_picture_meets_every_other_once_in_each_role() -> None:
    of = vectors(0.1)
    compared = protocol.one_frame(of, of, Descriptor.MOBILEFACENET)
    pictures = sum(COUNTS.values())
    assert len(compared.genuine) == sum(n * (n - 1) for n in COUNTS.values())
    assert len(compared.impostor) == pictures**2 - sum(n * n for n in COUNTS.values())
    assert compared.genuine.min() > compared.impostor.max()


def test_three_frames_are_three_other_pictures_of_those_with_enough() -> None:
    of = vectors(0.1)
    compared = protocol.three_frames(of, of, Descriptor.MOBILEFACENET)
    assert len(compared.genuine) == 5 + 4  # Cid and Di have too few
    assert set(compared.genuine_of.tolist()) == {0, 1}
    # 13 references meet 9 probes, but for the 5 x 5 and 4 x 4 of one person.
    assert len(compared.impostor) == 13 * 9 - 25 - 16


def test_a_mean_of_three_is_surer_than_one() -> None:
    of = vectors(1.0)
    one = protocol.one_frame(of, of, Descriptor.MOBILEFACENET)
    three = protocol.three_frames(of, of, Descriptor.MOBILEFACENET)
    assert np.median(three.genuine) > np.median(one.genuine)


@pytest.mark.parametrize("spread", [0.1, 2.0])
def test_the_interval_holds_the_figure_and_is_wider_where_pictures_are_poor(spread: float) -> None:
    of = vectors(spread)
    compared = protocol.one_frame(of, of, Descriptor.MOBILEFACENET)
    low, high = accepted_interval(compared, 0.05)
    assert 0.0 <= low <= high <= 1.0
    if spread == 0.1:
        assert (low, high) == (1.0, 1.0)
    else:
        assert high - low > 0.1
