"""The fleet in Prometheus' text format, for a scraper or node_exporter's textfile directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from appliance.core.fleet import Health, Judged, State

_GAUGES: tuple[tuple[str, str, Callable[[Health], float | None]], ...] = (
    ("reported_timestamp_seconds", "When the box last spoke", lambda h: h.at_ms / 1000),
    ("last_sync_timestamp_seconds", "When it last sent", lambda h: _s(h.last_sync_ms)),
    ("last_verified_timestamp_seconds", "Last read-back", lambda h: _s(h.last_verified_ms)),
    ("last_drill_timestamp_seconds", "Last restore drill", lambda h: _s(h.last_drill_ms)),
    ("drill_ok", "Whether that drill brought everything back", lambda h: _flag(h.drill_ok)),
    ("backlog_bytes", "Ciphertext that waits to be sent", lambda h: h.backlog_bytes),
    ("backlog_exams", "Closed exams that wait", lambda h: h.backlog_exams),
    ("disk_used_ratio", "Share of the disk in use", lambda h: h.disk_used_percent / 100),
    ("certificate_end_timestamp_seconds", "End of it", lambda h: _s(h.certificate_ends_ms)),
    ("clock_ahead_seconds", "Against the database's clock", lambda h: _s(h.clock_ahead_ms)),
)


def exposition(judged: Sequence[Judged]) -> str:
    """One gauge per figure, labelled with box and name; what was never measured is left out."""
    registry = CollectorRegistry()
    labels = ("box", "name")
    for name, text, value in _GAUGES:
        gauge = Gauge(f"hallvakt_{name}", text, labels, registry=registry)
        for one in judged:
            figure = value(one.health)
            if figure is not None:
                gauge.labels(one.health.box_id, one.health.name).set(figure)
    state = Gauge("hallvakt_state", "0 ok, 1 warn, 2 fail", labels, registry=registry)
    info = Gauge("hallvakt_box_info", "Version", (*labels, "version"), registry=registry)
    for one in judged:
        health = one.health
        state.labels(health.box_id, health.name).set(list(State).index(one.state))
        info.labels(health.box_id, health.name, health.version).set(1)
    return generate_latest(registry).decode()


def _s(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _flag(said: bool | None) -> float | None:
    return None if said is None else float(said)
