"""From which networks systemd lets packets to a unit (`IPAddressAllow=`,
systemd.resource-control(5)).

Read off the unit's file and its drop-ins, which anybody may: systemd itself answers neither the
gateway nor the box's user.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

IPNetwork = IPv4Network | IPv6Network
UNITS = Path("/etc/systemd/system")
_WORDS = {
    "any": ("0.0.0.0/0", "::/0"),
    "localhost": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/64"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}


def allowed(unit: str, units: Path = UNITS) -> list[IPNetwork] | None:
    """None where there is no such unit, or it denies nothing: then everybody is let in."""
    files = [units / unit, *sorted((units / f"{unit}.d").glob("*.conf"))]
    if not files[0].exists():
        return None
    found: list[IPNetwork] = []
    denies = False
    for key, value in _lines(files):
        if key == "IPAddressDeny":
            denies = bool(value)
        elif key == "IPAddressAllow":
            # An empty line forgets what stood before it.
            found = [*found, *_networks(value)] if value else []
    return found if denies else None


def _lines(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in text.splitlines():
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def _networks(value: str) -> Iterator[IPNetwork]:
    for word in value.split():
        for each in _WORDS.get(word, (word,)):
            try:
                yield ip_network(each, strict=False)
            except ValueError:  # systemd says so in its log, and goes on without it
                continue
