"""The text of a coturn configuration that relays to nothing but itself. Pure.

Both ends of a live view are relay-only, so the only peer address anybody ever needs is the
relay's own; everything else is denied, IPv4 and IPv6. Two facts about coturn 4.6.1 shape this
file (both held down by the peer matrix in the tests): with an IPv6 relay address, peers such as
`::ffff:127.0.0.1` get past IPv4 denials (CVE-2026-27624), so the relay address is IPv4 only and all
of IPv6 is denied as well; and `allowed-peer-ip` beats every denial, so it must be an address on
which nothing else listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from appliance.adapters.relay import user_database
from appliance.core.errors import WrongConfiguration

# What one view has at the relay under its one user name. The console: the way it takes and one that
# it just gave up. The page: while it opens, three ways side by side (UDP, TCP, TLS), each from both
# cards of a computer that is on the cable and on the wireless network.
ALLOCATIONS_PER_VIEW = 2 + 3 * 2
# Of all views together, which do not open in the same moment: both ends' ways, twice.
_ALLOCATIONS_PER_OPEN_VIEW = 4

_EVERYTHING = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPlan:
    """How a box relays. Each live exam runs its own coturn and takes the next of each range:
    exam number n of `exams_at_once` listens on `port + n` (and `tls_port + n`), relays from
    `relay_address + n` and uses the n-th equal slice of the media ports.

    `listen`: the IPv4 address candidates and consoles reach, 0.0.0.0 for all of the machine's.
    `relay_address`: first address on the loopback device that only coturn uses, e.g.
    198.18.77.1; an address of 127.0.0.0/8 for an exam on one machine.
    `port` 0: any free port (an exam on one machine). `tls_port` None or no certificate: no TLS.
    `bytes_per_second`: of one leg of one view; coturn counts bytes, not bits.
    """

    relay_address: str
    listen: str = "0.0.0.0"
    port: int = 3478
    tls_port: int | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    first_media_port: int = 50_000
    last_media_port: int = 50_999
    exams_at_once: int = 4
    views_per_exam: int = 16
    bytes_per_second: int = 250_000
    realm: str = "hallvakt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySlot:
    """One exam's share of a RelayPlan. Ports are inclusive."""

    relay_address: str
    port: int
    tls_port: int | None
    first_media_port: int
    last_media_port: int


def slot(plan: RelayPlan, number: int, *, port: int | None = None) -> RelaySlot:
    """Share `number` (0-based) of the plan; `port` replaces the plan's when that is 0.

    Raise WrongConfiguration when the plan cannot be shared so.
    """
    if not 0 <= number < plan.exams_at_once:
        raise WrongConfiguration(
            f"The relay is planned for {plan.exams_at_once} live exams at once: close one first."
        )
    try:
        address = IPv4Address(plan.relay_address) + number
    except ValueError:
        raise WrongConfiguration(
            "relay.relay_host must be an IPv4 address that only the relay uses, "
            "for example 198.18.77.1."
        ) from None
    share = (plan.last_media_port - plan.first_media_port + 1) // plan.exams_at_once
    if share < 2 * plan.views_per_exam:
        raise WrongConfiguration(
            f"The relay's media ports give each exam {share}, but {plan.views_per_exam} views need "
            f"{2 * plan.views_per_exam}: widen relay.min_port to relay.max_port in box.toml."
        )
    first = plan.first_media_port + number * share
    tls = plan.tls_port if plan.certificate and plan.private_key else None
    return RelaySlot(
        relay_address=str(address),
        port=plan.port + number if port is None else port,
        tls_port=None if tls is None else tls + number,
        first_media_port=first,
        last_media_port=first + share - 1,
    )


def render(
    plan: RelayPlan,
    share: RelaySlot,
    *,
    secret: str,
    directory: Path,
    own_addresses: Sequence[str] = (),
) -> str:
    """The configuration text. It holds `secret`: hand it over in memory, never as a file.

    `own_addresses`: what the machine is called on its networks now. A socket for 0.0.0.0 answers
    over UDP as whatever its route is called, and a browser that asked another address throws that
    away; so each has a socket of its own, and 0.0.0.0 stays for those that come later.

    `directory` is where coturn may write its process id, and where its (empty) user database lies;
    without one of its own it would also accept secrets from the machine-wide one.
    """
    ports = share.last_media_port - share.first_media_port + 1
    allocations = min(_ALLOCATIONS_PER_OPEN_VIEW * plan.views_per_exam, ports)
    lines = [
        # It would hold the addresses of candidates' computers, and nobody reads it. First, because
        # a complaint about a later line is otherwise logged in a place of coturn's own choice.
        "log-file=/dev/null",
        "simple-log",
        "new-log-timestamp",
        "no-stdout-log",
        f"pidfile={directory / 'coturn.pid'}",
        f"userdb={directory / user_database.NAME}",
        f"listening-ip={plan.listen}",
        *(f"listening-ip={each}" for each in _besides(plan, own_addresses)),
        f"listening-port={share.port}",
        f"relay-ip={share.relay_address}",
        f"min-port={share.first_media_port}",
        f"max-port={share.last_media_port}",
        f"realm={plan.realm}",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        *_tls(plan, share),
        "fingerprint",
        "stale-nonce=600",
        "no-cli",
        "no-tcp-relay",
        "no-multicast-peers",
        "no-rfc5780",
        "no-stun-backward-compatibility",
        "no-software-attribute",
        "no-dynamic-ip-list",
        "no-dynamic-realms",
        *(f"denied-peer-ip={everything}" for everything in _EVERYTHING),
        f"allowed-peer-ip={share.relay_address}",
        f"user-quota={ALLOCATIONS_PER_VIEW}",
        f"total-quota={allocations}",
        f"max-bps={plan.bytes_per_second}",
        # coturn sets aside `max-bps` for each allocation, whatever it carries.
        f"bps-capacity={allocations * plan.bytes_per_second}",
        "max-allocate-lifetime=600",
        "channel-lifetime=600",
        "permission-lifetime=300",
    ]
    if IPv4Address(share.relay_address).is_loopback:
        # Only lifts coturn's blanket refusal; the two denials above still cover 127.0.0.0/8.
        lines.append("allow-loopback-peers")
    return "\n".join(lines) + "\n"


def _besides(plan: RelayPlan, own_addresses: Sequence[str]) -> list[str]:
    if plan.listen != "0.0.0.0":
        return []
    first = int(IPv4Address(plan.relay_address))
    relays = range(first, first + plan.exams_at_once)
    return [each for each in own_addresses if int(IPv4Address(each)) not in relays]


def _tls(plan: RelayPlan, share: RelaySlot) -> list[str]:
    if share.tls_port is None:
        return ["no-tls", "no-dtls"]
    return [
        f"tls-listening-port={share.tls_port}",
        f"cert={plan.certificate}",
        f"pkey={plan.private_key}",
        "no-tlsv1",
        "no-tlsv1_1",
        "no-dtls",
    ]
