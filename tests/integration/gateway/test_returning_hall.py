"""200 candidates come back from a cut at once: nobody is refused, nothing is lost, and the pace
that the box asks for keeps its answers quick."""

from __future__ import annotations

from tests.support.box import RealBox
from tests.support.box_api import BoxApi
from tests.support.returning_hall import come_back, seated

CANDIDATES, SNIPPETS = 200, 6


async def test_a_hall_that_comes_back_is_taken_in_without_a_storm(
    box: RealBox, lead: BoxApi
) -> None:
    pages = await seated(box, lead, CANDIDATES)
    for cut in range(3):  # the machine's disk may have stood still for seconds
        returned = await come_back(pages, SNIPPETS, paced=True, after=cut * SNIPPETS)
        assert returned.statuses == {201: CANDIDATES * SNIPPETS}
        assert returned.longest_wait_ms > 0, "the box asked nobody to wait"
        # Without its pace 200 uploads at once wait for each other: each as long as all take.
        whole_round_ms = 1000 * returned.seconds / SNIPPETS
        if returned.p99_ms < whole_round_ms:
            break
    assert returned.p99_ms < whole_round_ms, f"{returned.p99_ms:.0f} ms"
