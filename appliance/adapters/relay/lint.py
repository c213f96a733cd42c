"""Reads a coturn configuration back and says what would open the relay. Pure.

It knows nothing of how the text came about: a change of the renderer, or a value of box.toml that
brings a line of its own, is noticed here before coturn is given it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address

from appliance.core.errors import WrongConfiguration

_NEEDED = (
    "use-auth-secret",
    "no-cli",
    "no-tcp-relay",
    "no-multicast-peers",
    "no-rfc5780",
    "no-dynamic-ip-list",
    "no-dynamic-realms",
)
_DENIED = {
    "0.0.0.0-255.255.255.255": "IPv4",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "IPv6",
}
_LIMITS = ("user-quota", "total-quota", "max-bps", "bps-capacity")
_ONCE = ("relay-ip", "allowed-peer-ip", "static-auth-secret", "realm")
_EVERYWHERE = "0.0.0.0"
_OPENING = (
    "no-auth",
    "lt-cred-mech",
    "user",
    "oauth",
    "server-relay",
    "mobility",
    "external-ip",
    "allocation-default-address-family",
    "cli-ip",
    "cli-password",
    "web-admin",
    "redis-userdb",
    "psql-userdb",
    "mysql-userdb",
    "mongo-userdb",
)


def checked(text: str) -> str:
    """Return `text`; raise WrongConfiguration with what `lint` finds first."""
    if faults := lint(text):
        raise WrongConfiguration(
            f"The relay's configuration would not be safe, so it is not used: {faults[0]}. Look at "
            "the table [relay] of box.toml."
        )
    return text


def lint(text: str) -> list[str]:
    """What is wrong with a configuration, in words without any secret; empty when it is tight."""
    given: defaultdict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            key, _, value = line.strip().partition("=")
            given[key.strip()].append(value.strip())
    faults = [f"{word} is missing" for word in _NEEDED if given.get(word) != [""]]
    faults += [
        f"not all of {family} is denied"
        for everything, family in _DENIED.items()
        if everything not in given.get("denied-peer-ip", [])
    ]
    faults += [f"{key} must stand there once" for key in _ONCE if not _is_once(given.get(key))]
    faults += [f"{key} must be a limit" for key in _LIMITS if not _is_limit(given.get(key))]
    faults += [f"{key} opens the relay" for key in _OPENING if key in given]
    faults += _addresses(given)
    if "no-tls" not in given:
        faults += [f"{old} is missing" for old in ("no-tlsv1", "no-tlsv1_1") if old not in given]
    return faults


def _addresses(given: Mapping[str, Sequence[str]]) -> list[str]:
    relay, allowed = given.get("relay-ip", ()), given.get("allowed-peer-ip", ())
    listening = given.get("listening-ip", ())
    try:
        address = IPv4Address(relay[0] if relay else "")
    except AddressValueError:
        return ["relay-ip must be one IPv4 address"]
    faults = []
    if any(peer != str(address) for peer in allowed):
        faults.append("allowed-peer-ip is another address than the relay's own")
    if not _is_once(listening) and _EVERYWHERE not in listening:
        faults.append("listening-ip must be one address, or 0.0.0.0 and others besides")
    if address == IPv4Address("127.0.0.1") or str(address) in listening:
        faults.append("relay-ip is an address on which others listen")
    if "allow-loopback-peers" in given and not address.is_loopback:
        faults.append("allow-loopback-peers is for a relay on the loopback device only")
    return faults


def _is_once(values: Sequence[str] | None) -> bool:
    return values is not None and len(values) == 1 and bool(values[0])


def _is_limit(values: Sequence[str] | None) -> bool:
    return _is_once(values) and values is not None and values[0].isdigit() and int(values[0]) > 0
