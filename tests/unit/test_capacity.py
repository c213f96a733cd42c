"""What a measured class says about larger ones, and when a rehearsal is not good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.capacity import Held, Readings, Resource, capacity, shortcomings
from appliance.rehearsal.class_report import ClassReport, document, lines

READ = Readings(
    candidates=20,
    seconds=100.0,
    cpu_cores=0.2,
    cores=2,
    rss_peak_bytes=800_000_000,
    rss_idle_bytes=400_000_000,
    memory_bytes=4_000_000_000,
    disk_free_bytes=100_000_000_000,
    received_bytes=20 * 100 * 150_000 // 8,
    link_bit_s=1_000_000_000,
)
HELD = Held(
    lost=0,
    refused=0,
    ack_p99_ms=120.0,
    ack_p99_quiet_ms=60.0,
    ack_p99_rush_ms=110.0,
    ack_p99_end_ms=130.0,
    staged=2,
    observed=2,
    observation_delay_p95_s=0.8,
    live_views=2,
    live_views_shown=2,
    storm_seconds=3.0,
)


def test_each_resource_is_drawn_on_by_itself() -> None:
    most = capacity(READ)
    assert READ.bit_s_per_candidate == 150_000
    assert most.by_resource == {
        Resource.PROCESSOR: 140,  # 2 cores at 70 %, 1 % of one each
        Resource.MEMORY: 420,  # 2.8 GB without what it takes once, 0.7 GB; 5 MB each
        Resource.DISK_ROOM: 351,  # 95 GB, 270 MB each in four hours
        Resource.NETWORK: 4666,
    }
    assert (most.first_limit, most.candidates) == (Resource.PROCESSOR, 140)


@pytest.mark.parametrize(
    ("candidates", "idle_mb", "peak_mb"),
    [(2, 404, 708), (30, 404, 769), (100, 404, 857), (200, 404, 967), (30, 704, 769)],
    ids=["2", "30", "100", "200", "30 on a box that had looked at recordings"],
)
def test_a_small_class_says_of_memory_what_a_large_one_says(
    candidates: int, idle_mb: int, peak_mb: int
) -> None:
    """Of what was measured: models are there once, and not once for each candidate."""
    read = replace(
        READ,
        candidates=candidates,
        rss_idle_bytes=idle_mb * 10**6,
        rss_peak_bytes=peak_mb * 10**6,
    )
    assert 900 < capacity(read).by_resource[Resource.MEMORY] < 1500


def test_what_is_scarce_gives_first() -> None:
    assert capacity(replace(READ, disk_free_bytes=10**9)).first_limit is Resource.DISK_ROOM
    assert capacity(replace(READ, link_bit_s=10**7)).first_limit is Resource.NETWORK
    assert capacity(replace(READ, memory_bytes=800_000_000)).first_limit is Resource.MEMORY


def test_a_box_of_which_something_ended_is_not_good() -> None:
    """Whatever was lost with it, and if by luck nothing was."""
    (said,) = shortcomings(replace(HELD, ended=("relay", "gateway", "relay")), READ)
    assert "ended in the middle of it: gateway, relay." in said


def test_a_hall_that_does_not_catch_up_is_not_good() -> None:
    (said,) = shortcomings(replace(HELD, storm_seconds=None), READ)
    assert "did not all arrive" in said


def test_a_card_that_tells_no_speed_is_left_out() -> None:
    assert Resource.NETWORK not in capacity(replace(READ, link_bit_s=None)).by_resource


def test_a_box_that_is_full_holds_nobody() -> None:
    assert capacity(replace(READ, disk_free_bytes=0)).candidates == 0


def test_a_rehearsal_that_kept_everything_is_good() -> None:
    assert shortcomings(HELD, READ) == []
    assert (
        shortcomings(replace(HELD, staged=0, observed=0, observation_delay_p95_s=None), READ) == []
    )


@pytest.mark.parametrize(
    ("worse", "word"),
    [
        (replace(HELD, lost=1), "lost"),
        (replace(HELD, refused=3), "refused"),
        (replace(HELD, observed=1), "never reached"),
        (replace(HELD, live_views_shown=0), "live pictures"),
        (replace(HELD, ack_p99_ms=501.0), "until it was safe"),
        (replace(HELD, observation_delay_p95_s=2.1), "later"),
    ],
)
def test_what_was_not_kept_is_said(worse: Held, word: str) -> None:
    (sentence,) = shortcomings(worse, READ)
    assert word in sentence


def test_a_box_that_is_too_small_for_the_class_is_not_called_good() -> None:
    (said,) = shortcomings(HELD, replace(READ, disk_free_bytes=10**9))
    assert "holds about 3 candidates, fewer than the 20" in said


def test_memory_beyond_what_the_cores_need_is_not_good() -> None:
    assert shortcomings(HELD, replace(READ, rss_peak_bytes=1_490_000_000)) == []
    (said,) = shortcomings(HELD, replace(READ, rss_peak_bytes=1_600_000_000))
    assert said == "The box took 1.6 GB of memory (at most 1.5 GB wanted)."
    more = replace(READ, rss_peak_bytes=1_600_000_000, cores=4)
    assert shortcomings(HELD, more) == []  # of more media workers


REPORT = ClassReport(
    box="Aula", throw_away=False, minutes=5, acknowledged=600, read=READ, class_cores=0.1,
    held=HELD, capacity=capacity(READ),
)  # fmt: skip


def test_the_page_for_the_head_begins_with_the_verdict_and_the_size() -> None:
    page = lines(REPORT)
    assert page[2] == (
        "GOOD: the box held all 20 candidates, nothing was lost, and everything came in time."
    )
    assert page[4] == (
        "About 140 candidates fit. What gives first is the processor, which looks at the "
        "recordings."
    )
    box, disk, network = page[5:8]
    assert box.endswith("about 140: its processor 140, its memory 420")
    assert disk.endswith("about 351 in an exam of four hours, with 100 GB free")
    assert network.endswith("about 4666 at the 1000 Mbit/s of the candidates' network card")
    each = "(60 before the network was cut, 110 after it, 130 once the time of all was up)"
    assert page[page.index(f"{' ' * 17}{each}") - 1].endswith("safe on the box within 120 ms")
    assert all(len(line) <= 100 for line in page)


def test_a_network_of_unknown_speed_is_said_not_left_out() -> None:
    read = replace(READ, link_bit_s=None)
    (network,) = [
        line
        for line in lines(replace(REPORT, read=read, capacity=capacity(read)))
        if line.startswith("  The network")
    ]
    assert "not known: the candidates' card tells no speed" in network
    assert len(network) <= 100
    assert "about 4666" in network


@pytest.mark.parametrize(
    "worse",
    [
        replace(HELD, lost=1),
        replace(HELD, refused=1),
        replace(HELD, observed=1),
        replace(HELD, live_views_shown=1),
        replace(HELD, storm_seconds=None),
        replace(HELD, ack_p99_ms=501.0),
        replace(HELD, observation_delay_p95_s=2.1),
    ],
)
def test_each_shortcoming_takes_the_good_word_away_everywhere(worse: Held) -> None:
    report = replace(REPORT, held=worse)
    page = "\n".join(lines(report))
    assert "NOT GOOD:" in page
    assert "\nGOOD" not in page
    assert document(report)["good"] is False
    assert str(document(report)["verdict"]).startswith("not good: ")
