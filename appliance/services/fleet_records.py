"""A box's health as a record of the shared database, and back. Pure.

The one collection with a time-to-live index: a box that says nothing more leaves the list by
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.core.fleet import Health
from appliance.core.ids import BoxId


def health_document(health: Health) -> dict[str, Any]:
    return {
        "_id": health.box_id,
        "box": health.box_id,
        "name": health.name[:100],
        "at": datetime.fromtimestamp(health.at_ms / 1000, UTC),
        "version": health.version[:100],
        "last_sync_ms": health.last_sync_ms,
        "last_verified_ms": health.last_verified_ms,
        "last_drill_ms": health.last_drill_ms,
        "drill_ok": health.drill_ok,
        "backlog_bytes": health.backlog_bytes,
        "backlog_exams": health.backlog_exams,
        "disk_used_percent": health.disk_used_percent,
        "certificate_ends_ms": health.certificate_ends_ms,
        "clock_ahead_ms": health.clock_ahead_ms,
        "next_window_ms": health.next_window_ms,
    }


def read_health(document: Mapping[str, Any]) -> Health | None:
    """None for a record of another version's shape: a fleet has several versions at once."""
    at = document.get("at")
    if not isinstance(at, datetime):
        return None
    try:
        return Health(
            box_id=BoxId(str(document["_id"])),
            name=str(document["name"]),
            at_ms=round(at.replace(tzinfo=UTC).timestamp() * 1000),
            version=str(document["version"]),
            last_sync_ms=_time(document.get("last_sync_ms")),
            last_verified_ms=_time(document.get("last_verified_ms")),
            last_drill_ms=_time(document.get("last_drill_ms")),
            drill_ok=document.get("drill_ok"),
            backlog_bytes=int(document["backlog_bytes"]),
            backlog_exams=int(document["backlog_exams"]),
            disk_used_percent=int(document["disk_used_percent"]),
            certificate_ends_ms=_time(document.get("certificate_ends_ms")),
            clock_ahead_ms=_time(document.get("clock_ahead_ms")),
            next_window_ms=_time(document.get("next_window_ms")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _time(value: Any) -> int | None:
    return None if value is None else int(value)
