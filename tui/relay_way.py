"""Which way the console takes to the relay: the best first, the next where that is blocked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from aiortc import RTCIceServer, RTCPeerConnection

from appliance.core.errors import Unreachable
from tui.language import tr

_TLS = "turns:"


def relay_ways(
    offered: Sequence[Mapping[str, Any]], *, worked: str = "", tls: bool = True
) -> list[RTCIceServer]:
    """One address each (aiortc uses only the first it is given). Over TCP first, because a dead
    relay shows there at once; plain before TLS, because media is encrypted end to end anyway; UDP
    last. Before all the address that `worked` the last time. Raise Unreachable when there is none.
    """
    found: list[tuple[int, str, Mapping[str, Any]]] = []
    for server in offered:
        urls = server.get("urls") or []
        for url in [urls] if isinstance(urls, str) else urls:
            if url.startswith("turn:"):
                found.append((1 if "transport=tcp" in url else 3, url, server))
            elif url.startswith(_TLS) and tls:
                found.append((2, url, server))
    if not found:
        raise Unreachable(tr("The box offers no relay now; live views are not possible."))
    found.sort(key=lambda each: (each[1] != worked, each[0]))
    return [
        RTCIceServer(urls=[url], username=of.get("username"), credential=of.get("credential"))
        for _, url, of in found
    ]


def address_of(way: RTCIceServer) -> str:
    return way.urls if isinstance(way.urls, str) else way.urls[0]


def trust_box(peer: RTCPeerConnection, way: RTCIceServer, trust: ssl.SSLContext | None) -> None:
    """Over TLS the relay shows the box's own certificate. aiortc knows only `ssl=True`, the public
    authorities; what it hands to aioice may be a context, so it is put there before gathering."""
    if trust is None or not address_of(way).startswith(_TLS):
        return
    for transceiver in peer.getTransceivers():
        connection = transceiver.receiver.transport.transport.iceGatherer._connection
        connection.turn_ssl = trust  # type: ignore[assignment]
