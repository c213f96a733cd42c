"""What a rehearsal found, as numbers a script reads and a page a head teacher reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from appliance.core.capacity import Capacity, Held, Readings, Resource, shortcomings

_IN_WORDS = {
    Resource.PROCESSOR: "the processor, which looks at the snippets",
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
        return shortcomings(self.held)

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
    read, held, most = report.read, report.held, report.capacity
    delay = held.observation_delay_p95_s
    return [
        f"Rehearsal on {report.box}"
        + (" (made for the occasion: no box was running here)" if report.throw_away else ""),
        "",
        f"{read.candidates} simulated candidates recorded for {report.minutes:g} minutes at "
        f"{read.bit_s_per_candidate / 1000:.0f} kbit/s each.",
        f"  Snippets     {report.acknowledged} acknowledged, {held.lost} lost, "
        f"{held.refused} refused",
        f"  Uploads      99 of 100 acknowledged within {held.ack_p99_ms:.0f} ms "
        f"({held.ack_p99_quiet_ms:.0f} ms before the network went away)",
        f"  Incidents    {held.observed} of {held.staged} staged ones reached the console"
        + (f", 95 of 100 within {delay:.1f} s" if delay is not None else ""),
        f"  Live views   {held.live_views_shown} of {held.live_views} showed a picture",
        "  Network cut  "
        + (
            f"all were up to date again {held.storm_seconds:.0f} s after everybody came back"
            if held.storm_seconds is not None
            else "not everybody was up to date again before the end"
        ),
        f"  The box      {100 * read.cpu_cores:.0f} % of one core (of {read.cores}), "
        f"{read.rss_peak_bytes / 1e6:.0f} MB of memory at most",
        f"  The class    {100 * report.class_cores:.0f} % of one core, which a real class does not "
        "take from the box",
        "",
        f"This box holds about {most.candidates} candidates. What gives first is "
        f"{_IN_WORDS[most.first_limit]}.",
        *(
            f"  {resource.value.capitalize():<12} about {count} candidates"
            for resource, count in sorted(most.by_resource.items(), key=lambda item: item[1])
        ),
        "These numbers are drawn on from what was measured; rehearse with the size of your class.",
        "",
        "GOOD: nothing was lost, and everything came in time."
        if not report.shortcomings
        else "NOT GOOD: " + " ".join(report.shortcomings),
    ]
