"""What a rehearsal found, as numbers a script reads and a page a head teacher reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from appliance.core.capacity import Capacity, Held, Readings, Resource, link_holds, shortcomings

_IN_WORDS = {
    Resource.PROCESSOR: "the processor, which looks at the recordings",
    Resource.MEMORY: "memory",
    Resource.DISK_ROOM: "room on the disk, for an exam of four hours",
    Resource.NETWORK: "the network card",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """`throw_away`: measured on a box made for the occasion, because none was running.
    `class_cores`: cores' worth of CPU time that the simulated class took beside the box."""

    box: str
    throw_away: bool
    minutes: float
    acknowledged: int
    read: Readings
    class_cores: float
    held: Held
    capacity: Capacity

    @property
    def shortcomings(self) -> list[str]:
        return shortcomings(self.held, self.read)

    @property
    def verdict(self) -> str:
        if self.shortcomings:
            return "not good: " + " ".join(self.shortcomings)
        return f"good: {self.read.candidates} candidates, nothing lost"


def document(report: ClassReport) -> dict[str, Any]:
    """For `--json` and `--report`. Times in the unit of their name; `cpu_percent` of one core."""
    read, held = report.read, report.held
    return {
        "candidates": read.candidates,
        "minutes": report.minutes,
        "acknowledged": report.acknowledged,
        "lost": held.lost,
        "ack_p99_ms": round(held.ack_p99_ms, 1),
        "observation_delay_p95_s": held.observation_delay_p95_s,
        "peak_rss_mb": round(read.rss_peak_bytes / 1e6),
        "cpu_percent": round(100 * read.cpu_cores, 1),
        "class_cpu_percent": round(100 * report.class_cores, 1),
        "first_limit": str(report.capacity.first_limit),
        "verdict": report.verdict,
        "good": not report.shortcomings,
        "box": report.box,
        "throw_away_box": report.throw_away,
        "kbit_s_per_candidate": round(read.bit_s_per_candidate / 1000, 1),
        "capacity": {str(k): v for k, v in report.capacity.by_resource.items()},
        "held": asdict(held),
    }


def lines(report: ClassReport) -> list[str]:
    """What a school shows its head: the verdict and the size first, then what was tried."""
    wrong = report.shortcomings
    return [
        f"Rehearsal of an exam on {report.box}"
        + (" (a box made for the occasion: none was running here)" if report.throw_away else ""),
        "",
        *(["NOT GOOD:", *(f"  {sentence}" for sentence in wrong)] if wrong else [_good(report)]),
        "",
        *_size(report),
        "",
        *_tried(report),
    ]


def _good(report: ClassReport) -> str:
    return (
        f"GOOD: the box held all {report.read.candidates} candidates, nothing was lost, and "
        "everything came in time."
    )


def _size(report: ClassReport) -> list[str]:
    most, read = report.capacity, report.read
    room = most.by_resource
    return [
        f"About {most.candidates} candidates fit. What gives first is "
        f"{_IN_WORDS[most.first_limit]}.",
        f"  The box      about {min(room[Resource.PROCESSOR], room[Resource.MEMORY])}: its "
        f"processor {room[Resource.PROCESSOR]}, its memory {room[Resource.MEMORY]}",
        f"  Its disk     about {room[Resource.DISK_ROOM]} in an exam of four hours, with "
        f"{read.disk_free_bytes / 1e9:.0f} GB free",
        f"  The network  {_network(read, room)}",
        f"An estimate from the {read.candidates} of this rehearsal: rehearse with the size of your "
        "class.",
    ]


def _network(read: Readings, room: Mapping[Resource, int]) -> str:
    if read.link_bit_s is not None:
        speed = f"{read.link_bit_s / 1e6:.0f} Mbit/s"
        return f"about {room[Resource.NETWORK]} at the {speed} of the candidates' network card"
    return (
        "not known: the candidates' card tells no speed; one of 1000 Mbit/s holds about "
        f"{link_holds(read, 1_000_000_000)}"
    )


def _tried(report: ClassReport) -> list[str]:
    read, held = report.read, report.held
    delay = held.observation_delay_p95_s
    return [
        f"What was tried: {read.candidates} simulated candidates recorded for {report.minutes:g} "
        f"min, {read.bit_s_per_candidate / 1000:.0f} kbit/s each.",
        f"  Recordings     {report.acknowledged} were taken in and are there, {held.lost} lost, "
        f"{held.refused} refused",
        f"  Waiting        99 of 100 were safe on the box within {held.ack_p99_ms:.0f} ms",
        f"                 ({held.ack_p99_quiet_ms:.0f} before the network was cut, "
        f"{held.ack_p99_rush_ms:.0f} after it, {held.ack_p99_end_ms:.0f} once the time of all was "
        "up)",
        f"  Incidents      {held.observed} of {held.staged} staged ones (an empty seat) reached "
        "the invigilator" + (f", 95 of 100 within {delay:.1f} s" if delay is not None else ""),
        f"  Live pictures  {held.live_views_shown} of {held.live_views} came",
        "  Network cut    "
        + (
            f"everybody at once; {held.storm_seconds:.0f} s after it was back nothing waited"
            if held.storm_seconds is not None
            else "everybody at once; not everything had arrived when the rehearsal ended"
        ),
        f"  The box        used {100 * read.cpu_cores:.0f} % of one core (it has {read.cores}), "
        f"and {read.rss_peak_bytes / 1e6:.0f} MB of memory at most",
        f"(The simulated class took {100 * report.class_cores:.0f} % of a core of this machine "
        "besides; a real class does not.)",
    ]
