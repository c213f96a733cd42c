"""Whether an address is this machine itself: only there may a connection go without TLS."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from appliance.core.errors import WrongConfiguration


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def checked_url(url: str) -> str:
    """Return `url` without a trailing slash; raise WrongConfiguration when it is not HTTPS and
    not this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise WrongConfiguration(
            "cloud.endpoint must be a web address, for example https://storage.googleapis.com."
        )
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise WrongConfiguration(
            "cloud.endpoint must start with https://: beyond this machine nothing is sent "
            "unprotected."
        )
    return url.rstrip("/")
