"""Which ways the console has to the relay, the best first."""

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
    """One address each (aiortc uses only the first it is given). UDP first, where a lost packet
    holds up nothing behind it; then what `worked` the last time; plain TCP before TLS, because
    media is encrypted end to end anyway. Raise Unreachable when there is none.
    """
    found: list[tuple[int, str, Mapping[str, Any]]] = []
    for server in offered:
        urls = server.get("urls") or []
        for url in [urls] if isinstance(urls, str) else urls:
            if url.startswith("turn:"):
                found.append((1 if "transport=tcp" in url else 0, url, server))
            elif url.startswith(_TLS) and tls:
                found.append((2, url, server))
    if not found:
        raise Unreachable(tr("The box offers no relay now; live views are not possible."))
    found.sort(key=lambda each: (min(each[0], 1), each[1] != worked, each[0]))
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
