"""Relay credentials as browsers take them (RTCIceServer)."""

from __future__ import annotations

from typing import Any

from appliance.core.ports import IceServer


def browser_ice_servers(servers: tuple[IceServer, ...]) -> list[dict[str, Any]]:
    return [
        {"urls": list(s.urls), "username": s.username, "credential": s.credential} for s in servers
    ]
