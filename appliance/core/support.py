"""What may leave the school in a support bundle: an allow-list, never a filter of what must not.

A field that is not named here is left out, whatever it holds. So nothing that a later version adds
gets out by accident.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Checks whose detail is figures and versions; the others could quote a name or an address of the
# school, so only their verdict goes out.
_CHECKS_TOLD = frozenset(
    {
        "disk", "disk writes", "memory", "clock", "relay", "database engine", "databases",
        "versions", "models", "backlog",
    }
)  # fmt: skip
_SETTINGS: Mapping[str, frozenset[str]] = {
    "web": frozenset({"port", "http_port"}),
    "relay": frozenset({"port", "tls_port", "min_port", "max_port"}),
    "workers": frozenset({"count"}),
    "cloud": frozenset({"objects"}),
}
_LOG_FIELDS = frozenset({"timestamp", "level", "event", "code", "exception"})
_LOG_TEXT = re.compile(r"[A-Za-z0-9 ,.:;'()_\-]{1,120}\Z")
_PLACE = re.compile(r"[A-Za-z0-9_.]+(:\d+ [A-Za-z0-9_<>]+)?\Z")


def check_told(check: Mapping[str, Any]) -> dict[str, Any]:
    """Of one of the doctor's checks."""
    told = {"name": check["name"], "status": str(check["status"])}
    if check["name"] in _CHECKS_TOLD:
        told["detail"] = check["detail"]
    return told


def settings_told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of box.toml: ports and counts; no names, no addresses, no places of files."""
    told: dict[str, Any] = {}
    for table, keys in _SETTINGS.items():
        values = settings.get(table)
        if isinstance(values, Mapping):
            told[table] = {key: values[key] for key in sorted(keys & set(values))}
    return told


def log_line_told(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a line of the box's log: when, how bad, what (a fixed text of the product), and where an
    exception came from. None for a line that tells nothing then."""
    told: dict[str, Any] = {}
    for key in sorted(_LOG_FIELDS & set(line)):
        value = line[key]
        if key == "exception":
            if isinstance(value, list):
                told[key] = [v for v in value if isinstance(v, str) and _PLACE.match(v)]
        elif isinstance(value, str) and _LOG_TEXT.match(value):
            told[key] = value
    return told if "event" in told else None
