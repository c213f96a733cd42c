"""How many candidates a box holds, from what a rehearsal measured. Pure.

Each resource is extrapolated on its own: what one candidate took, against what there is, up to
the share that leaves room for the unexpected. The smallest answer is what gives first. These are
straight lines through one measured point: true near the point, an estimate far from it, so the
report names the size of the class that was really simulated beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# A box that is busier than this answers late when something unusual happens.
_FULLEST = 0.7
_EXAM_HOURS = 4.0
# What a box takes once, however small the class: a media worker's models and decoders, and a relay;
# then each candidate's connections. With one media worker: 404 MB before a class came, and at most
# 708, 769, 857 and 967 to 1,025 with 2, 30, 100 and 200 (`hallvakt rehearse --candidates N`).
_ONCE_A_WORKER = 300_000_000
_LEAST_EACH = 1_500_000


class Resource(StrEnum):
    PROCESSOR = "processor"
    MEMORY = "memory"
    DISK_ROOM = "disk room"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Of the box alone, while the class was recording. The simulated class is not in them.

    `cpu_cores`: cores' worth of CPU time the box used. `rss_idle_bytes`: before the class came.
    `link_bit_s` None where the card does not tell its speed.
    """

    candidates: int
    seconds: float
    cpu_cores: float
    cores: int
    rss_peak_bytes: int
    rss_idle_bytes: int
    memory_bytes: int
    disk_free_bytes: int
    received_bytes: int
    link_bit_s: int | None

    @property
    def bit_s_per_candidate(self) -> float:
        return 8 * self.received_bytes / self.seconds / self.candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """`candidates` for each resource, for an exam of four hours, and the one that gives first."""

    by_resource: dict[Resource, int]

    @property
    def first_limit(self) -> Resource:
        return min(self.by_resource, key=lambda resource: self.by_resource[resource])

    @property
    def candidates(self) -> int:
        return self.by_resource[self.first_limit]


def capacity(read: Readings) -> Capacity:
    each_cpu = read.cpu_cores / read.candidates
    before_each = read.rss_idle_bytes + _ONCE_A_WORKER * max(1, read.cores - 1)
    # The least counts where the class is small, or the box had looked at recordings before.
    each_memory = max(_LEAST_EACH, (read.rss_peak_bytes - before_each) / read.candidates)
    each_hour = read.bit_s_per_candidate / 8 * 3600
    room = {
        Resource.PROCESSOR: read.cores * _FULLEST / each_cpu if each_cpu > 0 else 1e6,
        Resource.MEMORY: (read.memory_bytes * _FULLEST - before_each) / each_memory,
        Resource.DISK_ROOM: read.disk_free_bytes * 0.95 / max(1.0, each_hour * _EXAM_HOURS),
    }
    if read.link_bit_s:
        room[Resource.NETWORK] = link_holds(read, read.link_bit_s)
    return Capacity(by_resource={k: _whole(v) for k, v in room.items()})


def link_holds(read: Readings, link_bit_s: int) -> int:
    """Candidates on a card of that speed."""
    return _whole(link_bit_s * _FULLEST / max(1.0, read.bit_s_per_candidate))


def _whole(candidates: float) -> int:
    return max(0, min(int(candidates), 100_000))


# --- the verdict -------------------------------------------------------------------------------

# What a person in the hall notices: a page that says "sending", an incident that comes late.
SLOWEST_ACK_MS = 500.0
LATEST_OBSERVATION_S = 2.0
# Gateway, relay and a media worker for each core but one: 1.5 GB on the two cores that hold 200.
_MEMORY_A_CORE = 750_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What was promised to the simulated class, and kept or not. `ack_p99_ms` is of all; the three
    below it are of the time before the network went away, from then on, and from the moment at
    which everybody's time was up (0 where nothing was sent)."""

    lost: int
    refused: int
    ack_p99_ms: float
    ack_p99_quiet_ms: float
    ack_p99_rush_ms: float
    ack_p99_end_ms: float
    staged: int
    observed: int
    observation_delay_p95_s: float | None
    live_views: int
    live_views_shown: int
    storm_seconds: float | None
    ended: tuple[str, ...] = ()


def shortcomings(held: Held, read: Readings) -> list[str]:
    """Sentences, worst first; empty when the rehearsal was good."""
    found = []
    if held.lost > 0:
        found.append(f"{_recordings(held.lost)} lost.")
    if held.refused:
        found.append(f"{_recordings(held.refused)} refused for good.")
    if held.ended:
        found.append(
            f"Of the box ended in the middle of it: {', '.join(sorted(set(held.ended)))}. Look at "
            "its log for the reason."
        )
    if held.observed < held.staged:
        missed = held.staged - held.observed
        found.append(f"{missed} of {held.staged} staged incidents never reached the invigilator.")
    if held.live_views_shown < held.live_views:
        dark = held.live_views - held.live_views_shown
        found.append(f"{dark} of {held.live_views} live pictures never came.")
    if held.storm_seconds is None:
        found.append(
            "After the network had been cut for everybody, the recordings that had waited did not "
            "all arrive before the rehearsal ended."
        )
    most = capacity(read)
    if most.candidates < read.candidates:
        found.append(
            f"By these figures the box holds about {most.candidates} candidates, fewer than the "
            f"{read.candidates} of this rehearsal."
        )
    allowed = _MEMORY_A_CORE * max(2, read.cores)
    if read.rss_peak_bytes > allowed:
        found.append(
            f"The box took {read.rss_peak_bytes / 1e9:.1f} GB of memory (at most "
            f"{allowed / 1e9:.1f} GB wanted)."
        )
    if held.ack_p99_ms > SLOWEST_ACK_MS:
        found.append(
            f"One recording in a hundred took {held.ack_p99_ms:.0f} ms or longer until it was safe "
            f"on the box (at most {SLOWEST_ACK_MS:.0f} ms wanted)."
        )
    delay = held.observation_delay_p95_s
    if delay is not None and delay > LATEST_OBSERVATION_S:
        found.append(
            f"One incident in twenty reached the invigilator {delay:.1f} s after its recording or "
            f"later (at most {LATEST_OBSERVATION_S:.0f} s wanted)."
        )
    return found


def _recordings(count: int) -> str:
    return "1 recording was" if count == 1 else f"{count} recordings were"
